import { errorIssue, OutcomeError } from '../fhir/issue.ts';
import { compareCodePoints } from '../fhir/search-match.ts';
import { limits } from '../limits.ts';
import { AppendSignal } from './append-signal.ts';
import type { ArchivedStore } from './archive.ts';
import { openArchive } from './memory/archive.ts';
import { applyCommit, equalEntry } from './memory/commit.ts';
import { emptyData, resourceKey, sourceKey, type MemoryData } from './memory/data.ts';
import {
  changesAfter,
  historyPage,
  jobList,
  journalCounts,
  journalPage,
  leaseJobs,
  removeRows,
} from './memory/lists.ts';
import { searchPage } from './memory/search.ts';
import { Undo } from './memory/undo.ts';
import { refuseTooMany } from './read-many.ts';
import type { Commit, CommitResult, Journal, Store, StoredVersion } from './store.ts';

/**
 * A store that forgets: every law but durability, by the plainest means. It is what the others are
 * compared with, and what tests of other rooms use.
 */
export function openMemoryStore(): ArchivedStore {
  const data = emptyData();
  const appended = new AppendSignal();
  const reads = { ...openReads(data), ...openKeyedReads(data) };
  let closed = false;
  const whileOpen = (): void => {
    if (closed) throw new OutcomeError([errorIssue('shutting-down', 'The store is closing')]);
  };
  return {
    ...reads,
    commit: async (commit) => {
      whileOpen();
      const result = commitOrUndo(data, commit);
      if (result.versions.some(({ changed }) => changed)) appended.notify();
      return result;
    },
    journal: openJournal(data),
    outbox: {
      pending: async (limit, after = 0) =>
        [...data.outbox.values()]
          .filter(({ position }) => position > after)
          .sort((a, b) => a.position - b.position)
          .slice(0, limit),
      onAppend: (listener) => appended.listen(listener),
    },
    jobs: {
      lease: async (now, leaseMs, limit) => leaseJobs(data, { now, leaseMs, limit }),
      list: async (prefix, limit) => jobList(data, prefix, limit),
    },
    audit: {
      rows: async (after, limit) => data.audit.filter(({ seq }) => seq > after).slice(0, limit),
      head: async () => data.audit.at(-1),
    },
    archive: openArchive(data),
    check: async () => whileOpen(),
    close: async () => {
      closed = true;
    },
  };
}

function commitOrUndo(data: MemoryData, commit: Commit): CommitResult {
  const undo = new Undo();
  try {
    return applyCommit(data, commit, undo);
  } catch (error) {
    undo.rollback();
    throw error;
  }
}

function openReads(
  data: MemoryData,
): Pick<Store, 'read' | 'readVersion' | 'readMany' | 'changes' | 'history' | 'search'> {
  const versionsOf = (type: string, id: string): readonly StoredVersion[] =>
    data.resources.get(resourceKey(type, id))?.versions.map(({ stored }) => stored) ?? [];
  return {
    read: async (type, id) => versionsOf(type, id).at(-1),
    readVersion: async (type, id, versionId) =>
      versionsOf(type, id).find((version) => version.versionId === versionId),
    readMany: async (keys) => {
      refuseTooMany(keys);
      return keys.map(({ type, id }) => versionsOf(type, id).at(-1));
    },
    changes: async (after, limit) => changesAfter(data, after, limit),
    history: async (query) => historyPage(data, query),
    search: async (query) => searchPage(data, query),
  };
}

function openKeyedReads(
  data: MemoryData,
): Pick<Store, 'claimOwners' | 'sourceView' | 'sourceViews' | 'state' | 'states' | 'counts'> {
  return {
    claimOwners: async (keys) => new Map([...data.claims].filter(([key]) => keys.includes(key))),
    sourceView: async (source, type, id) => data.sources.get(sourceKey(source, type, id)),
    sourceViews: async (type, id) =>
      [...data.sources.values()]
        .filter((view) => view.type === type && view.id === id)
        .sort((a, b) => compareCodePoints(a.source, b.source)),
    state: async (key) => data.state.get(key),
    states: async (prefix) =>
      [...data.state.values()]
        .filter(({ key }) => key.startsWith(prefix))
        .sort((a, b) => compareCodePoints(a.key, b.key))
        .slice(0, limits.statePageMax),
    counts: async () => {
      const counts = new Map<string, number>();
      for (const { versions } of data.resources.values()) {
        const current = versions.at(-1)?.stored;
        if (current === undefined || current.deleted) continue;
        counts.set(current.type, (counts.get(current.type) ?? 0) + 1);
      }
      return counts;
    },
  };
}

function openJournal(data: MemoryData): Journal {
  return {
    append: async (entry) => {
      const existing = equalEntry(data, entry);
      if (existing !== undefined) return { existing };
      data.journal.set(entry.id, { row: ++data.numbers, entry });
      return {};
    },
    read: async (id) => data.journal.get(id)?.entry,
    find: async (feed, controlId) =>
      [...data.journal.values()]
        .filter(({ entry }) => entry.controlId === controlId && entry.feed === feed)
        .sort((a, b) => a.row - b.row)
        .map(({ entry }) => entry)
        .slice(0, limits.journalFindMax),
    list: async (query) => journalPage(data, query),
    counts: async () => journalCounts(data),
    remove: async (removal) => removeRows(data, removal),
  };
}
