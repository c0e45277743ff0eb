import Database from 'better-sqlite3-multiple-ciphers';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { verifyChain } from '../../src/store/audit-chain.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { temporaryFolders } from '../store/temporary-folder.ts';

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

  const strace = spawnSync('strace', ['-V']).status === 0;
  it.skipIf(!strace)(
    `a sync of the log precedes every answer${strace ? '' : ' (skipped: no strace here)'}`,
    () => {
      const folder = folders.make();
      const trace = `${folder}/trace`;
      const calls = 'trace=fdatasync,fsync,write';
      const args = ['-f', '-y', '-e', calls, '-o', trace, process.execPath, child];
      const run = spawnSync('strace', [...args, `${folder}/weir.db`, '0', '100', '1'], {
        encoding: 'utf8',
      });
      expect(acknowledged(run.stdout)).toHaveLength(100);
      expect(unsynced(readFileSync(trace, 'utf8'))).toEqual([]);
    },
  );
});

function integrity(file: string): unknown {
  const db = new Database(file);
  const result = db.pragma('integrity_check', { simple: true });
  db.close();
  return result;
}

/** Answers that left without a finished sync of the log since the answer before. */
function unsynced(trace: string): string[] {
  const found: string[] = [];
  let synced = false;
  for (const line of trace.split('\n')) {
    if (/f(data)?sync(\(\d+<[^>]*-wal>\)| resumed>\))\s*= 0/.test(line)) synced = true;
    const answer = /write\(1<.*"(acknowledged \d+)/.exec(line);
    if (answer === null) continue;
    if (!synced) found.push(answer[1] ?? '');
    synced = false;
  }
  return found;
}
