import { MongoClient } from 'mongodb';
import { afterAll } from 'vitest';
import { openMongoStore } from '../../src/store/mongodb/open.ts';
import type { Store } from '../../src/store/store.ts';
import { laneDatabaseName, withDatabase } from './mongo.ts';

/** Databases of this file's tests that no store has open. */
const idle: string[] = [];
let taken = 0;
let client: MongoClient | undefined;

afterAll(() => client?.close());

/**
 * An empty store for one test. Its database is one that was used before, emptied: to make one takes a full server
 * some fifty files, and about a second.
 */
export async function openEmptyMongoStore(server: string): Promise<Store> {
  const name = idle.pop() ?? laneDatabaseName(taken++);
  await emptyDatabase(server, name);
  const store = await openMongoStore({ url: withDatabase(server, name) });
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await store.close();
    idle.push(name);
  };
  return { ...store, close: () => (closing ??= close()) };
}

/** Removes every document; collections and indexes stay. */
export async function emptyDatabase(server: string, name: string): Promise<void> {
  client ??= await new MongoClient(server).connect();
  const db = client.db(name);
  const collections = await db.listCollections({}, { nameOnly: true }).toArray();
  await Promise.all(collections.map((each) => db.collection(each.name).deleteMany({})));
}
