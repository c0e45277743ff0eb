import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { verifyChain } from '../../src/store/audit-chain.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { temporaryFolders } from '../store/temporary-folder.ts';
import { integrity } from './aftermath.ts';

const folders = temporaryFolders();
afterAll(() => folders.remove());
const child = fileURLToPath(new URL('./commit-child.ts', import.meta.url));
const rounds = 5;

/** Runs the child until it has acknowledged some commits, kills it, and gives what it acknowledged. */
async function commitAndKill(file: string, first: number): Promise<number[]> {
  const running = spawn(process.execPath, [child, file, String(first), '1000000', '16'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  running.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise((resolve) => running.once('close', resolve));
  while (!output.includes('\n') && running.exitCode === null) await pause(5);
  await pause(Math.random() * 200);
  running.kill('SIGKILL');
  await ended;
  return acknowledged(output);
}

/** Whole lines only: the last may be cut off. */
function acknowledged(output: string): number[] {
  return [...output.matchAll(/acknowledged (\d+)\n/g)].map(([, n]) => Number(n));
}

describe('invariant I1: what was acknowledged survives', () => {
  it(`kill -9 at any moment, ${rounds} rounds on one file`, async () => {
    const file = `${folders.make()}/weir.db`;
    const told: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const acks = await commitAndKill(file, round * 1_000_000);
      expect(acks.length).toBeGreaterThan(0);
      told.push(...acks);

      const store = await openSqliteStore({ file });
      for (const n of told) {
        expect((await store.read('Patient', `a${n}`))?.versionId).toBe('1');
        expect((await store.journal.read(`m${n}`))?.state).toBe('processed');
      }
      const events = (await store.audit.rows(0, 10_000_000)).map(({ event }) => event);
      expect(verifyChain(await store.audit.rows(0, 10_000_000))).toBeUndefined();
      const written = await store.history({ count: 0 });
      expect(written.total).toBe(events.length * 2);
      expect((await store.counts()).get('Patient')).toBe(events.length * 2);
      for (const n of events) expect(await store.read('Patient', `b${n}`)).toBeDefined();
      await store.close();
      expect(integrity(file)).toBe('ok');
    }
  });
});
