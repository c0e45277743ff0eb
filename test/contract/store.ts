import { afterEach, describe, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { claimLaws } from './store-claims.ts';
import { commitLaws } from './store-commit.ts';
import { historyLaws } from './store-history.ts';
import { jobLaws } from './store-jobs.ts';
import { journalLaws } from './store-journal.ts';
import { keyedLaws } from './store-keyed.ts';
import { outboxLaws } from './store-outbox.ts';
import { pagingLaws } from './store-paging.ts';
import { searchLaws } from './store-search.ts';
import { sortLaws } from './store-sort.ts';
import { versionLaws } from './store-versions.ts';

/** A store under test; `reopen` closes it and opens the same data again, where it keeps any. */
interface OpenStore {
  readonly store: Store;
  readonly reopen?: () => Promise<Store>;
}

interface StoreContract {
  readonly name: string;
  readonly open: () => Promise<OpenStore>;
  /** Tests an implementation cannot hold, by their whole title, and why. */
  readonly skip?: readonly { readonly reason: string; readonly tests: readonly string[] }[];
}

/** Names a law's test; the number is the law's in src/store/store.ts. */
export type DefineLaw = (
  law: number,
  title: string,
  test: (store: Store, open: OpenStore) => Promise<void>,
) => void;

/** Holds an implementation to the laws of the port. */
export function storeContract({ name, open, skip = [] }: StoreContract): void {
  describe(`store contract: ${name}`, () => {
    const opened: Store[] = [];
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((store) => store.close()));
    });
    const define: DefineLaw = (law, title, test) => {
      const full = `law ${law}: ${title}`;
      const skipped = skip.find(({ tests }) => tests.includes(full));
      it.skipIf(skipped !== undefined)(
        skipped === undefined ? full : `${full} (skipped: ${skipped.reason})`,
        async () => {
          const fresh = await open();
          opened.push(fresh.store);
          await test(fresh.store, fresh);
        },
      );
    };
    for (const laws of all) laws(define);
  });
}

const all = [
  commitLaws,
  versionLaws,
  claimLaws,
  historyLaws,
  searchLaws,
  sortLaws,
  pagingLaws,
  journalLaws,
  outboxLaws,
  jobLaws,
  keyedLaws,
];
