import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IdentifiedResource } from '../../src/fhir/resource.ts';
import { stores } from './fhir-app.ts';
import {
  eventually,
  openReceiver,
  openSubscriptionApp,
  subscriptionOf,
} from './subscription-app.ts';
import type { Receiver, SubscriptionApp } from './subscription-app.ts';

const patient = (id: string, family: string) => ({
  ...{ resourceType: 'Patient', id },
  name: [{ family }],
});
const observation = (id: string, subject: string, text = 'x') => ({
  ...{ resourceType: 'Observation', id, status: 'final', code: { text } },
  subject: { reference: `Patient/${subject}` },
});

const topicUrl = 'http://site.example/SubscriptionTopic/final-results';
const topic = {
  ...{ resourceType: 'SubscriptionTopic', url: topicUrl, status: 'active' },
  resourceTrigger: [
    {
      resource: 'http://hl7.org/fhir/StructureDefinition/Observation',
      supportedInteraction: ['create'],
      queryCriteria: { current: 'subject:Patient.family=Lovelace' },
    },
  ],
};

describe.each(stores)('criteria of subscriptions on %s', (_name, open) => {
  let app: SubscriptionApp;
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await openReceiver();
    app = await openSubscriptionApp(open, [5, 5, 5], [topic]);
    for (const [id, family] of [
      ['ada', 'Lovelace'],
      ['bob', 'Babbage'],
    ] as const) {
      await app.put(patient(id, family));
    }
  });
  afterEach(async () => {
    await app.close();
    await receiver.close();
  });

  const subscribe = async (id: string, criteria: string, of?: string) => {
    const channel = {
      ...{ type: 'rest-hook', endpoint: `${receiver.url}/${id}` },
      payload: 'application/fhir+json',
    };
    const resource = subscriptionOf(id, criteria, channel) as IdentifiedResource;
    const owner = { id: 'x', display: 'x', role: 'app', patient: of };
    if (of === undefined) expect((await app.put(resource)).status).toBe(201);
    else {
      await app.fhir.store.commit({
        ...{ now: new Date(), origin: 'test' },
        changes: [{ op: 'put', resource, index: [] }],
        state: [{ key: `subscription-owner:${id}`, value: JSON.stringify(owner) }],
      });
    }
    await eventually(async () => {
      const { json } = await app.fhir.call('GET', `/Subscription/${id}`);
      expect(json).toMatchObject({ status: 'active' });
    });
  };
  /** What was told, as `subscription id`. */
  const told = () =>
    receiver.received.map(({ url, body }) => {
      return `${url.split('/').at(-1) ?? ''} ${(JSON.parse(body) as { id: string }).id}`;
    });

  it('follow chains and _has, as these stand when the change is looked at', async () => {
    await subscribe('chain', 'Observation?subject:Patient.family=Lovelace');
    await subscribe('any', 'Observation?subject.name=babbage,nobody');
    await subscribe('has', 'Patient?_has:Observation:patient:code:text=fever');
    await subscribe('words', 'Observation?_content=fever');
    await app.put(observation('o1', 'ada'));
    await app.put(observation('o2', 'bob', 'fever'));
    await app.put(observation('o3', 'nobody'));
    await receiver.until(3);
    await app.put({ ...patient('bob', 'Babbage'), active: true });
    await app.put({ ...patient('ada', 'King'), active: true });
    await app.put(observation('o4', 'ada'));
    await app.put(observation('last', 'bob'));
    await receiver.until(5);
    await app.subscriptions.idle();
    expect(told().sort()).toEqual(['any last', 'any o2', 'chain o1', 'has bob', 'words o2']);
  });

  it('tell through a chain no more than their author could find', async () => {
    await subscribe('all', 'Observation?subject:Patient.family=Lovelace');
    await subscribe('own', 'Observation?subject:Patient.family=Lovelace', 'bob');
    await subscribe(
      'around',
      'Patient?_has:Observation:patient:subject:Patient.family=Babbage',
      'bob',
    );
    await app.put({
      ...observation('both', 'ada'),
      performer: [{ reference: 'Patient/bob' }],
    });
    await app.put(observation('o2', 'bob'));
    await app.put({ ...patient('bob', 'Babbage'), active: true });
    await receiver.until(2);
    await app.subscriptions.idle();
    expect(told().sort()).toEqual(['all both', 'around bob']);
  });

  it('may name a topic of the site', async () => {
    await subscribe('topic', topicUrl);
    for (const id of ['o1', 'o2']) await app.put(observation(id, id === 'o1' ? 'ada' : 'bob'));
    await app.put(observation('o1', 'ada', 'again'));
    await app.put(observation('o3', 'ada'));
    await eventually(() => expect(receiver.received.length).toBeGreaterThanOrEqual(2));
    await app.subscriptions.idle();
    const events = receiver.received.flatMap(({ body }) => [
      ...body.matchAll(/Observation\/(o\d)(?=[/"])/g),
    ]);
    expect([...new Set(events.map(([, id]) => id))].sort()).toEqual(['o1', 'o3']);
    const other = subscriptionOf('x', `${topicUrl}-none`, { type: 'websocket' });
    expect((await app.put(other)).status).toBe(400);
  });
});
