import { compareCodePoints } from '../../fhir/search-match.ts';
import { putMethod } from '../expectation.ts';
import { stampBody } from '../stamp.ts';
import {
  archivePage,
  type ArchiveRecord,
  type ArchiveSection,
  type ReplayedChange,
  type ReplayedCommit,
  type StoreArchive,
} from '../archive.ts';
import { appendVersion } from './change.ts';
import { applyCommit } from './commit.ts';
import { resourceKey, type MemoryData, type MemoryVersion } from './data.ts';
import { Undo } from './undo.ts';

/** All that a memory store holds, as records, and the other way round. */
export function openArchive(data: MemoryData): StoreArchive {
  return {
    counters: async () => ({
      seq: data.seq,
      position: data.versions.at(-1)?.position ?? 0,
    }),
    export: async (section, after, limit) => {
      const rows = [...recordsOf(data, section).entries()].slice(Number(after ?? 0));
      const of = {
        record: ([, record]: [number, ArchiveRecord]) => record,
        key: ([at]: [number, ArchiveRecord]) => at + 1,
      };
      return archivePage(rows.slice(0, limit + 1), limit, of);
    },
    replay: async (commits) => {
      const undo = new Undo();
      const { seq, numbers } = data;
      try {
        for (const commit of commits) replayCommit(data, commit, undo);
      } catch (error) {
        undo.rollback();
        data.seq = seq;
        data.numbers = Math.max(data.numbers, numbers);
        throw error;
      }
    },
  };
}

function recordsOf(data: MemoryData, section: ArchiveSection): ArchiveRecord[] {
  switch (section) {
    case 'version':
      return data.versions.map((version) => ({ section, version: archived(data, version) }));
    case 'claim':
      return byKey(data.claims).map(([key, owner]) => ({ section, key, owner }));
    case 'source':
      return byKey(data.sources).map(([, view]) => ({ section, view }));
    case 'journal':
      return [...data.journal.values()]
        .sort((a, b) => a.row - b.row)
        .map(({ entry }) => ({ section, entry }));
    case 'job':
      return byKey(data.jobs).map(([, { key, kind, dueAt, payload, attempts }]) => ({
        ...{ section, job: { key, kind, dueAt, payload, attempts } },
      }));
    case 'audit':
      return data.audit.map((row) => ({ section, row }));
    case 'state':
      return byKey(data.state).map(([, entry]) => ({ section, entry }));
  }
}

function byKey<Value>(map: ReadonlyMap<string, Value>): [string, Value][] {
  return [...map].sort(([a], [b]) => compareCodePoints(a, b));
}

function archived(data: MemoryData, { position, stored }: MemoryVersion) {
  const { type, id, versionId, lastUpdated, seq, body, method } = stored;
  const last = data.resources.get(resourceKey(stored.type, stored.id))?.versions.at(-1);
  const origin = data.outbox.get(position)?.origin;
  return {
    ...{ type, id, versionId, lastUpdated, seq, body, method },
    position,
    current: !stored.deleted && last?.position === position,
    ...(origin === undefined ? {} : { pending: origin }),
  };
}

function replayCommit(data: MemoryData, commit: ReplayedCommit, undo: Undo): void {
  const { seq, numbers } = data;
  const { changes, position, ...effects } = commit;
  // A version's position is the next number.
  if (position !== undefined) data.numbers = position - 1;
  for (const change of changes) replayChange(data, change, { ...commit, undo });
  data.numbers = Math.max(data.numbers, numbers);
  data.seq = commit.seq - 1;
  applyCommit(data, { ...effects, changes: [] }, undo);
  data.seq = Math.max(seq, commit.seq);
}

function replayChange(
  data: MemoryData,
  change: ReplayedChange,
  { seq, now, origin, undo }: ReplayedCommit & { readonly undo: Undo },
): void {
  const { type, id } = change;
  const before = data.resources.get(resourceKey(type, id));
  const last = before?.versions.at(-1)?.stored;
  const versionId = String((before?.versions.length ?? 0) + 1);
  const next =
    change.op === 'delete'
      ? { body: '', method: 'DELETE' as const }
      : {
          body: stampBody(change.body, versionId, now),
          method: putMethod(last && { version: Number(last.versionId), deleted: last.deleted }),
          entries: change.index,
        };
  appendVersion(data, { seq, now, origin }, { type, id, before, ...next }, undo);
}
