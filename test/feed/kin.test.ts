import { describe, expect, it } from 'vitest';
import { Kin } from '../../src/feed/kin.ts';
import { limits } from '../../src/limits.ts';

const turns = (kin: Kin, ...numbers: readonly string[]): ReadonlySet<string> =>
  new Set(kin.turnsOf({ orderKeys: ['message', ...numbers], kin: [numbers] }));

const share = (one: ReadonlySet<string>, other: ReadonlySet<string>): boolean =>
  [...one].some((key) => key !== 'message' && other.has(key));

/** Whether a message of one number waits for one of the other. */
const meets = (kin: Kin, one: string, other: string): boolean =>
  share(turns(kin, one), turns(kin, other));

describe('numbers of one person', () => {
  it('of strangers do not wait for each other', () => {
    expect(meets(new Kin(), 'a', 'b')).toBe(false);
  });

  it('of one message wait for each other from then on, and by way of a third', () => {
    const kin = new Kin();
    turns(kin, 'a', 'b');
    turns(kin, 'c', 'b');
    turns(kin, 'd', 'e');
    expect([meets(kin, 'a', 'b'), meets(kin, 'a', 'c'), meets(kin, 'b', 'c')]).toEqual([
      true,
      true,
      true,
    ]);
    expect(meets(kin, 'a', 'd')).toBe(false);
  });

  it('wait for what was under way before they were known to be one', () => {
    const kin = new Kin();
    const before = turns(kin, 'b');
    const merge = turns(kin, 'a', 'b');
    expect(share(merge, before)).toBe(true);
    const after = turns(kin, 'b');
    expect(share(after, merge)).toBe(true);
  });

  it('are learned from the claims of a commit', () => {
    const kin = new Kin();
    kin.learn([
      { key: 'a', owner: 'Patient/1' },
      { key: 'b', owner: 'Patient/1' },
      { key: 'v', owner: 'Encounter/1' },
      { key: 'w', owner: 'Encounter/1' },
    ]);
    expect([meets(kin, 'a', 'b'), meets(kin, 'v', 'w')]).toEqual([true, false]);
  });

  it('are forgotten when many others came, not before', () => {
    const kin = new Kin();
    turns(kin, 'a', 'b');
    const others = (from: number): void => {
      for (let at = from; at < from + limits.kinMax - 1; at += 1)
        turns(kin, `x${String(at)}`, `y${String(at)}`);
    };
    others(0);
    expect(meets(kin, 'a', 'b')).toBe(true);
    others(limits.kinMax);
    others(2 * limits.kinMax);
    others(3 * limits.kinMax);
    expect(meets(kin, 'a', 'b')).toBe(false);
  });
});
