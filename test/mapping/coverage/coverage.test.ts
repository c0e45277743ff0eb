import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { accountForGuide, readGuide } from '../../../src/cli/guide-account.ts';
import { openMaps } from '../../../src/cli/maps.ts';
import { countsOf } from '../../../src/mapping/coverage/account.ts';
import { corrected, readGuideFaults } from '../../../src/mapping/coverage/guide-notes.ts';
import { readCondition } from '../../../src/mapping/coverage/guide-condition.ts';
import { guideFolder, whyNoGuide } from './guide-files.ts';

/** Of the last run; they may grow, and have to when the pack does. */
const floor = { rows: 4398, covered: 3_985 };

const guide = whyNoGuide === undefined ? await readGuide(guideFolder) : [];

describe.skipIf(whyNoGuide !== undefined)(`HL7's guide${whyNoGuide === undefined ? '' : `: ${whyNoGuide}`}`, () => {
  it('is read whole', () => {
    const mapped = (kind: string): number[] => {
      const sheets = guide.filter((sheet) => sheet.kind === kind);
      return [sheets.length, sheets.flatMap(({ rows }) => rows).length];
    };
    expect(mapped('message')).toEqual([13, 402]);
    expect(mapped('segment')).toEqual([75, 1055]);
    expect(mapped('datatype')).toEqual([105, 617]);
    expect(mapped('table')).toEqual([99, 2324]);
  });

  it('has no condition that cannot be read, but for the faults we put right', async () => {
    const faults = readGuideFaults(await readFile('mappings/guide-faults.yaml', 'utf8'));
    const { sheets } = corrected(guide, faults);
    const unread = sheets
      .flatMap(({ rows }) => rows)
      .filter(({ condition }) => condition !== '' && !readCondition(condition, { name: 'PID', path: [1] }))
      .map(({ condition }) => condition);
    expect([...new Set(unread)]).toEqual([]);
  });

  it('is covered, or left out with a reason', { timeout: 240_000 }, async () => {
    const { pack } = await openMaps({ site: '', zone: 'UTC' });
    if (!pack) throw new Error('The base pack has a fault');
    const account = await accountForGuide(guideFolder, pack);
    const { all } = countsOf(account);
    const open = account.rows.filter(({ status }) => status === 'open').map(({ id }) => id);
    expect(open).toEqual([]);
    expect(account.idle).toEqual([]);
    expect(account.unseenFaults).toEqual([]);
    expect(all.rows).toBe(floor.rows);
    expect(all.covered).toBeGreaterThanOrEqual(floor.covered);
  });
});
