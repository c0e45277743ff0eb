import { openMemoryStore } from '../../src/store/memory.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { openEmptyMongoStore } from '../mongo/emptied-database.ts';
import { mongoMissing, mongoUrl } from '../mongo/mongo.ts';
import { temporaryFolders } from '../store/temporary-folder.ts';

/** A store that must do as the memory store does. */
interface StoreUnderTest {
  readonly name: string;
  /** An empty one; undefined (with the reason in `absent`) where this machine cannot open it. */
  readonly open: (() => Promise<Store>) | undefined;
  readonly absent?: string;
  /** Random lives that it is put through: fewer where each costs more. */
  readonly runs: number;
}

export const folders = temporaryFolders();

export const storesUnderTest: readonly StoreUnderTest[] = [
  {
    name: 'SQLite',
    open: () => openSqliteStore({ file: `${folders.make()}/weir.db` }),
    runs: 60,
  },
  { name: 'MongoDB', ...mongo(), runs: 25 },
];

/** Those and the memory store. */
export const everyStore: readonly Omit<StoreUnderTest, 'runs'>[] = [
  { name: 'memory', open: () => Promise.resolve(openMemoryStore()) },
  ...storesUnderTest,
];

function mongo(): Pick<StoreUnderTest, 'open' | 'absent'> {
  const server = mongoUrl();
  if (server === undefined) return { open: undefined, absent: mongoMissing() };
  return { open: () => openEmptyMongoStore(server) };
}
