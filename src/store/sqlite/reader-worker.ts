/** A thread for reads that take long, one at a time, on a connection that cannot write. */
import { parentPort, workerData } from 'node:worker_threads';
import { fail } from '../../fhir/issue.ts';
import { openReadConnection, type ConnectionOptions } from './connection.ts';
import { translateFault } from './fault.ts';
import { fragment } from './fragment.ts';
import { toPlainError, type PlainError } from './plain-error.ts';
import { openReader, type Reader } from './reader.ts';

export type ReaderTask = Pick<ConnectionOptions, 'file' | 'key'>;

/** What may take long. */
export type ScanName =
  'taughtSearch' | 'history' | 'journal' | 'removable' | 'changes' | 'auditRows';
export interface Scan<Name extends ScanName = ScanName> {
  readonly name: Name;
  readonly values: Parameters<Reader[Name]>;
  readonly timeoutMs: number;
}
export type ScanReply = { readonly answer: unknown } | { readonly error: PlainError };

const port = parentPort;
if (port === null) throw new Error('This is a thread, not a program');

/** Looked at once in so many calls: asking for the time costs more than the rest. */
const callsPerLook = 64;
let deadline = Infinity;
let calls = 0;

const db = openReadConnection(workerData as ReaderTask);
// The driver cannot interrupt a statement; what a statement calls can end it.
db.function('in_time', {}, (_rid) => {
  calls += 1;
  if (calls % callsPerLook === 0 && performance.now() > deadline) {
    fail('timeout', 'The search takes too long; narrow it, or ask for no total and no order');
  }
  return 1;
});
const reader = openReader(db, (rid) => fragment(`in_time(${rid})`));

port.on('message', ({ name, values, timeoutMs }: Scan) => {
  deadline = performance.now() + timeoutMs;
  try {
    const read = reader[name] as (...values: unknown[]) => unknown;
    port.postMessage({ answer: read(...values) } satisfies ScanReply);
  } catch (error) {
    port.postMessage({ error: toPlainError(translateFault(error)) } satisfies ScanReply);
  }
});
