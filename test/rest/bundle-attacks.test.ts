import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { baseUrl, openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';
import { rawCall } from './raw-call.ts';

const read = (id: string) => ({ request: { method: 'GET', url: `Patient/${id}` } });
const create = {
  resource: { resourceType: 'Patient' },
  request: { method: 'POST', url: 'Patient' },
};

function bundle(type: 'batch' | 'transaction', entry: readonly unknown[]): object {
  return { resourceType: 'Bundle', type, entry };
}

describe.each(stores)('addresses and names of entries on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open);
    await fhir.call('PUT', '/Patient/a', { body: { resourceType: 'Patient', id: 'a' } });
  });
  afterEach(() => fhir.close());

  it.each(['Patient/a', '/Patient/a', `${baseUrl}/Patient/a`, '/fhir/Patient/a'])(
    'an entry may name %s',
    async (url) => {
      for (const type of ['batch', 'transaction'] as const) {
        const body = bundle(type, [{ request: { method: 'GET', url } }]);
        const { json } = await fhir.call('POST', '/', { body });
        expect([json.entry[0]?.response.status, json.entry[0]?.resource.id]).toEqual([
          '200 OK',
          'a',
        ]);
      }
    },
  );

  it.each(['?_type=Patient', '/?_type=Patient', `${baseUrl}?_type=Patient`])(
    'an entry may search the whole system: %j',
    async (url) => {
      const body = bundle('batch', [{ request: { method: 'GET', url } }]);
      const { json } = await fhir.call('POST', '/', { body });
      expect(json.entry[0]?.resource).toMatchObject({ resourceType: 'Bundle', type: 'searchset' });
    },
  );

  it.each([
    'http://other.example/fhir/Patient/a',
    `${baseUrl}x/Patient/a`,
    '//weir.test/fhir/Patient/a',
    'urn:uuid:00000000-0000-4000-8000-000000000001',
    'file:///etc/passwd',
  ])('an entry that names %s is told where the base is', async (url) => {
    const entry = [{ request: { method: 'GET', url } }];
    const whole = await fhir.call('POST', '/', { body: bundle('transaction', entry) });
    expect(whole.status).toBe(400);
    expect(whole.json.issue[0]).toMatchObject({
      diagnostics: `The address lies outside of this server's base, ${baseUrl}`,
      expression: ['Bundle.entry[0].request'],
    });
    const { json } = await fhir.call('POST', '/', { body: bundle('batch', entry) });
    expect(json.entry[0]?.response.status).toBe('400 Bad Request');
  });

  it.each(['batch', 'transaction'] as const)(
    'two entries of a %s have no one fullUrl',
    async (type) => {
      const fullUrl = 'urn:uuid:00000000-0000-4000-8000-000000000001';
      const body = bundle(type, [
        { fullUrl, ...create },
        { fullUrl, ...create },
      ]);
      const answer = await fhir.call('POST', '/', { body });
      expect([answer.status, answer.json.issue[0]?.code]).toEqual([400, 'duplicate']);
      expect(answer.json.issue[0]?.expression).toEqual(['Bundle.entry[1]']);
      expect((await fhir.call('GET', '/Patient?_summary=count')).json.total).toBe(1);
    },
  );
});

describe('the end of a Bundle', () => {
  /** A store whose reads wait until they are let go, and which counts them. */
  function held(): { readonly store: Store; readonly reads: () => number; letGo: () => void } {
    const store = openMemoryStore();
    let count = 0;
    let letGo = (): void => undefined;
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    const waiting: Store = {
      ...store,
      read: async (type, id) => {
        count += 1;
        await gate;
        return store.read(type, id);
      },
    };
    return { store: waiting, reads: () => count, letGo: () => letGo() };
  }

  it('a batch does not go on when its client is gone', async () => {
    const { store, reads, letGo } = held();
    const fhir = await openFhirApp(async () => store);
    await fhir.app.listen({ port: 0, host: '127.0.0.1' });
    const body = bundle(
      'batch',
      Array.from({ length: 200 }, () => read('a')),
    );
    const socket = await rawCall(fhir.app, '/fhir', body);
    await until(() => reads() === 16);
    socket.destroy();
    await until(async () => (await connections(fhir)) === 0);
    letGo();
    await turns();
    expect(reads()).toBe(16);
    await fhir.close();
  });

  it('a transaction whose client is gone is not committed', async () => {
    const { store, reads, letGo } = held();
    const fhir = await openFhirApp(async () => store);
    await fhir.app.listen({ port: 0, host: '127.0.0.1' });
    const update = {
      resource: { resourceType: 'Patient', id: 'b' },
      request: { method: 'PUT', url: 'Patient/b', ifMatch: 'W/"1"' },
    };
    await store.commit({
      now: new Date(),
      origin: 'rest',
      changes: [{ op: 'put', resource: { resourceType: 'Patient', id: 'b' }, index: [] }],
    });
    const socket = await rawCall(
      fhir.app,
      '/fhir',
      bundle('transaction', [...Array.from({ length: 40 }, () => create), update]),
    );
    await until(() => reads() === 1);
    socket.destroy();
    await until(async () => (await connections(fhir)) === 0);
    letGo();
    await turns();
    const { json } = await fhir.call('GET', '/Patient?_summary=count');
    expect(json.total).toBe(1);
    await fhir.close();
  });

  it('a batch that takes too long says which entries were not performed', async () => {
    const { store, letGo } = held();
    const fhir = await openFhirApp(async () => store, { bundleTimeoutMs: 1 });
    const asked = fhir.call('POST', '/', {
      body: bundle(
        'batch',
        Array.from({ length: 20 }, () => read('a')),
      ),
    });
    setTimeout(letGo, 20);
    const { status, json } = await asked;
    const codes = json.entry.map(({ response }) => response.status.slice(0, 3));
    expect([status, codes.length, codes.slice(16)]).toEqual([200, 20, Array(4).fill('503')]);
    expect(codes.slice(0, 16)).toEqual(Array(16).fill('404'));
    await fhir.close();
  });

  it('a transaction that takes too long is refused and nothing is written', async () => {
    const { store, letGo } = held();
    const fhir = await openFhirApp(async () => store, { bundleTimeoutMs: 1 });
    const update = {
      resource: { resourceType: 'Patient', id: 'b' },
      request: { method: 'PUT', url: 'Patient/b' },
    };
    const entry = [...Array.from({ length: 40 }, () => create), update];
    const asked = fhir.call('POST', '/', { body: bundle('transaction', entry) });
    setTimeout(letGo, 20);
    const { status, json } = await asked;
    expect([status, json.issue[0]?.code]).toEqual([503, 'timeout']);
    expect((await fhir.call('GET', '/Patient?_summary=count')).json.total).toBe(0);
    await fhir.close();
  });
});

async function until(met: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await met())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Long enough for whatever goes on to have gone on. */
async function turns(): Promise<void> {
  for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve));
}

async function connections({ app }: FhirApp): Promise<number> {
  return new Promise((resolve, reject) => {
    app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}
