/** Opens a loaded data file in a process of its own and says how long that took and how much memory it holds. */
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { bundleOf } from './population.ts';
import type { ReopenFigures } from './reopen.ts';
import { firstCalls, measureShapes } from './shapes.ts';

const [file = '', sizeText = ''] = process.argv.slice(2);
const size = Number(sizeText);
const rssMiB = (): number => process.memoryUsage.rss() / 2 ** 20;

const begun = performance.now();
const store = await openSqliteStore({ file });
await store.check();
const readyMs = performance.now() - begun;
const openedMiB = rssMiB();
const firstCallMs = await firstCalls(store, size);
await measureShapes(store, size);
const searchedMiB = rssMiB();
for (let n = 0; n < 2_000; n += 50) {
  await Promise.all(
    Array.from({ length: 50 }, (_, at) => {
      const next = size + n + at;
      return store.commit(bundleOf(next, next + 1));
    }),
  );
}
const writtenMiB = rssMiB();
await store.close();
const figures: ReopenFigures = { readyMs, firstCallMs, openedMiB, searchedMiB, writtenMiB };
console.log(JSON.stringify(figures));
