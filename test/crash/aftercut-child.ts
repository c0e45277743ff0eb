/**
 * Runs in a mount namespace of its own: mounts each copy of a disk, opens the store on it as after a power
 * cut, and says as a JSON line what is there. Arguments: a folder to mount at, then image and file with
 * what was acknowledged, by turns.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { verifyChain } from '../../src/store/audit-chain.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { journalEntry, put } from '../contract/store-fixture.ts';
import { integrity } from './aftermath.ts';

/** What a disk held after the power was cut. */
export interface Remains {
  readonly acknowledged: number;
  /** Acknowledged, and not there or not whole. */
  readonly lost: number;
  /** Commits that are there, acknowledged or not. */
  readonly there: number;
  /** There in part. */
  readonly torn: number;
  readonly chain: unknown;
  readonly integrity: unknown;
}

const [folder = '', ...pairs] = process.argv.slice(2);
const file = `${folder}/weir.db`;

for (let at = 0; at < pairs.length; at += 2) {
  execFileSync('mount', ['-o', 'loop', pairs[at] ?? '', folder]);
  const acknowledged = JSON.parse(readFileSync(pairs[at + 1] ?? '', 'utf8')) as number[];
  console.log(JSON.stringify(await remains(acknowledged)));
  execFileSync('umount', [folder]);
}

async function remains(acknowledged: readonly number[]): Promise<Remains> {
  const store = await openSqliteStore({ file });
  const rows = await store.audit.rows(0, 10_000_000);
  const there = new Set(rows.map(({ event }) => Number(event)));
  let torn = 0;
  for (const n of there) if ((await facesOf(n)) !== 3) torn += 1;
  const versions = (await store.history({ count: 0 })).total;
  // What is there beyond the commits that are told of would be half of another.
  if (versions !== 2 * there.size) torn += 1;
  const lost = acknowledged.filter((n) => !there.has(n)).length;
  await store.commit({
    now: new Date(),
    origin: 'after',
    changes: [put('after')],
    journal: [journalEntry('after')],
    audit: [{ event: '-1' }],
  });
  const chain = verifyChain(await store.audit.rows(0, 10_000_000));
  await store.close();
  const left = { torn, chain, integrity: integrity(file) };
  return { acknowledged: acknowledged.length, lost, there: there.size, ...left };

  async function facesOf(n: number): Promise<number> {
    const faces = [
      (await store.read('Patient', `a${n}`))?.versionId,
      (await store.read('Patient', `b${n}`))?.versionId,
      (await store.journal.read(`m${n}`))?.id,
    ];
    return faces.filter((face) => face !== undefined).length;
  }
}
