import type { Commit, Store } from '../../src/store/store.ts';
import type { BareSqlite } from './bare.ts';
import { bundleOf } from './population.ts';
import { millisecondsOf } from './sample.ts';

const bundleResources = 250;
const chunkResources = 5_000;

/** How fast a stretch of the load went, in resources a second. */
export interface StretchFigures {
  readonly from: number;
  readonly to: number;
  readonly storePerSecond: number;
  readonly barePerSecond: number;
  /** Processor time of all threads, which other work on the machine does not blur. */
  readonly storeCpuMs: number;
  readonly bareCpuMs: number;
  /** Bytes of the bodies that were loaded in it. */
  readonly bodyBytes: number;
}

interface Loaded {
  readonly store: Store;
  readonly bare: BareSqlite;
}

/**
 * Loads resources `from` to `to` into the store and into bare SQLite, both in turn, so that what else the machine
 * does hits both: Bundles of 250, two in flight, against transactions of 500.
 */
export async function loadStretch(
  { store, bare }: Loaded,
  from: number,
  to: number,
): Promise<StretchFigures> {
  const spent = { store: { ms: 0, cpuMs: 0 }, bare: { ms: 0, cpuMs: 0 } };
  let bodyBytes = 0;
  for (let first = from; first < to; first += chunkResources) {
    const bundles = bundlesOf(first, Math.min(first + chunkResources, to));
    const bodies = bundles.flatMap(bodiesOf);
    bodyBytes += bodies.reduce((sum, body) => sum + body.length, 0);
    await spend(spent.store, () => commitAll(store, bundles));
    await spend(spent.bare, () => insertAll(bare, bodies));
  }
  const perSecond = ({ ms }: Spent): number => ((to - from) / ms) * 1_000;
  return {
    ...{ from, to, bodyBytes },
    ...{ storePerSecond: perSecond(spent.store), barePerSecond: perSecond(spent.bare) },
    ...{ storeCpuMs: spent.store.cpuMs, bareCpuMs: spent.bare.cpuMs },
  };
}

interface Spent {
  ms: number;
  cpuMs: number;
}

async function spend(spent: Spent, work: () => unknown): Promise<void> {
  const before = process.cpuUsage();
  spent.ms += await millisecondsOf(work);
  const { user, system } = process.cpuUsage(before);
  spent.cpuMs += (user + system) / 1_000;
}

function bundlesOf(from: number, to: number): Commit[] {
  const bundles: Commit[] = [];
  for (let first = from; first < to; first += bundleResources) {
    bundles.push(bundleOf(first, Math.min(first + bundleResources, to)));
  }
  return bundles;
}

function bodiesOf({ changes }: Commit): string[] {
  return changes.map((change) => (change.op === 'put' ? JSON.stringify(change.resource) : ''));
}

async function commitAll(store: Store, bundles: readonly Commit[]): Promise<void> {
  const waiting = bundles.values();
  const sender = async (): Promise<void> => {
    for (const bundle of waiting) await store.commit(bundle);
  };
  await Promise.all([sender(), sender()]);
}

function insertAll(bare: BareSqlite, bodies: readonly string[]): void {
  for (let first = 0; first < bodies.length; first += 2 * bundleResources) {
    bare.commit(bodies.slice(first, first + 2 * bundleResources));
  }
}
