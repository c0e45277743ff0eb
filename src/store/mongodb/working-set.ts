import type { AuditRow, SourceView, StateEntry } from '../store.ts';
import type { IndexFields } from './index-fields.ts';
import type {
  JobDocument,
  JournalDocument,
  JournalTally,
  OrderDocument,
  OutboxDocument,
  PartDocument,
  ResourceDocument,
  TypeTally,
  VersionDocument,
} from './layout.ts';
import { Table } from './table.ts';

/** The present of a resource as a group sees it. */
export type Present = Omit<ResourceDocument, keyof IndexFields> & {
  readonly sort: IndexFields['sort'];
  /** Known where a change of the group may need it, or the group wrote it. */
  readonly body: string | undefined;
  /** Where the group wrote them. */
  readonly fields?: IndexFields;
};

/** What is noted of a version when the next one takes its place. */
export type Replacement = Pick<VersionDocument, 'sort'> & {
  readonly replacedBy: number;
  readonly until: number;
};

/** Numbers that go on counting from commit to commit. */
export interface Counters {
  readonly seq: number;
  readonly position: number;
  readonly row: number;
  readonly audit: OrderDocument['audit'];
}

/** A source view and its pieces, where it has some. */
export interface PlacedView {
  readonly view: SourceView;
  /** Names its pieces; unique. */
  readonly owner: string;
}

/**
 * Everything that a group's requests name, read at the beginning of its transaction. Requests are decided against it
 * one by one, later ones on top of earlier ones; what differs at the end is written.
 */
export class WorkingSet {
  counters: Counters;
  readonly resources = new Table<string, Present>();
  readonly versions = new Table<number, VersionDocument>();
  readonly replaced = new Table<number, Replacement>();
  readonly parts = new Table<string, PartDocument>();
  readonly claims = new Table<string, string>();
  readonly sources = new Table<string, PlacedView>();
  readonly journal = new Table<string, JournalDocument>();
  /** Ids of journal rows by what makes them equal. */
  readonly same = new Table<string, string>();
  readonly outbox = new Table<number, OutboxDocument>();
  readonly jobs = new Table<string, JobDocument>();
  readonly state = new Table<string, StateEntry>();
  readonly audit = new Table<number, AuditRow>();
  /** What is to be added to the tallies. */
  readonly types = new Table<string, TypeTally>();
  readonly journalCounts = new Table<string, JournalTally>();
  readonly #tables = [
    ...[this.resources, this.versions, this.replaced, this.parts, this.claims, this.sources],
    ...[this.journal, this.same, this.outbox, this.jobs, this.state, this.audit],
    ...[this.types, this.journalCounts],
  ] as const;

  constructor(counters: Counters) {
    this.counters = counters;
  }

  /** Runs one request; what it changed is taken back if it throws. */
  attempt<Answer>(work: () => Answer): Answer {
    const { counters } = this;
    for (const table of this.#tables) table.mark();
    try {
      return work();
    } catch (error) {
      this.counters = counters;
      for (const table of this.#tables) table.rollback();
      throw error;
    }
  }

  nextSeq(): number {
    this.counters = { ...this.counters, seq: this.counters.seq + 1 };
    return this.counters.seq;
  }

  nextPosition(): number {
    this.counters = { ...this.counters, position: this.counters.position + 1 };
    return this.counters.position;
  }

  nextRow(): number {
    this.counters = { ...this.counters, row: this.counters.row + 1 };
    return this.counters.row;
  }

  append(row: AuditRow): void {
    this.counters = { ...this.counters, audit: { seq: row.seq, hash: row.hash } };
    this.audit.set(row.seq, row);
  }
}
