import { describe, expect, it } from 'vitest';
import { Precedence } from '../../src/ops/precedence.ts';

/** A clock that goes on by pauses and by work; at each moment of it `meanwhile` happens. */
function clocked(meanwhile: (now: number) => void = () => undefined) {
  const time = { now: 0 };
  const precedence = new Precedence({
    ...{ restOfStep: 10, restMsMax: 80, stepMs: 1, quietMs: 1 },
    now: () => time.now,
    pause: async (ms) => {
      await new Promise(setImmediate);
      time.now += ms;
      meanwhile(time.now);
    },
  });
  /** Begins or goes on, works so long, and says when it began. */
  const turnAt = async (what: 'begin' | 'step', ms = 2): Promise<number> => {
    await precedence[what]();
    const from = time.now;
    time.now += ms;
    return from;
  };
  const untold = (): void => void precedence.awaited(() => new Promise(() => undefined));
  return { precedence, turnAt, time, untold };
}

describe('precedence of what somebody waits for', () => {
  it('others have their turns one after another where nobody waits', async () => {
    const { turnAt } = clocked();
    expect([await turnAt('begin'), await turnAt('begin'), await turnAt('step')]).toEqual([0, 2, 4]);
  });

  it('else each comes after a rest of so many times as long as the one before, however long somebody waits', async () => {
    const { turnAt, untold } = clocked();
    untold();
    expect([await turnAt('begin', 2), await turnAt('step', 3)]).toEqual([0, 22]);
    expect([await turnAt('step', 1), await turnAt('begin')]).toEqual([55, 66]);
  });

  it('a rest after a long step is no longer than that', async () => {
    const { turnAt, untold } = clocked();
    untold();
    expect([await turnAt('begin', 1_000), await turnAt('step', 8), await turnAt('step')]).toEqual([
      0, 1_080, 1_168,
    ]);
  });

  it('a step that was short so far goes on', async () => {
    const { turnAt, untold } = clocked();
    untold();
    expect([await turnAt('begin', 0.5), await turnAt('step', 0.5)]).toEqual([0, 0.5]);
    expect(await turnAt('step')).toBe(11);
  });

  it('what was begun goes on before anything begins, the first that waits in front', async () => {
    const { precedence, untold, time } = clocked();
    untold();
    await precedence.begin();
    time.now += 2;
    const had: string[] = [];
    const turn = async (what: 'begin' | 'step', who: string): Promise<void> => {
      await precedence[what]();
      had.push(who);
      time.now += 2;
    };
    await Promise.all([
      turn('begin', 'new'),
      turn('step', 'first'),
      turn('begin', 'newer'),
      turn('step', 'second'),
    ]);
    expect(had).toEqual(['first', 'second', 'new', 'newer']);
  });

  it('a turn comes when nobody waits any more, and not between one question and the next', async () => {
    const first = Promise.withResolvers<undefined>();
    const { precedence, turnAt, time } = clocked((now) => {
      if (now >= 7) first.resolve(undefined);
    });
    const answered = precedence.awaited(() => first.promise);
    expect(await turnAt('begin', 2)).toBe(0);
    expect(await turnAt('begin', 0)).toBe(8);
    await answered;
    time.now = 100;
    await precedence.awaited(async () => undefined);
    expect(await turnAt('begin', 10)).toBe(101);
    await precedence.awaited(async () => undefined);
    expect(await turnAt('begin')).toBe(112);
  });

  it('what was begun does not rest while somebody waits for it', async () => {
    const { precedence, turnAt, untold } = clocked();
    untold();
    await turnAt('begin', 5);
    const over = precedence.hurry();
    const also = precedence.hurry();
    expect([await turnAt('step', 5), await turnAt('step', 5)]).toEqual([5, 10]);
    expect(await turnAt('begin', 5)).toBe(65);
    over();
    over();
    expect(await turnAt('step', 5)).toBe(70);
    also();
    expect(await turnAt('step')).toBe(125);
  });

  it.each(Array.from({ length: 12 }, (_, depth) => depth))(
    'lets go whoever comes when the last one went, %d microtasks later',
    async (depth) => {
      let [pauses, late] = [0, Promise.resolve('none')];
      const precedence: Precedence = new Precedence({
        ...{ restOfStep: 10, restMsMax: 80, stepMs: 1, quietMs: 1 },
        pause: async () => {
          await new Promise(setImmediate);
          pauses += 1;
          if (pauses !== 2) return;
          late = (async () => {
            for (let count = 0; count < depth; count += 1) await Promise.resolve();
            await precedence.begin();
            return 'let go';
          })();
        },
      });
      await precedence.begin();
      for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate);
      const never = new Promise((resolve) => setTimeout(resolve, 50, 'forgotten'));
      expect(await Promise.race([late, never])).toBe('let go');
    },
  );

  it('gives what the work gives, and goes on after it fails', async () => {
    const { precedence, turnAt } = clocked();
    expect(await precedence.awaited(async () => 'said')).toBe('said');
    const failing = precedence.awaited(() => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    await turnAt('begin', 5);
    expect(await turnAt('begin')).toBe(5);
  });
});
