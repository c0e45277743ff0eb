import { describe, expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { loopShare, Share } from '../../src/ops/share.ts';

const { shareMsMin, shareMsMax, shareMsMaxLate, shareOfOthers, shareOfOthersLate } = limits;

/** A thread whose others take so long each time that they are let; work takes time by `work`. */
function thread(othersMs: () => number) {
  let now = 1_000;
  const spent = { work: 0, others: 0, yields: 0 };
  const share = new Share({
    now: () => now,
    others: async () => {
      await Promise.resolve();
      spent.yields += 1;
      spent.others += othersMs();
      now += othersMs();
    },
  });
  const work = (ms: number): void => {
    now += ms;
    spent.work += ms;
  };
  return { share, spent, work };
}

async function steps(
  { share, work }: ReturnType<typeof thread>,
  count: number,
  ms: number,
): Promise<void> {
  for (let step = 0; step < count; step += 1) {
    await share.turn();
    work(ms);
  }
}

describe('a share of the thread', () => {
  it('begins with the others', async () => {
    const idle = thread(() => 0);
    await idle.share.turn();
    expect(idle.spent.yields).toBe(1);
  });

  it('is short where nobody else wants the thread', async () => {
    const idle = thread(() => 0);
    await steps(idle, 100, 0.5);
    expect(idle.spent.yields).toBe(50 / shareMsMin);
  });

  it('is the fair part of what others take', async () => {
    const busy = thread(() => 45);
    await steps(busy, 3_000, 0.5);
    const { work, others } = busy.spent;
    expect(work / others).toBeCloseTo(shareOfOthers, 1);
  });

  it('is a larger part while the work is late, and until then', async () => {
    const busy = thread(() => 45);
    busy.share.isLate = true;
    await steps(busy, 3_000, 0.5);
    expect(busy.spent.work / busy.spent.others).toBeCloseTo(shareOfOthersLate, 1);
    expect(shareOfOthersLate).toBeGreaterThan(shareOfOthers);
    busy.share.isLate = false;
    const { work, others } = busy.spent;
    await steps(busy, 3_000, 0.5);
    expect((busy.spent.work - work) / (busy.spent.others - others)).toBeCloseTo(shareOfOthers, 1);
  });

  it('never keeps the thread for longer than the most, however long others took', async () => {
    const stalled = thread(() => 10_000);
    await steps(stalled, 1_000, 0.5);
    expect(stalled.spent.yields).toBe(500 / shareMsMax);
    stalled.share.isLate = true;
    await steps(stalled, 2, shareMsMaxLate);
    expect(stalled.spent.yields).toBe(500 / shareMsMax + 2);
  });

  it('follows the others from turn to turn', async () => {
    let othersMs = 60;
    const changing = thread(() => othersMs);
    await steps(changing, 1, 0.5);
    othersMs = 0;
    await steps(changing, (60 * shareOfOthers) / 0.5 - 1, 0.5);
    expect(changing.spent.yields).toBe(1);
    await steps(changing, shareMsMin / 0.5, 0.5);
    expect(changing.spent.yields).toBe(2);
  });

  it('lets one step go on in each turn, however long every look at the clock takes', async () => {
    let now = 0;
    let yields = 0;
    const others = async (): Promise<void> => {
      yields += 1;
    };
    const slow = new Share({ now: () => (now += 10 * shareMsMax), others });
    for (let step = 0; step < 5; step += 1) await slow.turn();
    expect(yields).toBe(5);
  });

  it('is one for all who hold it: they wait for the same turn, and use it up together', async () => {
    const busy = thread(() => 30);
    await Promise.all(Array.from({ length: 8 }, () => steps(busy, 50, 0.5)));
    const { work, yields } = busy.spent;
    expect(work).toBe(200);
    // Each of the eight may be within a step when the turn ends.
    expect(yields).toBeGreaterThanOrEqual(Math.floor(200 / (30 * shareOfOthers + 8 * 0.5)));
    expect(yields).toBeLessThanOrEqual(200 / (30 * shareOfOthers));
  });
});

it('lets timers and reads have the thread between two turns of the loop', async () => {
  const share = loopShare();
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), 1);
  for (let step = 0; ticks < 3 && step < 1_000_000; step += 1) await share.turn();
  clearInterval(timer);
  expect(ticks).toBe(3);
});
