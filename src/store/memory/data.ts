import type { IndexEntry } from '../../fhir/search-ast.ts';
import type {
  AuditRow,
  Job,
  JournalEntry,
  OutboxEvent,
  SourceView,
  StateEntry,
  StoredVersion,
} from '../store.ts';

/** A version with its place in the order of all versions and what it is found by. */
export interface MemoryVersion {
  readonly position: number;
  readonly stored: StoredVersion;
  readonly entries: readonly IndexEntry[];
}

/** A resource with all its versions, oldest first. */
export interface MemoryResource {
  /** Creation order among all resources. */
  readonly ordinal: number;
  /** The commit that made it live: its creation, or the last one after a deletion. */
  readonly liveSince: number;
  readonly versions: readonly MemoryVersion[];
}

interface MemoryJob extends Job {
  readonly lease: string | undefined;
  readonly leasedUntil: number;
}

export interface JournalRow {
  readonly row: number;
  readonly entry: JournalEntry;
}

/** All that the memory store holds. */
export interface MemoryData {
  seq: number;
  /** Counts versions, journal rows and leases; never goes back, so that nothing is numbered twice. */
  numbers: number;
  readonly resources: Map<string, MemoryResource>;
  readonly versions: MemoryVersion[];
  readonly claims: Map<string, string>;
  readonly sources: Map<string, SourceView>;
  readonly state: Map<string, StateEntry>;
  readonly journal: Map<string, JournalRow>;
  readonly outbox: Map<number, OutboxEvent>;
  readonly jobs: Map<string, MemoryJob>;
  readonly audit: AuditRow[];
}

export function emptyData(): MemoryData {
  return {
    seq: 0,
    numbers: 0,
    resources: new Map(),
    versions: [],
    claims: new Map(),
    sources: new Map(),
    state: new Map(),
    journal: new Map(),
    outbox: new Map(),
    jobs: new Map(),
    audit: [],
  };
}

export const resourceKey = (type: string, id: string): string => `${type}/${id}`;

export const sourceKey = (source: string, type: string, id: string): string =>
  JSON.stringify([type, id, source]);
