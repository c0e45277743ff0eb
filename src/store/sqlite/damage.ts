import { errorIssue, OutcomeError } from '../../fhir/issue.ts';
import { StoreOpenError } from '../open-error.ts';
import { translateFault } from './fault.ts';

/**
 * Whether the data file has turned out to be damaged while it was open. What it holds may still be read, page
 * by page; nothing more is written to it, so that as much as possible can be saved.
 */
export class Damage {
  readonly #file: string;
  readonly #onFault: (fault: Error) => void;
  #found: OutcomeError | undefined;

  constructor(file: string, onFault: (fault: Error) => void) {
    this.#file = file;
    this.#onFault = onFault;
  }

  /** An error of the store as what crosses rooms; damage is remembered, and told once with the file's name. */
  note(error: unknown): Error {
    const fault = translateFault(error);
    if (!(fault instanceof OutcomeError)) return fault;
    const { internal = '' } = fault.issues[0];
    if (this.#found !== undefined || !/^SQLITE_(CORRUPT|NOTADB)/.test(internal)) return fault;
    const text = 'The data file is damaged and is not written to; restore a backup';
    this.#found = new OutcomeError([errorIssue('exception', text, { internal })]);
    const sentence = `${this.#file} is damaged and left as it is: stop the server and restore a backup`;
    this.#onFault(new StoreOpenError('corrupt', sentence, { cause: error }));
    return fault;
  }

  /** Throws where damage was found. */
  check(): void {
    if (this.#found !== undefined) throw this.#found;
  }
}
