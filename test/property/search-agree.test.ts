import fc from 'fast-check';
import { afterAll, describe, it } from 'vitest';
import { openMemoryStore } from '../../src/store/memory.ts';
import { lifeArbitrary, live } from './search-life.ts';
import { folders, storesUnderTest } from './stores-under-test.ts';

afterAll(() => folders.remove());

describe('search', () => {
  // A longer round: WEIR_TEST_ROUNDS=20 runs twenty times as many.
  const rounds = Number(process.env['WEIR_TEST_ROUNDS'] ?? 1);
  for (const { name, open, absent = '', runs } of storesUnderTest) {
    const title = `gives the same pages from memory and ${name}, whatever is asked and written`;
    it.skipIf(open === undefined)(
      open ? title : `${title} (skipped: ${absent})`,
      async () => {
        await fc.assert(
          fc.asyncProperty(lifeArbitrary, async (life) => {
            const other = await open?.();
            if (other === undefined) throw new Error('There is no store to compare with');
            try {
              await live(life, [openMemoryStore(), other]);
            } finally {
              await other.close();
            }
          }),
          { numRuns: runs * rounds },
        );
      },
      120_000 * rounds,
    );
  }
});
