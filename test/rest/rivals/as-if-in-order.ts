import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rivals } from './between.ts';
import type { Requests } from './world.ts';

/** Each of some requests, interrupted before each of its calls of the store by each of the others. */
export function asIfInOrder(what: string, requests: Requests, others: Requests): void {
  describe(`another request that comes between any two steps of one ${what} is as if it came before it, or after it`, () => {
    const both = new Rivals();
    beforeAll(() => both.open());
    afterAll(() => both.close());

    it.each(Object.entries(requests))('%s', async (_, one) => {
      const faults: object[] = [];
      for (const [name, other] of Object.entries(others)) {
        for (const fault of await both.faults(one, other)) faults.push({ other: name, ...fault });
      }
      expect(faults).toEqual([]);
    });
  });
}
