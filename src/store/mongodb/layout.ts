import type { Binary, Collection, Db, IndexDescription } from 'mongodb';
import type { JournalState, StoredVersion } from '../store.ts';
import type { IndexFields } from './index-fields.ts';

/** Counted up when a document changes its shape; a database of a higher one is refused. */
export const layoutVersion = 1;

/**
 * The one document that orders all commits: every transaction writes it first, so two of them meet here and
 * nowhere else, and what a transaction reads after it is the newest there is.
 */
export interface OrderDocument {
  readonly _id: 'order';
  readonly seq: number;
  /** Positions of versions. */
  readonly position: number;
  /** Rows of the journal. */
  readonly row: number;
  /** The head of the audit chain. */
  readonly audit: { readonly seq: number; readonly hash: string } | null;
  /** Transactions begun; makes each one a writer of this document. */
  readonly turn: number;
}

/** The present of a resource: what it is found by. Its body is with its version. `_id` is `type/id`. */
export interface ResourceDocument extends IndexFields {
  readonly _id: string;
  readonly type: string;
  readonly id: string;
  /** Creation order: the position of the first version. */
  readonly ordinal: number;
  /** The position with which it came to life, last. */
  readonly liveSince: number;
  readonly position: number;
  readonly version: number;
  readonly seq: number;
  readonly updated: number;
  readonly method: StoredVersion['method'];
  readonly live: boolean;
}

/** Every version there was; `_id` is its position. */
export interface VersionDocument {
  readonly _id: number;
  /** `type/id`. */
  readonly of: string;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly seq: number;
  readonly updated: number;
  readonly method: StoredVersion['method'];
  readonly body: string;
  /** Number of documents in `part` that hold the body, where it is too long for this one. */
  readonly parts?: number;
  /** Once it is replaced: by which position, when, and what it was sorted by until then. */
  readonly replacedBy?: number;
  readonly until?: number;
  readonly sort?: IndexFields['sort'];
}

/** A piece of a text or of bytes that is too long for one document; `_id` is `owner:n`. */
export interface PartDocument {
  readonly _id: string;
  readonly bytes: Binary | Uint8Array;
}

export interface ClaimDocument {
  readonly _id: string;
  readonly key: string;
  readonly owner: string;
}

export interface SourceDocument {
  readonly _id: string;
  readonly of: string;
  readonly source: string;
  readonly eventTime: number;
  readonly receivedAt: number;
  readonly controlId: string;
  readonly view: string;
  readonly parts?: number;
  /** What the pieces are named by; each view's own, since they are replaced. */
  readonly owner: string;
}

export interface JournalDocument {
  readonly _id: string;
  readonly row: number;
  /** What makes two rows equal (law 9), hashed. */
  readonly same: string;
  readonly feed: string;
  readonly peer: string;
  readonly receivedAt: number;
  readonly controlId: string;
  readonly messageType: string;
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly parts?: number;
  readonly state: JournalState;
  readonly attempts: number;
  readonly lastError?: string;
  readonly nextRetryAt?: number;
  readonly ack?: Uint8Array;
  readonly ackCode?: string;
  readonly written?: readonly string[];
  readonly patient?: string;
  readonly report?: string;
  readonly fields?: readonly string[];
  readonly notes?: string;
}

export interface OutboxDocument {
  readonly _id: number;
  readonly seq: number;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly method: StoredVersion['method'];
  readonly at: number;
  readonly origin: string;
}

export interface JobDocument {
  readonly _id: string;
  readonly kind: string;
  readonly due: number;
  readonly payload: string;
  readonly attempts: number;
  readonly lease: string | null;
  /** 0: nobody holds it. */
  readonly leasedUntil: number;
}

export interface StateDocument {
  readonly _id: string;
  readonly value: string;
  readonly revision: number;
}

export interface AuditDocument {
  readonly _id: number;
  readonly at: number;
  readonly event: string;
  readonly previousHash: string;
  readonly hash: string;
}

/** A transaction that took effect, so that one whose answer was lost can be looked up. */
export interface CommitDocument {
  readonly _id: string;
  readonly at: Date;
}

/** A process that writes, by the id of its session; `beat` grows while it lives. */
export interface WriterDocument {
  readonly _id: string;
  readonly beat: number;
}

/** Live resources and versions by type. */
export interface TypeTally {
  readonly _id: string;
  readonly live: number;
  readonly versions: number;
}

/** Journal rows by feed, state and ackCode. */
export interface JournalTally {
  readonly _id: string;
  readonly feed: string;
  readonly state: JournalState;
  readonly ackCode: string;
  readonly count: number;
}

interface MetaDocument {
  readonly _id: string;
  readonly version: number;
}

export interface Collections {
  readonly meta: Collection<MetaDocument>;
  readonly order: Collection<OrderDocument>;
  readonly resource: Collection<ResourceDocument>;
  readonly version: Collection<VersionDocument>;
  readonly part: Collection<PartDocument>;
  readonly claim: Collection<ClaimDocument>;
  readonly source: Collection<SourceDocument>;
  readonly journal: Collection<JournalDocument>;
  readonly outbox: Collection<OutboxDocument>;
  readonly job: Collection<JobDocument>;
  readonly state: Collection<StateDocument>;
  readonly audit: Collection<AuditDocument>;
  readonly commit: Collection<CommitDocument>;
  readonly writer: Collection<WriterDocument>;
  readonly typeTally: Collection<TypeTally>;
  readonly journalTally: Collection<JournalTally>;
}

export function collectionsOf(db: Db): Collections {
  return {
    meta: db.collection('meta'),
    order: db.collection('order'),
    resource: db.collection('resource'),
    version: db.collection('version'),
    part: db.collection('part'),
    claim: db.collection('claim'),
    source: db.collection('source'),
    journal: db.collection('journal'),
    outbox: db.collection('outbox'),
    job: db.collection('job'),
    state: db.collection('state'),
    audit: db.collection('audit'),
    commit: db.collection('commit'),
    writer: db.collection('writer'),
    typeTally: db.collection('type_tally'),
    journalTally: db.collection('journal_tally'),
  };
}

const daySeconds = 24 * 60 * 60;

/**
 * Indexes but for `_id`. None is unique: what must be is an `_id`, or is decided under the order document; so
 * any collection can be sharded by hashed `_id`. Those of one array are sparse: most resources have no such
 * entry, and a key for "none" in each would be most of the index.
 */
export const indexes: Partial<Record<keyof Collections, readonly IndexDescription[]>> = {
  resource: [
    { key: { type: 1, live: 1, ordinal: 1 } },
    // Oldest first and newest first: creation order decides among equals both ways.
    { key: { type: 1, live: 1, updated: 1, ordinal: 1 } },
    { key: { type: 1, live: 1, updated: -1, ordinal: 1 } },
    { key: { type: 1, position: 1 } },
    { key: { type: 1, keys: 1, ordinal: 1 } },
    { key: { 'dates.p': 1, 'dates.lo': 1, 'dates.hi': 1 }, sparse: true },
    { key: { 'numbers.p': 1, 'numbers.lo': 1, 'numbers.hi': 1 }, sparse: true },
    { key: { 'composites.p': 1, 'composites.v0.code': 1 }, sparse: true },
    { key: { 'points.p': 1, 'points.latitude': 1 }, sparse: true },
  ],
  version: [
    { key: { of: 1, version: -1 } },
    { key: { type: 1, _id: -1 } },
    { key: { updated: 1 } },
  ],
  source: [{ key: { of: 1, source: 1 } }],
  journal: [
    { key: { row: -1 } },
    { key: { same: 1 } },
    { key: { controlId: 1, feed: 1, row: -1 } },
    // By arrival; a walk goes either way through them.
    { key: { receivedAt: -1, row: -1 } },
    { key: { feed: 1, receivedAt: -1, row: -1 } },
    { key: { state: 1, receivedAt: -1, row: -1 } },
    { key: { messageType: 1, receivedAt: -1, row: -1 } },
    { key: { patient: 1, receivedAt: -1, row: -1 } },
    { key: { fields: 1, receivedAt: -1, row: -1 } },
  ],
  job: [{ key: { due: 1, _id: 1 } }],
  commit: [{ key: { at: 1 }, expireAfterSeconds: daySeconds }],
};
