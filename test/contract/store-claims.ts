import { expect } from 'vitest';
import type { DefineLaw } from './store.ts';
import { commit, put, refusalOf } from './store-fixture.ts';

/** Law 4: unique keys. */
export function claimLaws(define: DefineLaw): void {
  define(4, 'of 20 parallel writers one wins, round after round', async (store, { rounds }) => {
    const all = rounds(500);
    for (let round = 0; round < all; round++) {
      const key = `mrn|${round}`;
      const writers = Array.from({ length: 20 }, (_, n) =>
        commit(store, [put(`r${round}-${n}`)], { claims: [{ key, owner: `Patient/${n}` }] }),
      );
      const outcomes = await Promise.allSettled(writers);
      const winners = outcomes.flatMap(({ status }, n) => (status === 'fulfilled' ? [n] : []));
      expect(winners).toHaveLength(1);
      const owner = `Patient/${winners[0]}`;
      expect((await store.claimOwners([key])).get(key)).toBe(owner);
      const losers = outcomes.filter((outcome) => outcome.status === 'rejected');
      expect(new Set(losers.map(({ reason }) => ownerIn(reason)))).toEqual(new Set([owner]));
    }
    expect(await store.counts()).toEqual(new Map([['Patient', all]]));
  });

  define(4, 'claiming what one owns is no conflict', async (store) => {
    const claims = [{ key: 'k', owner: 'me' }];
    await commit(store, [], { claims });
    await commit(store, [], { claims });
    expect(await store.claimOwners(['k', 'free'])).toEqual(new Map([['k', 'me']]));
  });

  define(
    4,
    'a key is taken over from the owner that is named, and from no other',
    async (store) => {
      await commit(store, [], { claims: [{ key: 'k', owner: 'a' }] });
      const wrong = commit(store, [], { claims: [{ key: 'k', owner: 'b', replaces: 'c' }] });
      expect(await refusalOf(wrong)).toEqual({ kind: 'claim', index: 0, owner: 'a' });
      await commit(store, [], { claims: [{ key: 'k', owner: 'b', replaces: 'a' }] });
      expect((await store.claimOwners(['k'])).get('k')).toBe('b');
    },
  );

  define(4, 'a released key is free, also for a claim of the same commit', async (store) => {
    await commit(store, [], { claims: [{ key: 'k', owner: 'a' }] });
    await commit(store, [], { releases: ['k', 'unknown'], claims: [{ key: 'k', owner: 'b' }] });
    expect((await store.claimOwners(['k'])).get('k')).toBe('b');
    await commit(store, [], { releases: ['k'] });
    expect(await store.claimOwners(['k'])).toEqual(new Map());
  });

  define(4, 'two claims of one key in one commit refuse it', async (store) => {
    const claims = [
      { key: 'k', owner: 'a' },
      { key: 'k', owner: 'b' },
    ];
    const refusal = await refusalOf(commit(store, [], { claims }));
    expect(refusal).toEqual({ kind: 'claim', index: 1, owner: 'a' });
    expect(await store.claimOwners(['k'])).toEqual(new Map());
  });
}

function ownerIn(reason: unknown): unknown {
  return (reason as { refusal?: { owner?: string } }).refusal?.owner;
}
