/** Begins to reindex the SQLite store of a data file by color, and is killed after three batches. */
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { begin } from './colored-patients.ts';

const store = await openSqliteStore({ file: process.argv[2] ?? '' });
let rests = 0;
const reindex = await begin(
  store,
  { color: 1 },
  {
    holder: 'killed',
    onRest: () => {
      rests += 1;
      if (rests === 3) process.kill(process.pid, 'SIGKILL');
    },
  },
);
await reindex.idle();
