import { limits } from '../../limits.ts';
import { expectationHolds, neverExisted, putMethod } from '../expectation.ts';
import { stampBody } from '../stamp.ts';
import { CommitRefused, type StoredVersion } from '../store.ts';
import type { Dictionary } from './dictionary.ts';
import type { IndexRows } from './index-rows.ts';
import type { PreparedChange } from './prepared.ts';
import { typeName, type IndexRow } from './row-coder.ts';
import type { Statements } from './statements.ts';

/** What the changes of one commit share. */
interface CommitPlace {
  readonly seq: number;
  readonly now: Date;
  readonly origin: string;
  /** The next position in the order of all versions. */
  readonly nextPosition: () => number;
}

/** The row of `resource`. */
interface Present {
  readonly rid: number;
  readonly version: number;
  readonly pos: number;
  readonly updated: number;
  readonly live_since: number;
  readonly deleted: boolean;
}

/** A version about to be written. */
interface NextVersion {
  readonly type: string;
  readonly id: string;
  readonly method: StoredVersion['method'];
  readonly before: Present | undefined;
  readonly body: string;
  readonly version: number;
  readonly rows: readonly IndexRow[];
}

type Put = Extract<PreparedChange, { op: 'put' }>;
type Delete = Extract<PreparedChange, { op: 'delete' }>;
type Reindex = Extract<PreparedChange, { op: 'index' }>;

/** Writes resource versions: the version row, the present, the index rows, the tally, the outbox row. */
export class Changes {
  readonly #names: Dictionary;
  readonly #index: IndexRows;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(statements: Statements, names: Dictionary, index: IndexRows) {
    this.#names = names;
    this.#index = index;
    this.#sql = prepare(statements);
  }

  apply(changes: readonly PreparedChange[], place: CommitPlace): StoredVersion[] {
    return changes.map((change, at) => {
      const before = this.#present(change.type, change.id);
      if (!expectationHolds(change.expect, before)) {
        const current = before && this.#stored(change, before);
        throw new CommitRefused({ kind: 'expectation', index: at, current });
      }
      switch (change.op) {
        case 'put':
          return this.#put(change, before, place);
        case 'delete':
          return this.#delete(change, before, place);
        case 'index':
          return this.#reindex(change, before, place);
      }
    });
  }

  #put(change: Put, before: Present | undefined, place: CommitPlace): StoredVersion {
    if (change.skipIfSame === true && before !== undefined && !before.deleted) {
      const kept = this.#stored(change, before);
      if (stampBody(change.body, kept.versionId, kept.lastUpdated) === kept.body) return kept;
    }
    const version = (before?.version ?? 0) + 1;
    return this.#write(
      {
        type: change.type,
        id: change.id,
        method: putMethod(before),
        before,
        body: stampBody(change.body, String(version), place.now),
        version,
        rows: this.#index.rows(change.type, change.index),
      },
      place,
    );
  }

  #delete(change: Delete, before: Present | undefined, place: CommitPlace): StoredVersion {
    const { type, id } = change;
    if (before === undefined) return neverExisted(type, id, place.now);
    if (before.deleted) return this.#stored(change, before);
    const version = before.version + 1;
    return this.#write({ type, id, method: 'DELETE', before, body: '', version, rows: [] }, place);
  }

  #reindex(change: Reindex, before: Present | undefined, place: CommitPlace): StoredVersion {
    if (before === undefined) return neverExisted(change.type, change.id, place.now);
    if (!before.deleted) {
      const rows = this.#index.rows(change.type, change.index);
      this.#index.replace(before.rid, this.#sql.entries(before.rid) ?? noRows, rows);
      this.#sql.setEntries(this.#index.write(rows), before.rid);
      this.#sql.countIndexing();
    }
    return this.#stored(change, before);
  }

  #write(next: NextVersion, place: CommitPlace): StoredVersion {
    const { before, version, method, body } = next;
    const pos = place.nextPosition();
    const type = this.#names.intern(typeName(next.type));
    const updated = place.now.getTime();
    const deleted = method === 'DELETE';
    const rid = this.#writePresent(next, { type, pos, updated });
    this.#sql.insertVersion(pos, rid, type, version, place.seq, updated, method, body);
    const wasLive = before !== undefined && !before.deleted;
    this.#sql.count(type, Number(!deleted) - Number(wasLive));
    this.#sql.insertOutbox(pos, place.origin);
    return {
      type: next.type,
      id: next.id,
      versionId: String(version),
      lastUpdated: place.now,
      seq: place.seq,
      deleted,
      body,
      changed: true,
      method,
    };
  }

  /** Inserts or updates the row of the present and the index rows; returns its rid. */
  #writePresent(next: NextVersion, at: { type: number; pos: number; updated: number }): number {
    const { before, version, rows } = next;
    const { pos, updated } = at;
    const entries = this.#index.write(rows);
    if (before === undefined) {
      const inserted = this.#sql.insertPresent(at.type, next.id, pos, updated, pos, entries);
      const rid = Number(inserted.lastInsertRowid);
      this.#index.insert(rid, rows);
      return rid;
    }
    const { rid } = before;
    const replaced = this.#sql.entries(rid) ?? noRows;
    this.#sql.keepReplaced(pos, replaced);
    // No walk goes on past so many versions: nothing will ask for these.
    this.#sql.forgetReplaced(pos - limits.searchDriftMax);
    this.#index.replace(rid, replaced, rows);
    const liveSince = before.deleted ? pos : before.live_since;
    const deleted = Number(next.method === 'DELETE');
    this.#sql.updatePresent(version, pos, updated, liveSince, deleted, entries, rid);
    return rid;
  }

  #present(type: string, id: string): Present | undefined {
    const typeId = this.#names.find(typeName(type));
    const row = typeId === undefined ? undefined : this.#sql.present(typeId, id);
    return row && { ...row, deleted: row.deleted === 1 };
  }

  #stored(of: { type: string; id: string }, present: Present): StoredVersion {
    const version = this.#sql.version(present.pos);
    if (version === undefined) throw new Error(`No version at position ${present.pos}`);
    const { body, method, seq } = version;
    return {
      type: of.type,
      id: of.id,
      versionId: String(present.version),
      lastUpdated: new Date(present.updated),
      seq,
      deleted: present.deleted,
      body,
      changed: false,
      method,
    };
  }
}

/** What a resource without index rows keeps of them. */
const noRows = '{}';

function prepare(statements: Statements) {
  return {
    present: statements.row<Omit<Present, 'deleted'> & { deleted: 0 | 1 }>(
      `SELECT rid, version, pos, updated, live_since, deleted
       FROM resource WHERE type = ? AND id = ?`,
    ),
    version: statements.row<{ body: string; method: StoredVersion['method']; seq: number }>(
      'SELECT body, method, seq FROM version WHERE pos = ?',
    ),
    insertPresent: statements.write(
      `INSERT INTO resource (type, id, version, pos, updated, live_since, deleted, entries)
       VALUES (?, ?, 1, ?, ?, ?, 0, jsonb(?))`,
    ),
    updatePresent: statements.write(
      `UPDATE resource SET version = ?, pos = ?, updated = ?, live_since = ?, deleted = ?,
       entries = jsonb(?) WHERE rid = ?`,
    ),
    entries: statements.value<string>('SELECT json(entries) FROM resource WHERE rid = ?'),
    setEntries: statements.write('UPDATE resource SET entries = jsonb(?) WHERE rid = ?'),
    insertVersion: statements.write(
      `INSERT INTO version (pos, rid, type, version, seq, updated, method, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    forgetReplaced: statements.write('DELETE FROM replaced WHERE pos <= ?'),
    keepReplaced: statements.write('INSERT INTO replaced (pos, entries) VALUES (?, jsonb(?))'),
    count: statements.write(
      `INSERT INTO tally (type, live, versions) VALUES (?, ?, 1)
       ON CONFLICT DO UPDATE SET live = live + excluded.live, versions = versions + 1`,
    ),
    countIndexing: statements.write(
      `INSERT INTO counter (name, value) VALUES ('indexings', 1)
       ON CONFLICT DO UPDATE SET value = value + 1`,
    ),
    insertOutbox: statements.write('INSERT INTO outbox (pos, origin) VALUES (?, ?)'),
  };
}
