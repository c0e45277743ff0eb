/**
 * The ledger: who sends writes down what was sent and what was answered, before and after, in a file that
 * the server knows nothing of. In the end it is held against the journal and the resources.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';

/** What a message is for the checker. */
export interface Planned {
  readonly controlId: string;
  readonly bytes: Uint8Array;
  readonly hash: string;
  /** Whether a sender in its right mind wrote it: taken, or refused for what it lacks. */
  readonly expects: 'taken' | 'refused';
  /** Same MSH-10 as the message before it, other bytes: to be taken and flagged. */
  readonly reuses: boolean;
}

/** One line of the file. */
export type LedgerLine =
  | {
      readonly event: 'sent' | 'unanswered';
      readonly id: string;
      readonly hash: string;
      readonly at: string;
    }
  | {
      readonly event: 'answered';
      readonly id: string;
      readonly hash: string;
      readonly at: string;
      /** MSA-1. */
      readonly code: string;
      /** SHA-256 of the answer. */
      readonly ack: string;
    };

export const sha256 = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

export class Ledger {
  readonly #file: string;
  #answers = 0;

  constructor(file: string) {
    this.#file = file;
    appendFileSync(file, '');
  }

  sent({ controlId, hash }: Planned): void {
    this.#write({ event: 'sent', id: controlId, hash, at: new Date().toISOString() });
  }

  unanswered({ controlId, hash }: Planned): void {
    this.#write({ event: 'unanswered', id: controlId, hash, at: new Date().toISOString() });
  }

  answered({ controlId, hash }: Planned, code: string, answer: Uint8Array): void {
    this.#answers += 1;
    const at = new Date().toISOString();
    this.#write({ event: 'answered', id: controlId, hash, at, code, ack: sha256(answer) });
  }

  /** How many there were so far. */
  get answers(): number {
    return this.#answers;
  }

  lines(): readonly LedgerLine[] {
    const text = readFileSync(this.#file, 'utf8').trim();
    return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as LedgerLine);
  }

  #write(line: LedgerLine): void {
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}
