/**
 * A store as a stream of records, for moving a site from one store to another (copy.ts). What is found by search is
 * not among them: it is made anew from the bodies. Nor are leases, and outbox rows that are done: nobody misses them.
 */
import type { IndexEntry } from '../fhir/search-ast.ts';
import type { UnstampedBody } from './stamp.ts';
import type {
  AuditRow,
  Commit,
  Job,
  JournalEntry,
  SourceView,
  StateEntry,
  Store,
  StoredVersion,
} from './store.ts';

/** The parts of a store, in the order in which they are moved. */
export const archiveSections = [
  'version',
  'claim',
  'source',
  'journal',
  'job',
  'audit',
  'state',
] as const;
export type ArchiveSection = (typeof archiveSections)[number];

/** A version with its place in the order of all. */
export type ArchivedVersion = Omit<StoredVersion, 'changed' | 'deleted'> & {
  readonly position: number;
  /** It is the resource's present, and not a deletion. */
  readonly current: boolean;
  /** Where its consequences are still to be drawn: who or what wrote it. */
  readonly pending?: string;
};

export type ArchiveRecord =
  | { readonly section: 'version'; readonly version: ArchivedVersion }
  | { readonly section: 'claim'; readonly key: string; readonly owner: string }
  | { readonly section: 'source'; readonly view: SourceView }
  | { readonly section: 'journal'; readonly entry: JournalEntry }
  | { readonly section: 'job'; readonly job: Job }
  | { readonly section: 'audit'; readonly row: AuditRow }
  | { readonly section: 'state'; readonly entry: StateEntry };

export interface ArchivePage {
  readonly records: readonly ArchiveRecord[];
  /** Where the next page begins; absent at the end. Only the store that gave it can read it. */
  readonly next?: string | number;
}

export interface ArchiveCounters {
  /** The newest commit's number. */
  readonly seq: number;
  /** The newest version's position; 0: there is none. */
  readonly position: number;
}

/** A change that took place elsewhere: its body is known to the byte but for what the store stamps. */
export type ReplayedChange =
  | {
      readonly op: 'put';
      readonly type: string;
      readonly id: string;
      readonly body: UnstampedBody;
      readonly index: readonly IndexEntry[];
    }
  | { readonly op: 'delete'; readonly type: string; readonly id: string };

/** A commit as it was elsewhere. Its numbers are given; those of the store never go back. */
export type ReplayedCommit = Omit<Commit, 'changes'> & {
  readonly seq: number;
  /** Of its first change, from where they count up; absent where it has none. */
  readonly position?: number;
  readonly changes: readonly ReplayedChange[];
};

export interface StoreArchive {
  counters(): Promise<ArchiveCounters>;
  /** Records of a section in its fixed order, from `after` on. Of what is written meanwhile nothing is promised. */
  export(section: ArchiveSection, after: ArchivePage['next'], limit: number): Promise<ArchivePage>;
  /** Writes commits in their order, all of them durably or none. */
  replay(commits: readonly ReplayedCommit[]): Promise<void>;
}

/** A store that can be moved. */
export interface ArchivedStore extends Store {
  readonly archive: StoreArchive;
}

/** The page of `rows` where one more than `limit` was asked for; `key` tells where the next one begins. */
export function archivePage<Row>(
  rows: readonly Row[],
  limit: number,
  of: {
    readonly record: (row: Row) => ArchiveRecord;
    readonly key: (row: Row) => string | number;
  },
): ArchivePage {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const records = page.map(of.record);
  if (rows.length <= limit || last === undefined) return { records };
  return { records, next: of.key(last) };
}
