import { MongoServerError, type Db } from 'mongodb';
import { StoreOpenError } from '../open-error.ts';
import { collectionsOf, indexes, layoutVersion, type Collections } from './layout.ts';

/**
 * Brings a database to the layout: what is there stays, what is missing is made. Any number of processes may do so
 * at the same time. A database of a newer layout is refused before anything is written.
 */
export async function prepareDatabase(db: Db): Promise<Collections> {
  const collections = collectionsOf(db);
  await refuseNewer(collections);
  const listed = await db.listCollections({}, { nameOnly: true }).toArray();
  const present = new Set(listed.map(({ name }) => name));
  await Promise.all(
    (Object.keys(collections) as (keyof Collections)[]).map(async (key) => {
      const { collectionName } = collections[key];
      if (!present.has(collectionName)) await createCollection(db, collectionName);
      const wanted = indexes[key];
      if (wanted !== undefined) await db.collection(collectionName).createIndexes([...wanted]);
    }),
  );
  await once(
    collections.order.insertOne({
      _id: 'order',
      ...{ seq: 0, position: 0, row: 0, audit: null, turn: 0 },
    }),
  );
  await once(collections.meta.insertOne({ _id: 'layout', version: layoutVersion }));
  return collections;
}

async function refuseNewer({ meta }: Collections): Promise<void> {
  const layout = await meta.findOne({ _id: 'layout' });
  if (layout === null || layout.version <= layoutVersion) return;
  throw new StoreOpenError(
    'newer',
    `The database was written by a newer Weir (layout ${layout.version}, this one knows ${layoutVersion})`,
  );
}

/** NamespaceExists: another process was quicker. */
async function createCollection(db: Db, name: string): Promise<void> {
  try {
    await db.createCollection(name);
  } catch (error) {
    if (error instanceof MongoServerError && error.code === 48) return;
    throw error;
  }
}

/** An insert that another process may have done already. */
async function once(insert: Promise<unknown>): Promise<void> {
  try {
    await insert;
  } catch (error) {
    if (error instanceof MongoServerError && error.code === 11_000) return;
    throw error;
  }
}
