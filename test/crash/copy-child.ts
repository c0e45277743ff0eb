/** Copies one data file into another; kills itself after so many batches: `node copy-child.ts FROM TO [BATCHES]`. */
import { copyStore } from '../../src/store/copy.ts';
import { registeredIndexing } from '../../src/store/reindex.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';

const [from = '', to = '', last] = process.argv.slice(2);
const [source, target] = [
  await openSqliteStore({ file: from }),
  await openSqliteStore({ file: to }),
];
let batches = 0;
const proof = await copyStore({
  ...{ source, target, sourceName: from },
  ...registeredIndexing(),
  onProgress: () => {
    batches += 1;
    if (batches === Number(last)) process.kill(process.pid, 'SIGKILL');
  },
});
console.log(`equal ${proof.equal}`);
await target.close();
await source.close();
