import { openMongoStore } from '../../src/store/mongodb/open.ts';
import { storeContract } from '../contract/store.ts';
import { emptyDatabase } from '../mongo/emptied-database.ts';
import { describeOnMongo, laneDatabaseName, withDatabase } from '../mongo/mongo.ts';

describeOnMongo('MongoDB', (server) => {
  storeContract({
    name: 'mongodb',
    skip: [
      {
        reason:
          'bodies are not looked through there, and no index has all of their words; `_content` is refused',
        tests: ['law 7: search finds words anywhere in a resource'],
      },
    ],
    open: async () => {
      const name = laneDatabaseName(0);
      await emptyDatabase(server, name);
      const url = withDatabase(server, name);
      const store = await openMongoStore({ url });
      return {
        store,
        reopen: async () => {
          await store.close();
          return openMongoStore({ url });
        },
      };
    },
  });
});
