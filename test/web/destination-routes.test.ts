import { beforeEach, describe, expect, it } from 'vitest';
import { putControl, readControl } from '../../src/feed/destination/control.ts';
import { put, readDelivery } from '../../src/feed/destination/delivery.ts';
import { readAccess } from '../../src/security/audit-event.ts';
import { roles } from '../../src/security/principal.ts';
import { destinationTo, listed, queue } from '../feed/destination/destination-fixture.ts';
import { bearer, openWebApp } from './web-app.ts';
import type { WebApp } from './web-app.ts';

let web: WebApp;
beforeEach(async () => {
  web = await openWebApp({ destinations: [destinationTo(2575)] });
});

async function get(path: string, role = 'analyst'): Promise<{ status: number; body: never }> {
  const url = `/api/destinations${path}`;
  const answer = await web.app.inject({ url, headers: await bearer(web, role as 'analyst') });
  return { status: answer.statusCode, body: answer.json<never>() };
}
async function post(path: string, body: object = { reason: 'a test' }, role = 'analyst') {
  const url = `/api/destinations${path}`;
  const headers = await bearer(web, role as 'analyst');
  return (await web.app.inject({ method: 'POST', url, headers, payload: body })).statusCode;
}
async function hold(id: string, list: 'queue' | 'aside'): Promise<void> {
  const kept = await readDelivery(web.store, { destination: 'ris', id }, 'queue');
  if (kept === undefined) throw new Error('It is not queued');
  const delivery = { ...kept.delivery, state: 'held', errors: 3, lastError: 'AE' } as const;
  const moved = list === 'aside' ? [{ key: `delivery|ris|queue|${id}` }] : [];
  const state = [...moved, put(list, delivery)];
  await web.store.commit({ now: new Date(), origin: 'test', changes: [], state });
}
async function audited(): Promise<readonly string[]> {
  const rows = await web.store.audit.rows(0, 100);
  return rows.map(({ event }) => readAccess(event).query ?? '');
}

describe('who may', () => {
  it.each(roles)('%s', async (role) => {
    const watches = ['admin', 'analyst', 'integration'].includes(role);
    const works = ['admin', 'analyst'].includes(role);
    expect((await get('', role)).status).toBe(watches ? 200 : 403);
    expect(await post('/ris/pause', undefined, role)).toBe(works ? 200 : 403);
  });

  it('nobody without a token', async () => {
    expect((await web.app.inject({ url: '/api/destinations' })).statusCode).toBe(401);
  });
});

it('lists destinations with how they stand', async () => {
  expect((await get('')).body).toMatchObject({
    destinations: [{ name: 'ris', address: '127.0.0.1:2575', state: 'waiting', depth: 0 }],
  });
  const [id = ''] = await queue(web.store, 'ris', ['C1', 'C2']);
  const kept = await readControl(web.store, 'ris');
  const retryAt = '2026-05-01T12:00:00.000Z';
  const away = { failures: 4, breaker: 'open', lastError: 'No connection', retryAt } as const;
  const state = [putControl('ris', kept, { ...kept.control, ...away })];
  await web.store.commit({ now: new Date(), origin: 'test', changes: [], state });
  expect((await get('')).body).toMatchObject({
    destinations: [
      {
        state: 'away',
        breaker: 'open',
        depth: 2,
        lastError: 'No connection',
        nextRetryAt: retryAt,
      },
    ],
  });
  await hold(id, 'queue');
  expect((await get('')).body).toMatchObject({ destinations: [{ state: 'held' }] });
});

it('lists deliveries, and shows a message masked, or whole with a reason that is audited', async () => {
  const [id = ''] = await queue(web.store, 'ris', ['C1', 'C2']);
  expect((await get('/ris/deliveries')).body).toMatchObject({
    deliveries: [{ controlId: 'C1', state: 'queued' }, { controlId: 'C2' }],
  });
  expect((await get('/ris/deliveries?list=other')).status).toBe(400);
  expect((await get(`/ris/deliveries/${id}`)).body).toMatchObject({
    isMasked: true,
    raw: 'MSH|^~\\&|WEIR|HUB|RIS|HOSP|20260501||ADT^A31|C1|P|2.5.1\nPID|*||**',
  });
  expect((await get(`/ris/deliveries/${id}?reason=asked`)).body).toMatchObject({
    isMasked: false,
    raw: expect.stringContaining('PID|1||M1') as string,
  });
  expect(web.accesses.map(({ query }) => query)).toContain(
    `api/destinations/ris/deliveries/${id}?reason=asked`,
  );
  expect((await get(`/ris/deliveries/${id}?reason=x`, 'integration')).status).toBe(403);
  expect((await get('/ris/deliveries/none')).status).toBe(404);
});

it('pauses and resumes, with who and why', async () => {
  expect(await post('/ris/pause', {})).toBe(422);
  expect(await post('/none/pause')).toBe(404);
  expect(await post('/ris/pause', { reason: 'the RIS is updated' })).toBe(200);
  expect((await get('')).body).toMatchObject({
    destinations: [{ state: 'paused', paused: { reason: 'the RIS is updated' } }],
  });
  expect(await post('/ris/resume')).toBe(200);
  expect((await get('')).body).toMatchObject({ destinations: [{ state: 'waiting' }] });
  expect(await audited()).toContain('destination/ris/pause?reason=the%20RIS%20is%20updated');
});

it.each(['queue', 'aside'] as const)(
  'what is held in %s is sent again in its place',
  async (list) => {
    const [id = ''] = await queue(web.store, 'ris', ['C1', 'C2']);
    await hold(id, list);
    expect(await post(`/ris/deliveries/${id}/retry`)).toBe(200);
    const [first, second] = await listed(web.store);
    expect(first).toMatchObject({ controlId: 'C1', state: 'queued', errors: 0 });
    expect(second).toMatchObject({ controlId: 'C2' });
    expect(await listed(web.store, 'aside')).toEqual([]);
  },
);

it('skips with a reason, and the message is gone from the store', async () => {
  const [id = ''] = await queue(web.store, 'ris', ['C1', 'C2']);
  await hold(id, 'queue');
  expect(await post(`/ris/deliveries/${id}/skip`, { reason: 'sent by hand' })).toBe(200);
  expect(await listed(web.store)).toMatchObject([{ controlId: 'C2' }]);
  const [done] = await listed(web.store, 'done');
  expect(done).toMatchObject({
    state: 'skipped',
    lastError: expect.stringMatching(/sent by hand$/) as string,
  });
  expect((await web.store.states('delivery-bytes|')).length).toBe(1);
  expect(await post(`/ris/deliveries/${id}/skip`)).toBe(404);
});

it('what is on its way is not taken out, unless sending is paused', async () => {
  const [id = ''] = await queue(web.store, 'ris', ['C1']);
  const kept = await readDelivery(web.store, { destination: 'ris', id }, 'queue');
  if (kept === undefined) throw new Error('It is not queued');
  const state = [put('queue', { ...kept.delivery, state: 'inflight' })];
  await web.store.commit({ now: new Date(), origin: 'test', changes: [], state });
  expect(await post(`/ris/deliveries/${id}/skip`)).toBe(409);
  await post('/ris/pause');
  expect(await post(`/ris/deliveries/${id}/skip`)).toBe(200);
});
