import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { temporaryFolders } from '../store/temporary-folder.ts';
import type { Remains } from './aftercut-child.ts';
import { loopDisks, makeDisk, onDisk } from './loop-disk.ts';
import { programOf, run } from './run-child.ts';
import { chance, seed } from './sample.ts';

const folders = temporaryFolders();
const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  folders.remove();
});

/** More than a quick machine writes in that time without a sync; what is not written takes no room. */
const diskBytes = 2 * 1024 * 1024 * 1024;

/** A copy of a disk at the moment of a power cut, and what had been acknowledged by then. */
interface Cut {
  readonly image: string;
  readonly acknowledged: string;
}

/**
 * Commits to a disk, and cuts the power at `rounds` random moments: the process is stopped and the disk
 * copied as the device has it. What only the page cache holds is not in the copy.
 */
async function cutPower(rounds: number, synchronous?: string): Promise<readonly Cut[]> {
  const folder = folders.make();
  const image = `${folder}/disk`;
  makeDisk(image, diskBytes);
  const mounted = `${folder}/mounted`;
  const shim = synchronous === undefined ? [] : ['--import', programOf('./driver-shim.ts')];
  const workload = [programOf('./commit-child.ts'), `${mounted}/weir.db`, '0', '1000000', '8'];
  // With a log that is copied often, or (where what is not synced is to be lost) never.
  if (synchronous === undefined) workload.push(String(1024 * 1024));
  const program = [process.execPath, ...shim, ...workload];
  const [command, ...args] = onDisk(image, mounted, program);
  const env = { ...process.env, ...(synchronous && { WEIR_TEST_SYNCHRONOUS: synchronous }) };
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
  running.add(child);
  const ended = new Promise((resolve) => child.once('close', resolve));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  while (!output.includes('\n') && child.exitCode === null) await pause(5);

  const cuts: Cut[] = [];
  for (let round = 1; round <= rounds; round++) {
    await pause(20 + chance() * 180);
    child.kill('SIGSTOP');
    const cut = { image: `${folder}/cut-${round}`, acknowledged: `${folder}/told-${round}` };
    execFileSync('cp', ['--sparse=always', image, cut.image]);
    // What the pipe still held was said before the power went.
    await pause(20);
    const told = [...output.matchAll(/acknowledged (\d+)\n/g)].map(([, n]) => Number(n));
    writeFileSync(cut.acknowledged, JSON.stringify(told));
    cuts.push(cut);
    child.kill('SIGCONT');
  }
  expect(child.exitCode, 'it was still committing').toBeNull();
  child.kill('SIGKILL');
  await ended;
  running.delete(child);
  return cuts;
}

/** What is on the disks once the power is back. */
async function restart(cuts: readonly Cut[]): Promise<readonly Remains[]> {
  const mounted = folders.make();
  const pairs = cuts.flatMap(({ image, acknowledged }) => [image, acknowledged]);
  const args = [process.execPath, programOf('./aftercut-child.ts'), mounted, ...pairs];
  const { stdout, stderr } = await run('unshare', ['-m', '--propagation', 'private', ...args]);
  expect(stderr).toBe('');
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Remains);
}

describe.skipIf(loopDisks.skip)(`the plug is pulled${loopDisks.note}`, () => {
  it(
    `I1: 20 times, nothing acknowledged is lost, nothing is torn (seed ${seed})`,
    { timeout: 240_000 },
    async () => {
      const remains = await restart(await cutPower(20));
      expect(remains).toHaveLength(20);
      for (const one of remains) {
        expect(one).toMatchObject({ lost: 0, torn: 0, integrity: 'ok' });
        expect(one.chain).toBeUndefined();
      }
      const acknowledged = remains.at(-1)?.acknowledged ?? 0;
      expect(acknowledged).toBeGreaterThan(100);
      console.log(`20 power cuts: ${acknowledged} commits acknowledged by the last, 0 lost`);
    },
  );

  it.each(['NORMAL', 'OFF'])(
    'and the test would see it: with synchronous=%s acknowledged commits are lost',
    { timeout: 120_000 },
    async (synchronous) => {
      const remains = await restart(await cutPower(3, synchronous));
      const { acknowledged = 0, lost = 0 } = remains.at(-1) ?? {};
      expect(lost).toBeGreaterThan(0);
      const figures = `${acknowledged} commits acknowledged by the last, ${lost} lost`;
      console.log(`3 power cuts with synchronous=${synchronous}: ${figures}`);
    },
  );
});
