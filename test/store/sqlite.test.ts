import { afterAll } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { storeContract } from '../contract/store.ts';
import { temporaryFolders } from './temporary-folder.ts';

const folders = temporaryFolders();
afterAll(() => folders.remove());

storeContract({
  name: 'sqlite',
  open: async () => {
    const file = `${folders.make()}/weir.db`;
    const store = await openSqliteStore({ file });
    return {
      store,
      reopen: async () => {
        await store.close();
        return openSqliteStore({ file });
      },
    };
  },
});
