import { afterEach, describe, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { chainLaws } from './store-chains.ts';
import { changeFeedLaws } from './store-changes.ts';
import { claimLaws } from './store-claims.ts';
import { commitLaws } from './store-commit.ts';
import { elementLaws } from './store-elements.ts';
import { historyAtLaws } from './store-history-at.ts';
import { historyLaws } from './store-history.ts';
import { indexLaws } from './store-index-entries.ts';
import { jobLaws } from './store-jobs.ts';
import { journalLaws, removalLaws } from './store-journal.ts';
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
  /** The most rounds of a repeated test, where the store is slow; WEIR_TEST_ALL_ROUNDS=1 runs them all. */
  readonly rounds?: number;
  /** Tests an implementation cannot hold, by their whole title, and why. */
  readonly skip?: readonly { readonly reason: string; readonly tests: readonly string[] }[];
}

/** What a law's test gets besides the store. */
interface LawContext extends Required<OpenStore> {
  /** How many of so many rounds this implementation is to run. */
  readonly rounds: (all: number) => number;
}

/** Names a law's test; the number is the law's in src/store/store.ts. */
export type DefineLaw = (
  law: number,
  title: string,
  test: (store: Store, context: LawContext) => Promise<void>,
) => void;

/** Holds an implementation to the laws of the port. */
export function storeContract({ name, open, skip = [], rounds }: StoreContract): void {
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
          await test(fresh.store, {
            reopen: keepsNothing,
            ...fresh,
            rounds: (all) => roundsOf(all, rounds),
          });
        },
      );
    };
    for (const laws of all) laws(define);
  });
}

/** A test of what is there after opening again is to be skipped by such a store, not passed. */
function keepsNothing(): Promise<Store> {
  throw new Error('This store cannot be opened again');
}

function roundsOf(all: number, most = all): number {
  return process.env['WEIR_TEST_ALL_ROUNDS'] === '1' ? all : Math.min(all, most);
}

const all = [
  commitLaws,
  versionLaws,
  indexLaws,
  claimLaws,
  historyLaws,
  historyAtLaws,
  changeFeedLaws,
  searchLaws,
  elementLaws,
  chainLaws,
  sortLaws,
  pagingLaws,
  journalLaws,
  removalLaws,
  outboxLaws,
  jobLaws,
  keyedLaws,
];
