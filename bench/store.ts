/**
 * The embedded store against the limits of this machine, measured in the same run:
 * `weir bench store [--size 10k|100k|1m] [--json FILE]`. 10 k takes less than a minute, 1 M about a quarter of an hour.
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import { BareSqlite } from './store/bare.ts';
import type { StoreFigures } from './store/figures.ts';
import { measureGroupCommit } from './store/group-commit.ts';
import { loadStretch } from './store/load.ts';
import { measureMachine } from './store/machine.ts';
import { measureReopen } from './store/reopen.ts';
import { measureShapes } from './store/shapes.ts';
import { tableAsText } from './store/table.ts';
import { tablesOf } from './store/tables.ts';

/** The sizes at which a load of the size asked for stops to search. */
const stopsBySize: Readonly<Record<string, readonly number[]>> = {
  '10k': [1_000, 10_000],
  '100k': [1_000, 10_000, 100_000],
  '1m': [1_000, 10_000, 100_000, 300_000, 1_000_000],
};

const { values } = parseArgs({
  options: { size: { type: 'string', default: '10k' }, json: { type: 'string' } },
});
const stops = stopsBySize[values.size];
if (stops === undefined) {
  console.error(`--size is one of ${Object.keys(stopsBySize).join(', ')}`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
try {
  const figures = await measure(stops);
  for (const table of tablesOf(figures)) console.log(tableAsText(table));
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(figures, null, 2));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(stops: readonly number[]): Promise<StoreFigures> {
  const takenAt = new Date().toISOString();
  const machine = measureMachine(folder);
  progress('group commit');
  const groupCommit = await measureGroupCommit(folder);
  const file = join(folder, 'weir.db');
  const { load, searches } = await grow(file, stops);
  const resources = stops.at(-1) ?? 0;
  const disk = { resources, fileBytes: statSync(file).size };
  progress('reopening');
  const reopen = measureReopen(file, resources);
  return { takenAt, machine, groupCommit, load, searches, disk, reopen };
}

/** Loads stretch by stretch and searches after each. */
async function grow(
  file: string,
  stops: readonly number[],
): Promise<Pick<StoreFigures, 'load' | 'searches'>> {
  const store = await openSqliteStore({ file });
  const bare = new BareSqlite(join(folder, 'bare.db'), 15);
  const load: StoreFigures['load'][number][] = [];
  const searches: StoreFigures['searches'][number][] = [];
  for (const [at, to] of stops.entries()) {
    progress(`load to ${to}`);
    load.push(await loadStretch({ store, bare }, stops[at - 1] ?? 0, to));
    progress(`searches at ${to}`);
    // The first calls of all make the code warm; they count for no size.
    if (at === 0) await measureShapes(store, to);
    searches.push({ size: to, shapes: await measureShapes(store, to) });
  }
  bare.close();
  await store.close();
  return { load, searches };
}

function progress(what: string): void {
  process.stderr.write(`${what}\n`);
}
