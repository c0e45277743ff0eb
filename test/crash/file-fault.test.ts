import { closeSync, openSync, readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import { temporaryFolders } from '../store/temporary-folder.ts';
import { saidIn, survey, type Said } from './aftermath.ts';
import { programOf } from './run-child.ts';
import { everyFault, extent, sample } from './sample.ts';
import { callsIn, strace } from './strace.ts';

const folders = temporaryFolders();
afterAll(() => folders.remove());

/** The calls by which SQLite changes files. */
const changing = ['openat', 'pwrite64', 'fdatasync', 'fsync', 'ftruncate', 'unlink'] as const;

/** The parts of a run: after which line they begin, before which they end. */
const parts = {
  opening: ['open', 'opened'],
  commit: ['laid 1', 'acknowledged 1'],
  'closing, with its checkpoint': ['close', 'closed'],
} as const;
type Part = keyof typeof parts;

/** The n-th of its kind in the thread that makes it. */
interface Place {
  readonly call: string;
  readonly nth: number;
}

interface Run {
  readonly file: string;
  readonly said: Said;
  readonly trace: string;
  readonly errors: string;
}

/** Two commits on a new file, with `tampering` done to the calls on its files. */
async function runTraced(tampering: readonly string[] = []): Promise<Run> {
  const folder = folders.make();
  const [file, said, trace] = [`${folder}/weir.db`, `${folder}/said`, `${folder}/trace`];
  const seen = [file, `${file}-wal`, `${file}-shm`, `${file}.lock`, said];
  const args = ['-f', '-y', '-o', trace, ...seen.flatMap((path) => ['-P', path])];
  const traced = ['-e', `trace=write,${changing.join()}`, ...tampering];
  const program = [process.execPath, programOf('./every-effect-child.ts'), file, '1'];
  const output = openSync(said, 'w');
  const child = spawn('strace', [...args, ...traced, ...program], {
    stdio: ['ignore', output, 'pipe'],
  });
  closeSync(output);
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  return { file, errors, said: saidIn(readFileSync(said, 'utf8')), trace };
}

/** Where each part of an undisturbed run changes files. */
function placesIn(trace: string): Map<Part, Place[]> {
  const places = new Map<Part, Place[]>();
  const counts = new Map<string, number>();
  let part: Part | undefined;
  for (const { thread, name, text } of callsIn(readFileSync(trace, 'utf8').split('\n'))) {
    if (name === 'write') {
      const line = /"(.*)\\n"/.exec(text)?.[1];
      const named = Object.entries(parts) as [Part, readonly [string, string]][];
      const begun = named.find(([, [begin]]) => begin === line)?.[0];
      if (begun !== undefined) part = begun;
      else if (named.some(([, [, end]]) => end === line)) part = undefined;
      continue;
    }
    const key = `${thread} ${name}`;
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    if (part !== undefined) places.set(part, [...(places.get(part) ?? []), { call: name, nth }]);
  }
  return places;
}

describe.skipIf(strace.skip)(`the n-th call that changes a file${strace.note}`, () => {
  const undisturbed = runTraced();
  const most: Record<Part, number> = {
    opening: 40,
    commit: Infinity,
    'closing, with its checkpoint': 40,
  };
  const chosen = async (part: Part): Promise<readonly Place[]> => {
    const { trace, said } = await undisturbed;
    expect(said.acknowledged).toEqual([1, 2]);
    const places = placesIn(trace).get(part) ?? [];
    expect(places.length).toBeGreaterThan(3);
    expect(places.map(({ call }) => call)).toContain('pwrite64');
    const few = everyFault ? most[part] : 4;
    return sample(places, few);
  };

  it.each(Object.keys(parts) as Part[])(
    `laws 1, 2: of %s, fails: what is acknowledged is whole, and writing goes on (${extent})`,
    { timeout: 300_000 },
    async (part) => {
      // strace counts anew in each thread, and each try to open starts one: it would never succeed.
      const others = (await chosen(part)).filter(({ call }) => call !== 'openat');
      for (const { call, nth } of others) {
        const run = await runTraced(['-e', `inject=${call}:error=EIO:when=${nth}`]);
        const place = `${call} ${nth}: ${run.errors}${run.said.text}`;
        expect(readFileSync(run.trace, 'utf8'), place).toContain('(INJECTED)');
        expect(run.said.text, place).toMatch(/^closed$/m);
        for (const refusal of run.said.refused) {
          expect(refusal, place).toEqual({ code: 'storage-full', standing: 'absent' });
        }
        expect(run.said.acknowledged, place).toContain(2);
        await survey(run.file, run.said);
      }
    },
  );

  it.each(Object.keys(parts) as Part[])(
    `laws 1, 2: of %s, is the last: what is acknowledged is whole, any other whole or not there (${extent})`,
    { timeout: 300_000 },
    async (part) => {
      for (const { call, nth } of await chosen(part)) {
        const run = await runTraced(['-e', `inject=${call}:signal=SIGKILL:when=${nth}`]);
        expect(run.said.text, `${call} ${nth}`).not.toMatch(/^closed$/m);
        await survey(run.file, run.said);
      }
    },
  );
});
