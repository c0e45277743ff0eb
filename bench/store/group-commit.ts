import { join } from 'node:path';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { BareSqlite } from './bare.ts';
import { bundleOf } from './population.ts';
import { spread, type Spread } from './sample.ts';

const laps = 3;
const lapMs = 400;
const levels = [1, 8, 64, 512] as const;
const body = 'x'.repeat(2_000);

/** Resources a second, one resource to a commit, so many commits in flight. */
export interface GroupCommitFigures {
  readonly inFlight: number;
  readonly bareBody: Spread;
  readonly bareIndexed: Spread;
  readonly store: Spread;
}

/** Bare SQLite with so many resources to a commit, and the store with so many commits in flight, lap by lap. */
export async function measureGroupCommit(folder: string): Promise<GroupCommitFigures[]> {
  const figures: GroupCommitFigures[] = [];
  for (const level of levels) {
    const file = (name: string): string => join(folder, `${name}-${level}.db`);
    const bareBody = new BareSqlite(file('body'), 0);
    const bareIndexed = new BareSqlite(file('indexed'), 15);
    const store = await openSqliteStore({ file: file('store') });
    const rates = { bareBody: [0], bareIndexed: [0], store: [0] };
    for (let lap = 0; lap < laps; lap++) {
      rates.bareBody[lap] = bareRate(bareBody, level);
      rates.bareIndexed[lap] = bareRate(bareIndexed, level);
      rates.store[lap] = await storeRate(store, level, lap);
    }
    bareBody.close();
    bareIndexed.close();
    await store.close();
    figures.push({
      inFlight: level,
      bareBody: spread(rates.bareBody),
      bareIndexed: spread(rates.bareIndexed),
      store: spread(rates.store),
    });
  }
  return figures;
}

function bareRate(bare: BareSqlite, group: number): number {
  const bodies = Array.from({ length: group }, () => body);
  const begun = performance.now();
  let written = 0;
  for (; performance.now() - begun < lapMs; written += group) bare.commit(bodies);
  return (written / (performance.now() - begun)) * 1_000;
}

async function storeRate(store: Store, inFlight: number, lap: number): Promise<number> {
  const begun = performance.now();
  let next = lap * 1_000_000;
  let written = 0;
  const client = async (): Promise<void> => {
    while (performance.now() - begun < lapMs) {
      const n = next++;
      await store.commit(bundleOf(n, n + 1));
      written += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, client));
  return (written / (performance.now() - begun)) * 1_000;
}
