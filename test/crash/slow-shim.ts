/** Makes every commit of SQLite wait, now and then long, as on a disk that others use: `node --import slow-shim.ts`. */
import Database from 'better-sqlite3-multiple-ciphers';

const statements = Database.prototype as unknown as { exec: (sql: string) => unknown };
const { exec } = statements;
const pause = new Int32Array(new SharedArrayBuffer(4));
let commits = 0;
statements.exec = function (this: unknown, sql: string) {
  if (sql === 'COMMIT') {
    commits += 1;
    Atomics.wait(pause, 0, 0, commits % 40 === 0 ? 2_000 : 20 + (commits % 7) * 10);
  }
  return exec.call(this, sql);
};
