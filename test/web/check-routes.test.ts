import { fastify, type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AccessEvent } from '../../src/security/audit-event.ts';
import type { Principal } from '../../src/security/principal.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { checkRoutes } from '../../src/web/check-routes.ts';
import { answerFailure } from '../../src/web/failure.ts';
import { processorOn } from '../feed/pipeline-fixture.ts';

let app: FastifyInstance;
let accesses: AccessEvent[];
let role: Principal['role'] | undefined;
const store = openMemoryStore();

beforeEach(async () => {
  accesses = [];
  role = 'analyst';
  app = fastify();
  app.setErrorHandler(answerFailure);
  await app.register(checkRoutes, {
    authenticate: async () => role && { id: 'a', display: 'A', role },
    read: (id: string) => store.journal.read(id),
    charsetOf: () => undefined,
    clock: () => new Date(0),
    recordAccess: (event: AccessEvent) => void accesses.push(event),
  });
});
afterEach(async () => app.close());

const text = 'MSH|^~\\&|E|M|W|H|202605011000||ADT^A08^ADT_A01|C1|P|2.5.1\rEVN||x\r';

it('checks the messages of a body', async () => {
  const response = await app.inject({
    method: 'POST',
    url: '/api/messages/check',
    payload: text + text.replace('C1', 'C2'),
    headers: { 'content-type': 'x-application/hl7-v2+er7' },
  });
  expect(response.statusCode).toBe(200);
  const body = response.json<{ messages: { controlId: string; faults: object[] }[] }>();
  expect(body).toMatchObject({
    conforming: 0,
    messages: [{ controlId: 'C1' }, { controlId: 'C2' }],
  });
  expect(body.messages[0]?.faults).toContainEqual(
    expect.objectContaining({ position: 'EVN-2.1', kind: 'type' }),
  );
});

it('checks a message of the journal, and leaves an audit event', async () => {
  await processorOn(store).send({ id: 'm1' });
  const [entry] = (await store.journal.list({ count: 1 })).entries;
  const response = await app.inject({ url: `/api/messages/${entry?.id ?? ''}/check` });
  expect(response.json()).toMatchObject({
    messages: [{ controlId: 'm1', messageType: 'ADT^A08' }],
  });
  expect(accesses).toMatchObject([{ interaction: 'read', patients: [entry?.patient] }]);
  expect((await app.inject({ url: '/api/messages/nope/check' })).statusCode).toBe(404);
});

it.each([
  [undefined, 401],
  ['frontdesk', 403],
  ['admin', 200],
] as const)('as %s: %i', async (who, status) => {
  role = who;
  const response = await app.inject({
    method: 'POST',
    url: '/api/messages/check',
    payload: text,
    headers: { 'content-type': 'text/plain' },
  });
  expect(response.statusCode).toBe(status);
});
