/**
 * Commits until it is killed or has done `count`, `inFlight` at a time, and says each number on stdout
 * after its commit's promise has resolved. Arguments: data file, first number, count, inFlight, and the length
 * of the log at which it is copied into the file (its own default).
 */
import { writeSync } from 'node:fs';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { journalEntry, put, token } from '../contract/store-fixture.ts';

const [file = '', first = '0', count = '0', inFlight = '1', walBytes] = process.argv.slice(2);
const store = await openSqliteStore({
  file,
  ...(walBytes === undefined ? {} : { walBytes: Number(walBytes) }),
});
const end = Number(first) + Number(count);
let next = Number(first);

/** Whole lines, also into a pipe that nobody empties for a while. */
function say(line: string): void {
  for (;;) {
    try {
      writeSync(1, line);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

async function commitNext(): Promise<void> {
  while (next < end) {
    const n = next++;
    const index = [token('n', String(n))];
    await store.commit({
      now: new Date(n),
      origin: 'crash',
      changes: [put(`a${n}`, { index }), put(`b${n}`, { index })],
      journal: [journalEntry(`m${n}`, { state: 'processed' })],
      audit: [{ event: String(n) }],
    });
    say(`acknowledged ${n}\n`);
  }
}

await Promise.all(Array.from({ length: Number(inFlight) }, commitNext));
await store.close();
