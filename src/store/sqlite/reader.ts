import type Database from 'better-sqlite3-multiple-ciphers';
import type { SearchQuery } from '../../fhir/search-ast.ts';
import { limits } from '../../limits.ts';
import type { HistoryQuery, JournalQuery, JournalRemoval, ResourceKey } from '../store.ts';
import { openAudit } from './audit.ts';
import { openClaims } from './claims.ts';
import { openNames } from './dictionary.ts';
import { openJobs } from './jobs.ts';
import { openJournal } from './journal.ts';
import { openJournalSearch } from './journal-search.ts';
import { openOutbox } from './outbox.ts';
import { Reads } from './reads.ts';
import type { Guard } from './search-plan.ts';
import { Searches, type TaughtPage } from './search.ts';
import { openSourceViews } from './source-views.ts';
import { openState } from './state.ts';
import { Statements } from './statements.ts';

export type Reader = ReturnType<typeof openReader>;

/**
 * All that the port can be asked, over one connection. The writer goes on on another meanwhile: what takes
 * several statements is answered from one read transaction, and so from one commit's state. `guard` is asked
 * of every resource that a search looks at.
 */
export function openReader(db: Database, guard?: Guard) {
  const statements = new Statements(db);
  const names = openNames(statements);
  const reads = new Reads(statements, names);
  const searches = new Searches(statements, names, reads, guard);
  const claims = openClaims(statements);
  const audit = openAudit(statements);
  const sources = openSourceViews(statements);
  const state = openState(statements);
  const outbox = openOutbox(statements);
  const jobs = openJobs(statements);
  const position = statements.value<number>("SELECT value FROM counter WHERE name = 'pos'");
  const versions = statements.value<number>('SELECT sum(versions) FROM tally');
  const begin = statements.write('BEGIN');
  const end = statements.write('COMMIT');

  const atOnce = <Answer>(read: () => Answer): Answer => {
    begin();
    try {
      return read();
    } finally {
      end();
    }
  };

  return {
    /** The newest version's position. */
    position: (): number => position() ?? 0,
    read: (type: string, id: string) => reads.read(type, id),
    readVersion: (type: string, id: string, version: string) =>
      reads.readVersion(type, id, version),
    readMany: (keys: readonly ResourceKey[]) => atOnce(() => reads.readMany(keys)),
    changes: (after: number, limit: number) => reads.changes(after, limit),
    history: (query: HistoryQuery) => atOnce(() => reads.history(query)),
    search: (query: SearchQuery) => atOnce(() => searches.page(query, position() ?? 0)),
    /** A page, and what was found out for it, to be learned by another connection. */
    taughtSearch: (query: SearchQuery) => atOnce(() => searches.taughtPage(query, position() ?? 0)),
    learn: (taught: Omit<TaughtPage, 'page'>): void => searches.learn(taught),
    /** Nothing where the search may take long. */
    shortSearch: (query: SearchQuery) =>
      atOnce(() => {
        const plan = searches.plan(query);
        if (searches.isLong(query, plan)) return undefined;
        return searches.page(query, position() ?? 0, plan);
      }),
    /** Whether there is so much of it that a walk through all of it takes long. */
    isLarge: (): boolean => (versions() ?? 0) >= limits.searchProbeRows,
    counts: () => reads.counts(),
    claimOwners: (keys: readonly string[]) => atOnce(() => claims.owners(keys)),
    ...messageReads(statements, atOnce),
    outbox: (limit: number, after?: number) => outbox.pending(limit, after),
    jobs: (prefix: string, limit: number) => jobs.list(prefix, limit),
    auditRows: (after: number, limit: number) => audit.rows(after, limit),
    auditHead: () => audit.head(),
    sourceView: (source: string, type: string, id: string) => sources.read(source, type, id),
    sourceViews: (type: string, id: string) => sources.list(type, id),
    state: (key: string) => state.read(key),
    states: (prefix: string) => state.list(prefix),
  };
}

/** What can be asked of messages. */
function messageReads(statements: Statements, atOnce: <Answer>(read: () => Answer) => Answer) {
  const journal = openJournal(statements);
  const messages = openJournalSearch(statements);
  return {
    journalEntry: (id: string) => journal.read(id),
    journalEntries: (feed: string, controlId: string) => journal.find(feed, controlId),
    journal: (query: JournalQuery) => atOnce(() => messages.list(query)),
    /** Nothing where it may take long. */
    shortJournal: (query: JournalQuery) => atOnce(() => messages.shortList(query)),
    removable: (removal: JournalRemoval) => messages.removable(removal),
    journalCounts: () => journal.counts(),
  };
}
