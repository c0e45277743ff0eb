import { afterAll, describe, expect, it } from 'vitest';
import { temporaryFolders } from '../store/temporary-folder.ts';
import type { Finding } from './driver-fault-child.ts';
import { programOf, runShimmed } from './run-child.ts';
import { extent } from './sample.ts';

const folders = temporaryFolders();
afterAll(() => folders.remove());

/** What came of each blow; the process has looked at its files itself and ends well only if they hold. */
async function findings(subject: string): Promise<readonly Finding[]> {
  const program = programOf('./driver-fault-child.ts');
  const ended = await runShimmed([program, subject, folders.make()]);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  const lines = ended.stdout.trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Finding);
}

/** What each commit must have been told, going by what is there of it. */
const owed = ({ standing }: Finding): string[] =>
  standing.map((one) => (one === 'whole' ? 'acknowledged' : 'storage-full'));

describe(`the n-th call to the driver fails (${extent})`, { timeout: 300_000 }, () => {
  it.each([
    { subject: 'commit', of: 'a commit', atLeast: 80 },
    { subject: 'group', of: 'a group of two commits', atLeast: 25 },
  ])(
    'laws 1, 2: of $of, an acknowledged one is there whole, a refused one not at all, and the next succeeds',
    async ({ subject, atLeast }) => {
      const found = await findings(subject);
      expect(found.length).toBeGreaterThan(atLeast);
      for (const finding of found) {
        expect(finding, JSON.stringify(finding)).toMatchObject({
          told: owed(finding),
          next: 'acknowledged',
        });
      }
      expect(found.some(({ told }) => told.includes('storage-full'))).toBe(true);
      expect(found.find(({ blow }) => blow === 'untouched')?.told).toContain('acknowledged');
    },
  );

  it.each([
    { subject: 'open-new', of: 'opening a new file' },
    { subject: 'open-old', of: 'opening a file with a commit in it' },
  ])('of $of: that is refused with a sentence, and the next try succeeds', async ({ subject }) => {
    const found = await findings(subject);
    expect(found.length).toBeGreaterThan(5);
    for (const finding of found) {
      const told = ['unwritable', 'acknowledged'].filter((word) => finding.told.includes(word));
      expect(finding, JSON.stringify(finding)).toMatchObject({ told, next: 'acknowledged' });
      expect(told).toHaveLength(1);
    }
    expect(found.some(({ told }) => told.includes('unwritable'))).toBe(true);
  });

  it('of closing: what was acknowledged is there', async () => {
    for (const { told, standing } of await findings('close')) {
      expect({ told, standing }).toEqual({ told: ['acknowledged'], standing: ['whole'] });
    }
  });

  it('of a checkpoint: commits go on', async () => {
    for (const { told, step } of await findings('checkpoints')) {
      expect(step).toBeGreaterThan(0);
      expect(new Set(told)).toEqual(new Set(['acknowledged']));
    }
  });
});
