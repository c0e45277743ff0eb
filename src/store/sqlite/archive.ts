import type Database from 'better-sqlite3-multiple-ciphers';
import {
  archivePage,
  type ArchivedVersion,
  type ArchivePage,
  type ArchiveSection,
  type StoreArchive,
} from '../archive.ts';
import type { Job, StateEntry, StoredVersion } from '../store.ts';
import { toAuditRow, type AuditTableRow } from './audit.ts';
import { toEntry, type JournalRow } from './journal-row.ts';
import { journalRows } from './journal.ts';
import { ownBytes, type WriteRequest } from './prepared.ts';
import { toView, type SourceRow } from './source-views.ts';
import { Statements, type SqlValue } from './statements.ts';

interface VersionRow {
  readonly pos: number;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly seq: number;
  readonly updated: number;
  readonly method: StoredVersion['method'];
  readonly body: string;
  readonly current: number;
  readonly origin: string | null;
}

/** The store's way in. */
interface ReplayQueue {
  write(request: Extract<WriteRequest, { kind: 'replay' }>): Promise<undefined>;
}

type Export = (after: SqlValue, limit: number) => ArchivePage;

/** Every table in the order of its key. */
export function openArchive(db: Database, queue: ReplayQueue): StoreArchive {
  const statements = new Statements(db);
  const sections = openSections(statements);
  const counter = statements.value<number>('SELECT value FROM counter WHERE name = ?');
  return {
    counters: async () => ({ seq: counter('seq') ?? 0, position: counter('pos') ?? 0 }),
    export: async (section, after, limit) => sections[section](after ?? firstKey[section], limit),
    replay: async (commits) => queue.write({ kind: 'replay', commits: commits.map(ownBytes) }),
  };
}

/** What comes before every key. */
const firstKey: Readonly<Record<ArchiveSection, SqlValue>> = {
  ...{ version: 0, source: 0, journal: 0, audit: 0 },
  ...{ claim: '', job: '', state: '' },
};

function openSections(statements: Statements): Readonly<Record<ArchiveSection, Export>> {
  const paged =
    <Row>(sql: string, of: Parameters<typeof archivePage<Row>>[2]): Export =>
    (after, limit) =>
      archivePage(statements.objects<Row>(sql, [after, limit + 1]), limit, of);
  return {
    version: paged<VersionRow>(versions, {
      record: (row) => ({ section: 'version', version: toVersion(row) }),
      key: ({ pos }) => pos,
    }),
    claim: paged<{ key: string; owner: string }>(
      'SELECT key, owner FROM claim WHERE key > ? ORDER BY key LIMIT ?',
      { record: ({ key, owner }) => ({ section: 'claim', key, owner }), key: ({ key }) => key },
    ),
    source: paged<SourceRow & { row: number }>(
      `SELECT rowid AS row, source, type, id, event_time, received_at, control_id, view
       FROM source_view WHERE rowid > ? ORDER BY rowid LIMIT ?`,
      { record: (row) => ({ section: 'source', view: toView(row) }), key: ({ row }) => row },
    ),
    journal: paged<JournalRow>(`${journalRows} WHERE j.row > ? ORDER BY j.row LIMIT ?`, {
      record: (row) => ({ section: 'journal', entry: toEntry(row) }),
      key: ({ row }) => row,
    }),
    job: paged<Omit<Job, 'dueAt'> & { due: number }>(
      'SELECT key, kind, due, payload, attempts FROM job WHERE key > ? ORDER BY key LIMIT ?',
      {
        record: ({ due, ...job }) => ({ section: 'job', job: { ...job, dueAt: new Date(due) } }),
        key: ({ key }) => key,
      },
    ),
    audit: paged<AuditTableRow>(
      `SELECT seq, at, event, previous_hash, hash FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`,
      { record: (row) => ({ section: 'audit', row: toAuditRow(row) }), key: ({ seq }) => seq },
    ),
    state: paged<StateEntry>(
      'SELECT key, value, revision FROM state WHERE key > ? ORDER BY key LIMIT ?',
      { record: (entry) => ({ section: 'state', entry }), key: ({ key }) => key },
    ),
  };
}

const versions = `
  SELECT v.pos, substr(n.text, 3) AS type, r.id, v.version, v.seq, v.updated, v.method, v.body,
    r.pos = v.pos AND r.deleted = 0 AS current, o.origin
  FROM version v JOIN resource r ON r.rid = v.rid JOIN name n ON n.id = v.type
  LEFT JOIN outbox o ON o.pos = v.pos WHERE v.pos > ? ORDER BY v.pos LIMIT ?`;

function toVersion(row: VersionRow): ArchivedVersion {
  const { type, id, seq, method, body, origin } = row;
  return {
    ...{ type, id, seq, method, body },
    position: row.pos,
    versionId: String(row.version),
    lastUpdated: new Date(row.updated),
    current: row.current === 1,
    ...(origin === null ? {} : { pending: origin }),
  };
}
