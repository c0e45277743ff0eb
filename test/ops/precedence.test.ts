import { describe, expect, it } from 'vitest';
import { Precedence } from '../../src/ops/precedence.ts';

/** A clock that goes on by pauses alone; between two of them `meanwhile` happens. */
function clocked(meanwhile: (now: number) => void = () => undefined) {
  const time = { now: 0 };
  const precedence = new Precedence({
    ...{ restMs: 20, quietMs: 1 },
    now: () => time.now,
    pause: async (ms) => {
      time.now += ms;
      meanwhile(time.now);
    },
  });
  const turnAt = async (): Promise<number> => {
    await precedence.turn();
    return time.now;
  };
  return { precedence, turnAt, time };
}

describe('precedence of what somebody waits for', () => {
  it('others have their turns one after another where nobody waits', async () => {
    const { turnAt } = clocked();
    expect([await turnAt(), await turnAt()]).toEqual([0, 0]);
  });

  it('else each comes after a rest, however long somebody waits', async () => {
    const { precedence, turnAt } = clocked();
    const endless = Promise.withResolvers<undefined>();
    void precedence.awaited(() => endless.promise);
    expect([await turnAt(), await turnAt(), await turnAt()]).toEqual([20, 40, 60]);
  });

  it('a turn comes when nobody waits any more, and not between one question and the next', async () => {
    const first = Promise.withResolvers<undefined>();
    const { precedence, turnAt, time } = clocked((now) => {
      if (now === 5) first.resolve(undefined);
    });
    const answered = precedence.awaited(() => first.promise);
    expect(await turnAt()).toBe(6);
    await answered;
    time.now = 100;
    await precedence.awaited(async () => undefined);
    expect(await turnAt()).toBe(101);
  });

  it('gives what the work gives, and goes on after it fails', async () => {
    const { precedence, turnAt } = clocked();
    expect(await precedence.awaited(async () => 'said')).toBe('said');
    const failing = precedence.awaited(() => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await turnAt()).toBe(1);
  });
});
