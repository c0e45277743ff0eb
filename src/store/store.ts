/**
 * The store port. Its laws (each is a named test in test/contract/store.ts, run by every implementation):
 *
 *  1. `commit` is the only way in. It makes all of its changes and effects visible, or none.
 *  2. When a commit's promise resolves, it is durable: it survives loss of power.
 *  3. A change carries an expectation; if one does not hold, the whole commit fails with `CommitRefused`.
 *  4. A claim is unique: of any number of commits that claim one key, exactly one wins; the others
 *     learn the owner.
 *  5. Versions of a resource are 1, 2, 3 ...; a deletion is a version; a put after it goes on counting.
 *  6. `seq` is one number per commit, growing; it orders history, the outbox and paging totally.
 *  7. A search page walk sees what existed and matched throughout exactly once, whatever is written
 *     meanwhile: it is pinned to the commit that was newest at its first page, gives nothing that was
 *     created later, keeps each resource where it stood then, and shows its current version. Without a
 *     sort, and among equals, the order is that of creation.
 *  8. Deleted and replaced content leaves no index entry, also not under `not` and `missing`.
 *  9. A journal row is unique per (feed, controlId, hash); an equal one is answered with the first. Its
 *     attempts are compared before it is brought up to date, where the commit asks for it. It is found by its
 *     fields from the commit on that wrote them, and no more once it is removed; an equal one is then new.
 * 10. An outbox row is handed out until a commit marks it done; a done mark given twice is refused.
 * 11. A job has one key; it is leased to one taker at a time; a lease expires and is taken over once.
 * 12. Audit rows form one hash chain in commit order.
 * 13. The change feed gives every version once, in the order of positions; what was committed when a reader
 *     asked never turns up before a position that it has passed.
 */
import type { IndexEntry, SearchQuery } from '../fhir/search-ast.ts';
import type { IdentifiedResource } from '../fhir/resource.ts';

export interface Store {
  commit(commit: Commit): Promise<CommitResult>;
  /** The current version; `deleted` where the last version is a deletion; undefined where there never was one. */
  read(type: string, id: string): Promise<StoredVersion | undefined>;
  readVersion(type: string, id: string, versionId: string): Promise<StoredVersion | undefined>;
  /** `read` of each, in their order. At most limits.readManyMax. */
  readMany(keys: readonly ResourceKey[]): Promise<readonly (StoredVersion | undefined)[]>;
  /** Versions written after a position (0: all), oldest first: the change feed (law 13). */
  changes(after: number, limit: number): Promise<readonly ChangeEvent[]>;
  /** Newest first. */
  history(query: HistoryQuery): Promise<HistoryPage>;
  search(query: SearchQuery): Promise<SearchPage>;
  /** The owner of each key that is claimed. */
  claimOwners(keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly jobs: Jobs;
  readonly audit: Audit;
  /** What this source said last of this resource; undefined if it never spoke of it. */
  sourceView(source: string, type: string, id: string): Promise<SourceView | undefined>;
  /** All sources' views of one resource. */
  sourceViews(type: string, id: string): Promise<readonly SourceView[]>;
  /** A small durable document by key (users, cursors, freshness per feed). */
  state(key: string): Promise<StateEntry | undefined>;
  /** All state entries whose key starts with `prefix`, by key; at most limits.statePageMax. */
  states(prefix: string): Promise<readonly StateEntry[]>;
  /** Number of current resources by type. */
  counts(): Promise<ReadonlyMap<string, number>>;
  /** Resolves when the store answers; rejects with what is wrong. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** The unit of work. `now` is the instant stamped as meta.lastUpdated; the caller's clock. */
export interface Commit {
  readonly now: Date;
  readonly changes: readonly Change[];
  readonly claims?: readonly Claim[];
  /** Keys set free, before the claims are made. */
  readonly releases?: readonly string[];
  readonly sources?: readonly SourceView[];
  /** A known id is brought up to date but for its origin and bytes; a new one is added (law 9). */
  readonly journal?: readonly JournalChange[];
  readonly outboxDone?: readonly OutboxDone[];
  readonly jobs?: readonly JobChange[];
  readonly state?: readonly StateChange[];
  readonly audit?: readonly AuditRecord[];
  /** Who or what wrote, for outbox readers: `feed:<name>`, `rest`, `rule:<id>`. */
  readonly origin: string;
}

export type Change =
  | {
      readonly op: 'put';
      /** Complete but for meta.versionId and meta.lastUpdated, which the store stamps. */
      readonly resource: IdentifiedResource;
      /** Absent: no expectation. */
      readonly expect?: Expectation;
      /** Index entries of the resource (fhir/search-extract.ts); the store adds `_id` and `_lastUpdated` itself. */
      readonly index: readonly IndexEntry[];
      /** Keep the current version if the content is the same to the byte (but for the stamped meta). */
      readonly skipIfSame?: boolean;
    }
  /** Of what never was, or is deleted already: no version (`versionId` '0' where there never was one). */
  | {
      readonly op: 'delete';
      readonly type: string;
      readonly id: string;
      readonly expect?: Expectation;
    }
  /**
   * Replaces the index entries of the current version, as a changed set of search parameters wants it: no new
   * version, nothing in history, outbox or change feed. Of what is deleted or never was: nothing. Answered
   * with the current version as `read` gives it (or, where there never was one, as a deletion is). A walk that is
   * sorted by a parameter whose entries it changes may pass the resource over, or show it twice.
   */
  | {
      readonly op: 'index';
      readonly type: string;
      readonly id: string;
      readonly expect?: Expectation;
      readonly index: readonly IndexEntry[];
    };

export interface ResourceKey {
  readonly type: string;
  readonly id: string;
}

/**
 * `versionId`: the last version is this one, be it a deletion. `absent`: there never was a version.
 * `current`: exists and is not deleted.
 */
export type Expectation =
  { readonly versionId: string } | 'absent' | 'current' | 'absent-or-deleted';

/** `replaces`: take the key over from this owner (compare-and-swap); otherwise it must be free. Claiming what one owns is no conflict. */
export interface Claim {
  readonly key: string;
  readonly owner: string;
  readonly replaces?: string;
}

export interface CommitResult {
  readonly seq: number;
  /** One per change, in order. */
  readonly versions: readonly StoredVersion[];
}

/** Why a commit was refused as a whole. `index` is the position in its list. */
export type Refusal =
  | {
      readonly kind: 'expectation';
      readonly index: number;
      readonly current: StoredVersion | undefined;
    }
  | { readonly kind: 'claim'; readonly index: number; readonly owner: string }
  | { readonly kind: 'journal-duplicate'; readonly index: number; readonly existing: JournalEntry }
  | { readonly kind: 'journal-attempts'; readonly index: number; readonly existing: JournalEntry }
  | { readonly kind: 'outbox-done'; readonly index: number }
  | { readonly kind: 'job-lease'; readonly index: number }
  | { readonly kind: 'state'; readonly index: number; readonly current: StateEntry | undefined };

export class CommitRefused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(`Commit refused: ${refusal.kind}`);
    this.name = 'CommitRefused';
    this.refusal = refusal;
  }
}

export interface StoredVersion {
  readonly type: string;
  readonly id: string;
  readonly versionId: string;
  readonly lastUpdated: Date;
  readonly seq: number;
  readonly deleted: boolean;
  /** The response bytes as text: the JSON with meta stamped. Empty for a deletion. */
  readonly body: string;
  /** False where `skipIfSame` kept the current version. */
  readonly changed: boolean;
  /** `create` (also after a deletion), `update` or `delete`, as history shows it. */
  readonly method: 'POST' | 'PUT' | 'DELETE';
}

export interface HistoryQuery {
  /** Absent: the whole system. */
  readonly type?: string;
  readonly id?: string;
  readonly since?: Date;
  /** Only versions that were the current one at some time within [from, to): each at its own instant at least. */
  readonly at?: { readonly from: Date; readonly to: Date };
  readonly count: number;
  readonly cursor?: string;
}
export interface HistoryPage {
  readonly versions: readonly StoredVersion[];
  readonly total: number;
  readonly next?: string;
}
export interface SearchPage {
  readonly matches: readonly StoredVersion[];
  readonly total?: number;
  readonly next?: string;
}

/** `received`: durable, not yet processed. Every row is in exactly one state. */
export type JournalState = 'received' | 'processed' | 'failed' | 'parked' | 'ignored';

export interface JournalEntry {
  /** Time-ordered and unique; the caller's id source. */
  readonly id: string;
  readonly feed: string;
  /** Remote address, or the file or URL it came by. */
  readonly peer: string;
  readonly receivedAt: Date;
  /** MSH-10; empty where it could not be read. */
  readonly controlId: string;
  /** MSH-9 as `ADT^A01`; empty where it could not be read. */
  readonly messageType: string;
  /** SHA-256 of the frame bytes, hex. */
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly state: JournalState;
  readonly attempts: number;
  readonly lastError?: string;
  readonly nextRetryAt?: Date;
  /** The ACK as sent. */
  readonly ack?: Uint8Array;
  readonly ackCode?: string;
  /** Resources written, as `Type/id/_history/v`. */
  readonly written?: readonly string[];
  /** The person it is about, as `Patient/id`. */
  readonly patient?: string;
  /** Loss and unmapped codes of the run (mapping/result.ts), as JSON. */
  readonly report?: string;
  /** What it is found by, each once, as `PID-3=123` (feed/message-fields.ts). */
  readonly fields?: readonly string[];
  /** What people did with it, as JSON (feed/note.ts). */
  readonly notes?: string;
}

export interface JournalChange extends JournalEntry {
  /**
   * The row must be there with this number of attempts, so that of several who process a message only one
   * settles it; refused as `journal-attempts` otherwise. Absent: however it stands.
   */
  readonly expectAttempts?: number;
}

export interface Journal {
  /** Durable on return. An equal (feed, controlId, hash) row: nothing is written, and that row is returned as `existing`. */
  append(entry: JournalEntry): Promise<{ readonly existing?: JournalEntry }>;
  read(id: string): Promise<JournalEntry | undefined>;
  /** Oldest first; at most limits.journalFindMax. */
  find(feed: string, controlId: string): Promise<readonly JournalEntry[]>;
  /** By arrival, newest first; among those of one instant, by when they were written. */
  list(query: JournalQuery): Promise<JournalPage>;
  /** Rows by feed, state and ackCode. */
  counts(): Promise<
    readonly {
      readonly feed: string;
      readonly state: JournalState;
      readonly ackCode: string;
      readonly count: number;
    }[]
  >;
  /**
   * Removes the oldest rows that a retention names, with all they are found by; gives how many. What they wrote
   * stays. A row that changed meanwhile, and fits no more, stays too.
   */
  remove(removal: JournalRemoval): Promise<number>;
}

/** All conditions hold for each row that is given. */
export interface JournalQuery {
  readonly feed?: string;
  /** One of these. */
  readonly state?: JournalState | readonly JournalState[];
  readonly messageType?: string;
  readonly controlId?: string;
  readonly patient?: string;
  /** Each as `JournalEntry.fields` has it. */
  readonly fields?: readonly string[];
  /** Arrived at this instant or later. */
  readonly from?: Date;
  /** Arrived before this instant. */
  readonly to?: Date;
  readonly oldestFirst?: boolean;
  /** Without the frames, which may be long: `bytes` is empty. Nothing that is read so is to be committed. */
  readonly bare?: boolean;
  readonly count: number;
  readonly cursor?: string;
}
export interface JournalPage {
  readonly entries: readonly JournalEntry[];
  readonly next?: string;
}

/** What was received and not yet settled is never removed. */
export interface JournalRemoval {
  readonly states: readonly Exclude<JournalState, 'received'>[];
  /** Arrived before this instant. */
  readonly before: Date;
  /** At most so many. */
  readonly count: number;
}

/** A version in the order of all versions. */
export interface ChangeEvent {
  /** Grows; unique. */
  readonly position: number;
  readonly seq: number;
  readonly type: string;
  readonly id: string;
  readonly versionId: string;
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly at: Date;
}

/** Written by the store itself: one row per changed resource version of a commit. */
export interface OutboxEvent extends ChangeEvent {
  readonly origin: string;
}
export interface OutboxDone {
  readonly position: number;
}
export interface Outbox {
  /** Rows not yet done, oldest first: of those after a position, where one is given. */
  pending(limit: number, after?: number): Promise<readonly OutboxEvent[]>;
  /** Called (at most once per turn) after a commit that added rows; returns the unsubscribe function. */
  onAppend(listener: () => void): () => void;
}

export interface Job {
  /** Unique; putting a job under a known key replaces it, unless `keep` is set. */
  readonly key: string;
  readonly kind: string;
  readonly dueAt: Date;
  /** JSON. */
  readonly payload: string;
  /** How often it has been leased; a leased job's count has this lease in it. */
  readonly attempts: number;
}
export interface LeasedJob extends Job {
  readonly lease: string;
}
export type JobChange =
  | { readonly op: 'put'; readonly job: Job; readonly keep?: boolean }
  /** Removes a leased job; refused (`job-lease`) if the lease is no longer ours. */
  | { readonly op: 'done'; readonly key: string; readonly lease: string }
  /** Puts a leased job back with a new due time; refused like `done`. */
  | { readonly op: 'retry'; readonly key: string; readonly lease: string; readonly dueAt: Date }
  /** Removes a job whoever holds it; no fault if there is none. */
  | { readonly op: 'cancel'; readonly key: string };
export interface Jobs {
  /** Leases due jobs, earliest first. */
  lease(now: Date, leaseMs: number, limit: number): Promise<readonly LeasedJob[]>;
  /** All jobs whose key starts with the prefix, by due time. */
  list(prefix: string, limit: number): Promise<readonly Job[]>;
}

/** One source's last word on one resource, as FHIR, with the event it came in. */
export interface SourceView {
  readonly source: string;
  readonly type: string;
  readonly id: string;
  /** When the source says it happened (EVN-2, MSH-7 ...); decides what is stale. */
  readonly eventTime: Date;
  readonly receivedAt: Date;
  /** MSH-10 of the message. */
  readonly controlId: string;
  /** The view, as JSON text. */
  readonly view: string;
}

export interface StateEntry {
  readonly key: string;
  readonly value: string;
  /** The seq of the commit that wrote it; none is used twice, also not after a removal. */
  readonly revision: number;
}
export interface StateChange {
  readonly key: string;
  /** Absent: remove. */
  readonly value?: string;
  /** Absent: whatever is there; 0: there must be none. */
  readonly expectRevision?: number;
}

export interface AuditRecord {
  /** The event as JSON text; security/audit-event.ts writes and reads it. */
  readonly event: string;
}
export interface AuditRow {
  /** 1, 2, 3 ... along the chain; not the commit's seq. */
  readonly seq: number;
  readonly at: Date;
  readonly event: string;
  readonly previousHash: string;
  /** SHA-256 over previousHash, seq, at and event; see store/audit-chain.ts. */
  readonly hash: string;
}
export interface Audit {
  rows(after: number, limit: number): Promise<readonly AuditRow[]>;
  head(): Promise<AuditRow | undefined>;
}
