import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IdentifiedResource } from '../../src/fhir/resource.ts';
import { stores } from './fhir-app.ts';
import {
  backport,
  eventually,
  openReceiver,
  openSubscriptionApp,
  payloadOf,
  statusOf,
  subscriptionOf,
  topics,
  valuesOf,
} from './subscription-app.ts';
import type { Receiver, SubscriptionApp, Told } from './subscription-app.ts';

const patient = (id: string, more: object = {}) => ({ resourceType: 'Patient', id, ...more });

describe.each(stores)('rest-hook subscriptions on %s', (_name, open) => {
  let app: SubscriptionApp;
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await openReceiver();
    app = await openSubscriptionApp(open);
  });
  afterEach(async () => {
    await app.close();
    await receiver.close();
  });

  const hook = (more: object = {}) => ({ type: 'rest-hook', endpoint: receiver.url, ...more });
  const activated = async (id: string) => {
    await eventually(async () => {
      const { json } = await app.fhir.call('GET', `/Subscription/${id}`);
      expect(json).toMatchObject({ status: 'active' });
    });
  };
  const subscribe = async (id: string, criteria: string, channel: object) => {
    const answer = await app.put(subscriptionOf(id, criteria, channel));
    expect(answer.text).not.toContain('OperationOutcome');
    await activated(id);
  };

  it('R4: the resource is sent for what matches, and only then', async () => {
    await app.put(patient('before', { active: true }));
    await subscribe('s', 'Patient?active=true', hook({ payload: 'application/fhir+json' }));
    await app.put(patient('a', { active: true }));
    await app.put(patient('b', { active: false }));
    await app.put(patient('b', { active: true }));
    await app.fhir.call('DELETE', '/Patient/a');
    await app.put({ resourceType: 'Organization', id: 'o', name: 'O' });
    const [first, second] = await receiver.until(2);
    await app.subscriptions.idle();
    expect(receiver.received).toHaveLength(2);
    expect(JSON.parse(first?.body ?? '')).toMatchObject({ id: 'a', active: true });
    expect(first?.headers['content-type']).toMatch(/^application\/fhir\+json/);
    expect(second?.headers['x-weir-event']).toBe('2');
    expect(JSON.parse(second?.body ?? '')).toMatchObject({ id: 'b', meta: { versionId: '2' } });
  });

  it('R4: without a payload there is only the call; headers and signature go along', async () => {
    const url = 'https://weir.dev/fhir/StructureDefinition/subscription-secret';
    const extension = [{ url, valueString: 'sesame' }];
    const header = ['Authorization: Bearer abc', 'X-Mark: here'];
    await subscribe('s', 'Patient', hook({ extension, header }));
    await app.put(patient('a'));
    const [first] = await receiver.until(1);
    expect(first).toMatchObject({ body: '', url: '/hook' });
    expect(first?.headers).toMatchObject({ authorization: 'Bearer abc', 'x-mark': 'here' });
    const hash = createHmac('sha256', 'sesame').update('').digest('hex');
    expect(first?.headers['x-hub-signature-256']).toBe(`sha256=${hash}`);
  });

  it('backport: a handshake, then notifications with filters and content', async () => {
    const filter = {
      url: `${backport}backport-filter-criteria`,
      valueString: 'Patient?gender=female',
    };
    const asked = {
      ...subscriptionOf('s', `${topics}Patient`, hook(payloadOf('full-resource'))),
      _criteria: { extension: [filter] },
    };
    expect((await app.put(asked)).status).toBe(201);
    await activated('s');
    const [handshake] = await receiver.until(1);
    expect(statusOf(handshake?.body ?? '')).toMatchObject({
      type: 'handshake',
      status: 'requested',
      topic: `${topics}Patient`,
      'events-since-subscription-start': '0',
    });
    await app.put(patient('a', { gender: 'female' }));
    await app.put(patient('b', { gender: 'male' }));
    await app.fhir.call('DELETE', '/Patient/a');
    await app.subscriptions.idle();
    const bundles = receiver.received.slice(1).map(({ body }) => JSON.parse(body) as Told);
    const entries = bundles.flatMap(({ entry }) => entry.slice(1));
    expect(entries.map(({ request }) => request.method)).toEqual(['POST', 'DELETE']);
    expect(entries[0]?.resource).toMatchObject({ id: 'a', gender: 'female' });
    expect(entries[1]).not.toHaveProperty('resource');
    expect(statusOf(receiver.received.at(-1)?.body ?? '')).toMatchObject({
      type: 'event-notification',
      'events-since-subscription-start': '2',
    });
  });

  it.each([
    ['id-only', true],
    ['empty', false],
  ])('backport: content %s shows no resource', async (content, hasFocus) => {
    await subscribe('s', `${topics}Patient-create`, hook(payloadOf(content)));
    await app.put(patient('secret'));
    await app.put(patient('secret', { active: true }));
    const [, told] = await receiver.until(2);
    await app.subscriptions.idle();
    expect(receiver.received).toHaveLength(2);
    const { entry } = JSON.parse(told?.body ?? '') as Told;
    expect(entry.slice(1).some(({ resource }) => resource !== undefined)).toBe(false);
    expect(told?.body.includes('Patient/secret')).toBe(hasFocus);
  });

  it('backport: a heartbeat where nothing happens', async () => {
    const extension = [{ url: `${backport}backport-heartbeat-period`, valueUnsignedInt: 1 }];
    await subscribe('s', `${topics}Patient`, hook({ extension }));
    const [, beat] = await receiver.until(2);
    expect(statusOf(beat?.body ?? '')).toMatchObject({ type: 'heartbeat', status: 'active' });
  });

  it('backport: many events come in few notifications, none twice', async () => {
    const extension = [{ url: `${backport}backport-max-count`, valuePositiveInt: 7 }];
    await subscribe('s', `${topics}Patient`, hook({ extension, ...payloadOf('id-only') }));
    const entry = Array.from({ length: 30 }, (_, i) => {
      return { resource: patient(`p${i}`), request: { method: 'PUT', url: `Patient/p${i}` } };
    });
    const body = { resourceType: 'Bundle', type: 'transaction', entry };
    expect((await app.fhir.call('POST', '/', { body })).status).toBe(200);
    await app.subscriptions.idle();
    const bundles = receiver.received.slice(1).map((one) => JSON.parse(one.body) as Told);
    const sizes = bundles.map(({ entry: told }) => told.length - 1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(7);
    const told = bundles.flatMap((one) => one.entry.slice(1).map(({ fullUrl }) => fullUrl));
    expect(told).toEqual(
      entry.map(({ resource }) => `http://weir.test/fhir/Patient/${resource.id}`),
    );
  });

  it('in order and at least once, also where the receiver fails for a while', async () => {
    await app.close();
    app = await openSubscriptionApp(open, Array<number>(100).fill(50));
    await subscribe('s', 'Patient', hook({ payload: 'application/fhir+json' }));
    receiver.status = 503;
    for (let i = 0; i < 30; i++) await app.put(patient(`p${i}`));
    await eventually(async () => {
      const record = (await app.fhir.store.state('subscription:s'))?.value ?? '';
      expect((JSON.parse(record) as { failures: number }).failures).toBeGreaterThan(0);
    });
    receiver.status = 200;
    await receiver.until(30);
    await app.subscriptions.idle();
    const ids = receiver.received.map(({ body }) => (JSON.parse(body) as { id: string }).id);
    expect(ids).toEqual(Array.from({ length: 30 }, (_, i) => `p${i}`));
  });

  it.each([503, 302, 404])(
    'a receiver that answers %i without end puts it into error',
    async (status) => {
      await subscribe('s', 'Patient', hook());
      receiver.status = status;
      await app.put(patient('a'));
      await eventually(async () => {
        const { json, text } = await app.fhir.call('GET', '/Subscription/s');
        expect(json).toMatchObject({ status: 'error' });
        expect(text).toContain(`answered with status ${status}`);
      });
      receiver.status = 200;
      await subscribe('s', 'Patient', hook());
      await app.put(patient('b'));
      await receiver.until(1);
      const { json } = await app.fhir.call('GET', '/Subscription/s');
      expect(json).not.toHaveProperty('error');
    },
  );

  it('ends when it is switched off or deleted', async () => {
    await subscribe('s', 'Patient', hook());
    await subscribe('t', 'Patient', hook());
    const off = { ...subscriptionOf('s', 'Patient', hook()), status: 'off' };
    expect((await app.put(off)).status).toBe(200);
    await app.fhir.call('DELETE', '/Subscription/t');
    await app.put(patient('a'));
    await app.subscriptions.idle();
    expect(receiver.received).toEqual([]);
    expect(await app.fhir.store.states('subscription')).toMatchObject([
      { key: 'subscription-reader' },
    ]);
  });

  it('is over at its end', async () => {
    const end = new Date(Date.now() + 1500).toISOString();
    const body = { ...subscriptionOf('s', 'Patient', hook()), end };
    expect((await app.put(body)).status).toBe(201);
    await eventually(async () => {
      const { json } = await app.fhir.call('GET', '/Subscription/s');
      expect(json).toMatchObject({ status: 'off' });
    });
  });

  it('$status and $events tell how far it is', async () => {
    await subscribe('s', `${topics}Patient`, hook(payloadOf('id-only')));
    for (const id of ['a', 'b', 'c']) await app.put(patient(id));
    await app.subscriptions.idle();
    const status = await app.fhir.call('GET', '/Subscription/s/$status');
    expect(status.json).toMatchObject({ type: 'searchset', total: 1 });
    const all = await app.fhir.call('POST', '/Subscription/$status', {
      body: { resourceType: 'Parameters', parameter: [{ name: 'id', valueId: 's' }] },
    });
    const [entry] = (all.json as unknown as Told).entry;
    expect(valuesOf(entry?.resource?.parameter ?? [])).toMatchObject({
      status: 'active',
      type: 'query-status',
      'events-since-subscription-start': '3',
    });
    const range = 'eventsSinceNumber=2&eventsUntilNumber=3&content=full-resource';
    const events = await app.fhir.call('GET', `/Subscription/s/$events?${range}`);
    const told = events.json as unknown as Told;
    expect(told.entry.slice(1).map(({ resource }) => resource?.['id'])).toEqual(['b', 'c']);
    const other = await app.fhir.call('GET', '/Subscription/s/$events', { token: 'integration' });
    expect(other.status).toBe(403);
    const bad = await app.fhir.call('GET', '/Subscription/s/$events?eventsSinceNumber=x');
    expect(bad.status).toBe(400);
    expect((await app.fhir.call('GET', '/Subscription/none/$status')).status).toBe(404);
  });

  it('is told only of what its owner could find by a search', async () => {
    const owner = { id: 'x', display: 'x', role: 'app', patient: 'ada' };
    const channel = hook({ payload: 'application/fhir+json' });
    const resource = subscriptionOf('s', 'Observation', channel) as IdentifiedResource;
    await app.fhir.store.commit({
      now: new Date(),
      origin: 'test',
      changes: [{ op: 'put', resource, index: [] }],
      state: [{ key: 'subscription-owner:s', value: JSON.stringify(owner) }],
    });
    await activated('s');
    for (const subject of ['bob', 'ada']) {
      const code = { text: 'secret' };
      const reference = { reference: `Patient/${subject}` };
      const observation = {
        resourceType: 'Observation',
        status: 'final',
        code,
        subject: reference,
      };
      await app.put({ ...observation, id: `of-${subject}` });
    }
    await receiver.until(1);
    await app.subscriptions.idle();
    expect(receiver.received.map(({ body }) => body)).toEqual([expect.stringContaining('of-ada')]);
  });

  it('each notification leaves an audit event', async () => {
    await subscribe('s', 'Patient', hook());
    await app.put(patient('a'));
    await receiver.until(1);
    await app.subscriptions.idle();
    const rows = await app.fhir.store.audit.rows(0, 1000);
    const told = rows.filter(({ event }) => event.includes('"interaction":"notification"'));
    expect(told).toHaveLength(1);
    expect(told[0]?.event).toContain('Patient/a/_history/1');
    expect(told[0]?.event).toContain('test-admin');
  });

  const refused: readonly (readonly [string, object])[] = [
    ['Nothing?x=1', {}],
    ['Patient?nonsense=1', {}],
    ['Patient?gender:nonsense=1', {}],
    ['Patient?_include=*', {}],
    ['Patient?birthdate=yesterday', {}],
    [`Patient?name=${'x'.repeat(5000)}`, {}],
    [`Patient?_id=${'x,'.repeat(1900)}`, {}],
    ['http://example.org/topic', {}],
    [`${topics}Nothing`, {}],
    [`${topics}Patient-nothing`, {}],
    ['Patient', { endpoint: 'http://169.254.169.254/latest/' }],
    ['Patient', { endpoint: 'http://127.0.0.2/' }],
    ['Patient', { endpoint: 'file:///etc/passwd' }],
    ['Patient', { endpoint: 'https://user:secret@example.org/' }],
    ['Patient', { endpoint: undefined }],
    ['Patient', { type: 'email', endpoint: 'mailto:a@example.org' }],
    ['Patient', { payload: 'text/plain' }],
    ['Patient', { header: ['Host: example.org'] }],
    ['Patient', { header: ['Transfer-Encoding: chunked'] }],
    ['Patient', { header: ['X-A: b\r\nX-C: d'] }],
    ['Patient', { header: [`X-A: ${'b'.repeat(5000)}`] }],
    ['Patient', { header: Array.from({ length: 17 }, (_, i) => `X-${i}: a`) }],
  ];
  it.each(refused)('criteria %s with %o are refused', async (criteria, more) => {
    const answer = await app.put(subscriptionOf('s', criteria, hook(more)));
    expect(answer.json.resourceType).toBe('OperationOutcome');
    expect([400, 422]).toContain(answer.status);
    expect(answer.text).toContain('"expression":["Subscription.c');
  });

  it('in a transaction the entry is named', async () => {
    const resource = subscriptionOf('s', 'Patient?nonsense=1', hook());
    const entry = [
      { resource: patient('a'), request: { method: 'PUT', url: 'Patient/a' } },
      { resource, request: { method: 'PUT', url: 'Subscription/s' } },
    ];
    const body = { resourceType: 'Bundle', type: 'transaction', entry };
    const answer = await app.fhir.call('POST', '/', { body });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('Bundle.entry[1].resource.criteria');
    expect((await app.fhir.call('GET', '/Patient/a')).status).toBe(404);
  });

  it('are bounded in number', async () => {
    const state = Array.from({ length: 1000 }, (_, i) => {
      return { key: `subscription-owner:${i}`, value: '{}' };
    });
    await app.fhir.store.commit({ now: new Date(), origin: 'test', changes: [], state });
    const answer = await app.put(subscriptionOf('s', 'Patient', hook()));
    expect(answer.status).toBe(429);
    expect((await app.put(subscriptionOf('7', 'Patient', hook()))).status).toBe(201);
  });

  it('are for those who may, and who could search for what they ask for', async () => {
    const body = subscriptionOf('s', 'Patient', hook());
    for (const token of ['app', 'clinician', 'app:ada', 'integration:ada']) {
      const answer = await app.fhir.call('PUT', '/Subscription/s', { body, token });
      expect(answer.status).toBe(403);
    }
    const answer = await app.fhir.call('PUT', '/Subscription/s', { body, token: 'integration' });
    expect(answer.status).toBe(201);
  });
});
