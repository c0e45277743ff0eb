import { freshDatabaseName, mongoUrl, withDatabase } from '../mongo/mongo.ts';

/** What `--store` may be for a server under test; where there is no MongoDB, test/store/mongodb.test.ts says why. */
export const realStores: readonly (readonly [name: string, store: string])[] = [
  ['sqlite', 'sqlite'],
  ...onMongo(mongoUrl()),
];

function onMongo(url: string | undefined): readonly (readonly [string, string])[] {
  return url === undefined ? [] : [['mongodb', withDatabase(url, freshDatabaseName())]];
}
