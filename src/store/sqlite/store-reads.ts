import type { SearchQuery } from '../../fhir/search-ast.ts';
import { limits } from '../../limits.ts';
import type { HistoryQuery, JournalQuery, JournalRemoval, SearchPage, Store } from '../store.ts';
import type { Damage } from './damage.ts';
import type { ReaderPool } from './reader-pool.ts';
import type { Scan, ScanName } from './reader-worker.ts';
import type { Reader } from './reader.ts';

interface Readers {
  /** On the thread of whoever asks: some microseconds a read. */
  readonly reader: Reader;
  /** On threads of their own. */
  readonly pool: ReaderPool;
  readonly damage: Damage;
}

/** The port's reads. What may look at more than limits.searchProbeRows rows goes to another thread. */
export function storeReads({ reader, pool, damage }: Readers) {
  const here =
    <Values extends readonly unknown[], Answer>(read: (...values: Values) => Answer) =>
    async (...values: Values): Promise<Answer> => {
      try {
        return read(...values);
      } catch (error) {
        throw damage.note(error);
      }
    };
  const there = async <Name extends ScanName>(name: Name, ...values: Scan<Name>['values']) => {
    try {
      return await pool.ask(name, ...values);
    } catch (error) {
      throw damage.note(error);
    }
  };
  const short = here(reader.shortSearch);
  const long = async (query: SearchQuery): Promise<SearchPage> => {
    const { page, ...taught } = await there('taughtSearch', query);
    reader.learn(taught);
    return page;
  };
  const history = here(reader.history);
  const shortJournal = here(reader.shortJournal);
  const changes = here(reader.changes);
  const auditRows = here(reader.auditRows);

  return {
    read: here(reader.read),
    readVersion: here(reader.readVersion),
    readMany: here(reader.readMany),
    search: async (query: SearchQuery) => (await short(query)) ?? long(query),
    history: async (query: HistoryQuery) =>
      isWide(query) && reader.isLarge() ? there('history', query) : history(query),
    changes: async (after: number, limit: number) =>
      limit > limits.searchProbeRows ? there('changes', after, limit) : changes(after, limit),
    claimOwners: here(reader.claimOwners),
    journal: {
      read: here(reader.journalEntry),
      find: here(reader.journalEntries),
      list: async (query: JournalQuery) => (await shortJournal(query)) ?? there('journal', query),
      counts: here(reader.journalCounts),
    },
    outbox: { pending: here(reader.outbox) },
    jobs: { list: here(reader.jobs) },
    audit: {
      rows: async (after: number, limit: number) =>
        limit > limits.searchProbeRows ? there('auditRows', after, limit) : auditRows(after, limit),
      head: here(reader.auditHead),
    },
    sourceView: here(reader.sourceView),
    sourceViews: here(reader.sourceViews),
    state: here(reader.state),
    states: here(reader.states),
    counts: here(reader.counts),
    /** Not of the port: the rows that a removal may take. */
    removable: async (removal: JournalRemoval) => there('removable', removal),
  } satisfies ReadsOf<Store> & { removable: unknown };
}

/** History of more than one resource by time: it is ordered by position. */
function isWide({ id, since, at }: HistoryQuery): boolean {
  return id === undefined && (since !== undefined || at !== undefined);
}

interface ReadsOf<Port extends Store> extends Pick<
  Port,
  | 'read'
  | 'readVersion'
  | 'readMany'
  | 'search'
  | 'history'
  | 'changes'
  | 'claimOwners'
  | 'audit'
  | 'sourceView'
  | 'sourceViews'
  | 'state'
  | 'states'
  | 'counts'
> {
  readonly journal: Omit<Port['journal'], 'append' | 'remove'>;
  readonly outbox: Omit<Port['outbox'], 'onAppend'>;
  readonly jobs: Omit<Port['jobs'], 'lease'>;
}
