import { afterAll, describe, expect, it } from 'vitest';
import { temporaryFolders } from '../store/temporary-folder.ts';
import { saidIn, survey } from './aftermath.ts';
import { programOf, runShimmed } from './run-child.ts';
import { everyFault, extent, sample } from './sample.ts';

const folders = temporaryFolders();
afterAll(() => folders.remove());

/** Runs two commits on a new file, killed before the step of the first; what was said, and the file. */
async function killedAt(step: number) {
  const file = `${folders.make()}/weir.db`;
  const child = programOf('./every-effect-child.ts');
  const { signal, stdout, stderr } = await runShimmed([child, file, '1', String(step)]);
  expect(stderr).toBe('');
  return { file, signal, said: saidIn(stdout) };
}

describe('kill -9 between every two steps of a commit', () => {
  it(
    `laws 1, 2: it is there whole or not at all, and whole once acknowledged (${extent})`,
    { timeout: 180_000 },
    async () => {
      const untouched = await killedAt(1_000_000);
      expect(untouched).toMatchObject({ signal: null, said: { acknowledged: [1, 2] } });
      const steps = Number(/^steps (\d+)$/m.exec(untouched.said.text)?.[1]);
      expect(steps).toBeGreaterThan(40);

      const places: string[] = [];
      const all = Array.from({ length: steps }, (_, at) => at + 1);
      for (const step of sample(all, everyFault ? Infinity : 8)) {
        const { file, signal, said } = await killedAt(step);
        await survey(file, said);
        expect(said.laid[0]).toBe(1);
        // An index that is brought up to date besides takes steps too, now here, now there.
        if (signal === null) continue;
        expect(signal).toBe('SIGKILL');
        places.push(/^killed (.*)$/m.exec(said.text)?.[1] ?? 'nowhere');
      }
      expect(places.length).toBeGreaterThan(everyFault ? steps - 10 : 4);
      expect(places).toContainEqual(expect.stringMatching(/^before BEGIN/));
      if (everyFault) expect(places).toContain('after COMMIT');
    },
  );
});
