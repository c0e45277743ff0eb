import type Database from 'better-sqlite3-multiple-ciphers';
import type { ReplayedCommit } from '../archive.ts';
import type { WriteOutcome as AnyOutcome } from '../group-queue.ts';
import type { CommitResult } from '../store.ts';
import { openAudit } from './audit.ts';
import { Changes } from './changes.ts';
import { openClaims } from './claims.ts';
import type { Dictionary } from './dictionary.ts';
import { translateFault } from './fault.ts';
import type { IndexRows } from './index-rows.ts';
import { openJobs } from './jobs.ts';
import { openJournal } from './journal.ts';
import { JournalFields } from './journal-fields.ts';
import { openOutbox } from './outbox.ts';
import type { PreparedCommit, WriteAnswers, WriteRequest } from './prepared.ts';
import { openSourceViews } from './source-views.ts';
import { openState } from './state.ts';
import type { Statements } from './statements.ts';

export type WriteOutcome = AnyOutcome<WriteAnswers[WriteRequest['kind']]>;

/** What became of a group; `fault` is why the transaction as a whole failed, if it did. */
export interface GroupOutcome {
  readonly outcomes: readonly WriteOutcome[];
  readonly fault: Error | undefined;
}

interface WriterParts {
  readonly db: Database;
  readonly statements: Statements;
  readonly names: Dictionary;
  readonly index: IndexRows;
}

/** Groups written with savepoints after one that needed them: refusals come in swarms. */
const guardedAfterRefusal = 32;

/**
 * Writes a group of requests as one transaction: a refused one leaves nothing, later ones see what earlier
 * ones wrote, and one sync makes all of them durable. Most groups have no refusal, and a savepoint for each
 * request is a tenth of the work; so a group is tried without, and where a request is refused it is taken
 * back and written again with them. It takes and gives plain data and keeps no promise, so it can live on a
 * thread of its own.
 */
export class GroupWriter {
  readonly #parts: WriterParts;
  readonly #tables: ReturnType<typeof openTables>;
  #counters: { seq: number; pos: number };
  #guarded = 0;

  constructor(parts: WriterParts) {
    this.#parts = parts;
    this.#tables = openTables(parts);
    const { counter } = this.#tables;
    this.#counters = { seq: counter('seq') ?? 0, pos: counter('pos') ?? 0 };
  }

  /** The newest version's position. */
  get position(): number {
    return this.#counters.pos;
  }

  /** The messages that wait to be found by their fields through the index; to be taken in between groups. */
  get fields(): JournalFields {
    return this.#tables.fields;
  }

  /** One outcome per request, in order. Where the transaction as a whole fails, all are refused. */
  write(requests: readonly WriteRequest[]): GroupOutcome {
    if (this.#guarded > 0) {
      this.#guarded -= 1;
      return this.#transact(requests, (request) => this.#savepoint(request));
    }
    let isRefused = false;
    const outcome = this.#transact(requests, (request) => {
      try {
        return { answer: this.#apply(request) };
      } catch (error) {
        isRefused = true;
        throw error;
      }
    });
    if (!isRefused) return outcome;
    this.#guarded = guardedAfterRefusal;
    return this.write(requests);
  }

  #transact(
    requests: readonly WriteRequest[],
    write: (request: WriteRequest) => WriteOutcome,
  ): GroupOutcome {
    const before = { ...this.#counters };
    try {
      this.#leaveTransaction();
      this.#tables.begin();
      const outcomes = requests.map(write);
      this.#parts.index.flush();
      this.#tables.setCounter(this.#counters.seq, 'seq');
      this.#tables.setCounter(this.#counters.pos, 'pos');
      this.#tables.commit();
      return { outcomes, fault: undefined };
    } catch (error) {
      this.#undo(before, 0);
      const fault = translateFault(error);
      try {
        this.#leaveTransaction();
      } catch {
        // It is left before the next one begins, or that is refused too.
      }
      return { outcomes: requests.map(() => ({ refused: fault })), fault };
    }
  }

  #leaveTransaction(): void {
    if (this.#parts.db.inTransaction) this.#tables.rollback();
  }

  #savepoint(request: WriteRequest): WriteOutcome {
    const before = { ...this.#counters };
    const { waiting } = this.#parts.index;
    this.#tables.save();
    try {
      const answer = this.#apply(request);
      this.#tables.release();
      return { answer };
    } catch (error) {
      // A full disk ends the whole transaction; then there is no savepoint left to go back to.
      if (!this.#parts.db.inTransaction) throw error;
      this.#tables.rollbackTo();
      this.#tables.release();
      this.#undo(before, waiting);
      return { refused: translateFault(error) };
    }
  }

  #apply(request: WriteRequest): WriteAnswers[WriteRequest['kind']] {
    switch (request.kind) {
      case 'commit':
        return this.#commit(request.commit);
      case 'append':
        return this.#tables.journal.append(request.entry);
      case 'lease':
        return this.#tables.jobs.lease(request);
      case 'remove':
        return this.#tables.journal.remove(request.rows, request.removal);
      case 'replay':
        for (const commit of request.commits) this.#replay(commit);
        return undefined;
    }
  }

  /** A commit with the numbers it has elsewhere; those of the store never go back. */
  #replay(commit: ReplayedCommit): void {
    const { seq, pos } = this.#counters;
    this.#counters = { seq: commit.seq - 1, pos: (commit.position ?? pos + 1) - 1 };
    // The index of words takes up what lies after its place.
    this.#tables.setBackContent(this.#counters.pos);
    this.#commit(commit);
    const replayed = this.#counters;
    this.#counters = { seq: Math.max(seq, replayed.seq), pos: Math.max(pos, replayed.pos) };
  }

  #commit(commit: PreparedCommit): CommitResult {
    const { claims, changes, sources, journal, outbox, jobs, state, audit } = this.#tables;
    const counters = this.#counters;
    const seq = ++counters.seq;
    const { now, origin } = commit;
    claims.apply(commit);
    const nextPosition = (): number => ++counters.pos;
    const versions = changes.apply(commit.changes, { seq, now, origin, nextPosition });
    sources.apply(commit.sources ?? []);
    journal.apply(commit.journal ?? []);
    outbox.apply(commit.outboxDone ?? []);
    jobs.apply(commit.jobs ?? []);
    state.apply(commit.state ?? [], seq);
    audit.apply(commit.audit ?? [], now);
    return { seq, versions };
  }

  #undo(counters: { seq: number; pos: number }, indexChanges: number): void {
    this.#counters = counters;
    this.#parts.index.rewind(indexChanges);
    this.#parts.names.forget();
  }
}

function openTables({ statements, names, index }: WriterParts) {
  const fields = new JournalFields(statements);
  return {
    begin: statements.write('BEGIN IMMEDIATE'),
    commit: statements.write('COMMIT'),
    rollback: statements.write('ROLLBACK'),
    save: statements.write('SAVEPOINT request'),
    release: statements.write('RELEASE request'),
    rollbackTo: statements.write('ROLLBACK TO request'),
    counter: statements.value<number>('SELECT value FROM counter WHERE name = ?'),
    setCounter: statements.write('UPDATE counter SET value = ? WHERE name = ?'),
    setBackContent: statements.write(
      "UPDATE counter SET value = min(value, ?) WHERE name = 'content'",
    ),
    claims: openClaims(statements),
    changes: new Changes(statements, names, index),
    sources: openSourceViews(statements),
    fields,
    journal: openJournal(statements, fields),
    outbox: openOutbox(statements),
    jobs: openJobs(statements),
    state: openState(statements),
    audit: openAudit(statements),
  };
}
