import { MongoClient } from 'mongodb';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { withoutPassword } from '../../src/store/mongodb/address.ts';
import { openConnection } from '../../src/store/mongodb/connection.ts';
import { openMongoStore } from '../../src/store/mongodb/open.ts';
import { StoreOpenError } from '../../src/store/open-error.ts';
import { put, commit, journalEntry } from '../contract/store-fixture.ts';
import {
  clearFaults,
  describeOnMongo,
  describeOnMongoDouble,
  freshDatabaseName,
  injectFaults,
  startPrivateMongo,
  withDatabase,
} from '../mongo/mongo.ts';

async function refusal(url: string): Promise<StoreOpenError> {
  try {
    await openMongoStore({ url, selectionTimeoutMs: 500 });
  } catch (error) {
    if (error instanceof StoreOpenError) return error;
    throw error;
  }
  throw new Error('The database was opened');
}

describe('an address of a MongoDB server', () => {
  it('is shown without its password', () => {
    for (const [url, shown] of [
      ['mongodb://u:p@h/db?a=b', 'mongodb://h/db'],
      ['mongodb+srv://u:p%40x@h.test/', 'mongodb+srv://h.test/'],
      ['mongodb://h1:1,h2:2/db', 'mongodb://h1:1,h2:2/db'],
      ['mongodb://u:p@ss@h/db', 'mongodb://h/db'],
    ] as const) {
      expect(withoutPassword(url)).toBe(shown);
    }
  });

  it('that is none is refused, and not repeated with its password', async () => {
    for (const url of [
      'mongodb://u:secret@',
      'mongodb://u:secret@h/?nonsense=1',
      'mongodb://u:se/cret@h/',
    ]) {
      const error = await refusal(url);
      expect(error.reason).toBe('unreachable');
      expect(`${error.message} ${String(error.cause)}`).not.toMatch(/secret|cret@/);
    }
  });

  it('where nothing answers is refused within its time', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    for (const address of [`127.0.0.1:${port}`, '127.0.0.1:1']) {
      const error = await refusal(`mongodb://u:secret@${address}/weir`);
      expect(error.reason).toBe('unreachable');
      expect(error.message).toContain(`mongodb://${address}/weir`);
      expect(error.message).not.toContain('secret');
    }
    silent.close();
  });
});

describeOnMongoDouble('a MongoDB server without transactions', () => {
  it('is refused with what to set up', async () => {
    const standalone = await startPrivateMongo(['--standalone']);
    const error = await refusal(standalone.url);
    expect(error.reason).toBe('standalone');
    expect(error.message).toContain('replica set');
    await standalone.stop();
  });
});

describeOnMongoDouble('a MongoDB database that may not be written', (server) => {
  it('is refused with what the user lacks', async () => {
    const name = freshDatabaseName();
    const client = await new MongoClient(server).connect();
    await injectFaults(client, [{ on: 'create', do: 'failBefore', code: 13, db: name, times: 99 }]);
    const error = await refusal(withDatabase(server, name));
    expect(error.reason).toBe('refused');
    expect(error.message).toContain('may not read and write');
    await clearFaults(client, name);
    await client.close();
  });
});

describeOnMongo('a MongoDB database', (server) => {
  it('is read as a majority has it, whatever the address says', async () => {
    const url = withDatabase(server, freshDatabaseName());
    const weaker = `${url}${url.includes('?') ? '&' : '?'}readConcernLevel=local`;
    const { client, db } = await openConnection({ url: weaker });
    expect(db.readConcern?.level).toBe('majority');
    await client.close();
  });

  it('of a newer layout is refused and left as it is', async () => {
    const url = withDatabase(server, freshDatabaseName());
    const client = await new MongoClient(url).connect();
    await client
      .db()
      .collection<{ _id: string }>('meta')
      .insertOne({ _id: 'layout', ...{ version: 99 } });
    const error = await refusal(url);
    expect(error.reason).toBe('newer');
    expect(error.message).toContain('layout 99');
    expect((await client.db().listCollections().toArray()).map(({ name }) => name)).toEqual([
      'meta',
    ]);
    await client.close();
  });

  it('holds bodies, frames and source views that are longer than one document', async () => {
    const store = await openMongoStore({ url: withDatabase(server, freshDatabaseName()) });
    const long = 'é'.repeat(9 * 1024 * 1024);
    const bytes = new Uint8Array(17 * 1024 * 1024).fill(65);
    const view = { source: 's', type: 'Patient', id: 'a', controlId: 'c', view: `"${long}"` };
    const at = new Date(0);
    const sources = [{ ...view, eventTime: at, receivedAt: at }];
    await store.journal.append(journalEntry('m', { bytes }));
    await commit(store, [put('a', { content: { text: long } })], { sources });
    expect((await store.read('Patient', 'a'))?.body).toContain(long);
    expect((await store.history({ count: 1 })).versions[0]?.body).toContain(long);
    expect(Buffer.compare((await store.journal.read('m'))?.bytes ?? Buffer.of(), bytes)).toBe(0);
    expect((await store.sourceView('s', 'Patient', 'a'))?.view).toBe(`"${long}"`);
    const kept = await commit(store, [put('a', { content: { text: long }, skipIfSame: true })], {
      sources: [{ ...view, view: '{}', eventTime: at, receivedAt: at }],
    });
    expect(kept.versions[0]?.changed).toBe(false);
    expect((await store.sourceView('s', 'Patient', 'a'))?.view).toBe('{}');
    await store.close();
  });

  it('refuses a resource with more searchable values than a document holds, alone', async () => {
    const store = await openMongoStore({ url: withDatabase(server, freshDatabaseName()) });
    const index = Array.from({ length: 80_000 }, (_, n) => {
      return { kind: 'string', param: 'p', folded: `${n}`.padEnd(200), exact: `${n}` } as const;
    });
    const outcomes = await Promise.allSettled([
      commit(store, [put('a')]),
      commit(store, [put('b', { index })]),
      commit(store, [put('c')]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { issues: [{ code: 'limit' }] } });
    await store.close();
  });
});
