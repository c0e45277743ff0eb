/**
 * Fills the disk under an open store, and empties it again; says as one JSON line what the store did.
 * Argument: a folder on a small disk.
 */
import { rmSync } from 'node:fs';
import { OutcomeError } from '../../src/fhir/issue.ts';
import { StoreOpenError } from '../../src/store/open-error.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { idsOf, journalEntry, put, token } from '../contract/store-fixture.ts';
import { integrity } from './aftermath.ts';
import { fillDisk } from './loop-disk.ts';

const [folder = ''] = process.argv.slice(2);
const file = `${folder}/weir.db`;
const filler = `${folder}/filler`;

const acknowledged: number[] = [];

async function commit(store: Store, n: number): Promise<string> {
  const told = await toldOf(
    store.commit({
      now: new Date(n),
      origin: 'test',
      changes: [
        put(`p${n}`, { index: [token('n', String(n))], content: { text: 'x'.repeat(20_000) } }),
      ],
      journal: [journalEntry(`m${n}`, { state: 'processed' })],
      audit: [{ event: String(n) }],
    }),
  );
  if (told === 'well') acknowledged.push(n);
  return told;
}

/** `well`, or the code it was refused with. */
async function toldOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return 'well';
  } catch (error) {
    if (error instanceof OutcomeError) return error.issues[0].code;
    if (error instanceof StoreOpenError) return error.reason;
    return String(error);
  }
}

/** Whether what was acknowledged is there by id, by search, in the journal and in the sums; nothing else is. */
async function holds(store: Store): Promise<boolean> {
  for (const n of acknowledged) {
    const found = await idsOf(store, { op: 'token', param: 'n', code: String(n) });
    const row = await store.journal.read(`m${n}`);
    if (found.join() !== `p${n}` || row === undefined) return false;
  }
  const events = (await store.audit.rows(0, 1_000_000)).map(({ event }) => Number(event));
  const live = (await store.counts()).get('Patient') ?? 0;
  return live === acknowledged.length && events.join() === acknowledged.join();
}

async function commitUntilRefused(store: Store, from: number): Promise<string> {
  for (let n = from; n < from + 1_000; n++) {
    const told = await commit(store, n);
    if (told !== 'well') return told;
  }
  return 'never';
}

let store = await openSqliteStore({ file });
for (let n = 0; n < 20; n++) await commit(store, n);
fillDisk(filler);
const refused = await commitUntilRefused(store, 1_000);
const whileFull = {
  refused,
  again: await commit(store, 2_000),
  health: await toldOf(store.check()),
  holds: await holds(store),
};
rmSync(filler);
const room = { commit: await commit(store, 3_000), health: await toldOf(store.check()) };
const afterwards = { ...room, holds: await holds(store) };

// Full again, and now stopped and started; closing would copy the log into the file, and cannot.
fillDisk(filler);
const refusedAgain = await commitUntilRefused(store, 4_000);
const closed = await toldOf(store.close());
const opening = openSqliteStore({ file });
const opened = await toldOf(opening);
const reads = opened === 'well' ? await holds(await opening) : undefined;
if (opened === 'well') await (await opening).close();
rmSync(filler);
store = await openSqliteStore({ file });
const restarted = { refused: refusedAgain, closed, opened, reads, holds: await holds(store) };
const last = await commit(store, 5_000);
await store.close();
console.log(JSON.stringify({ whileFull, afterwards, restarted, last, integrity: integrity(file) }));
