import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { BareSqlite } from './bare.ts';
import { quantile } from './sample.ts';

/** What the figures were taken on. */
export interface MachineFigures {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly sqlite: string;
  /** Others at work: processes ready to run, over a minute, before the bench began. */
  readonly loadBefore: number;
  readonly syncP50Ms: number;
  readonly syncP99Ms: number;
}

export function measureMachine(folder: string): MachineFigures {
  const bare = new BareSqlite(join(folder, 'version.db'), 0);
  const sqlite = bare.version;
  bare.close();
  const syncs = syncTimes(join(folder, 'sync'));
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    sqlite,
    loadBefore: loadavg()[0] ?? 0,
    syncP50Ms: quantile(syncs, 0.5),
    syncP99Ms: quantile(syncs, 0.99),
  };
}

/** The disk's own limit: small durable writes, one after the other. */
function syncTimes(file: string): number[] {
  const fd = openSync(file, 'w');
  const block = Buffer.alloc(4_096, 1);
  const times = Array.from({ length: 1_000 }, (_, n) => {
    const begun = performance.now();
    writeSync(fd, block, 0, block.length, n * block.length);
    fdatasyncSync(fd);
    return performance.now() - begun;
  });
  closeSync(fd);
  return times;
}
