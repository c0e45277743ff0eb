import { beforeEach, describe, expect, it, vi } from 'vitest';
import { sessionCookie } from '../../src/security/authenticate.ts';
import { roles, type Principal } from '../../src/security/principal.ts';
import { audience } from '../../src/security/token.ts';
import type { MessageRun } from '../../src/feed/message-run.ts';
import { frame } from '../feed/pipeline-fixture.ts';
import { bearer, openWebApp } from './web-app.ts';
import type { WebApp } from './web-app.ts';

let web: WebApp;
beforeEach(async () => {
  web = await openWebApp();
});

async function post(path: string, body?: object, role: Principal['role'] = 'analyst') {
  return web.app.inject({
    method: 'POST',
    url: `/api/messages/${path}`,
    headers: await bearer(web, role),
    ...(body === undefined ? {} : { payload: body }),
  });
}

/** A message that was not taken, and one that was. */
async function both(): Promise<{ parked: string; processed: string }> {
  await web.send({ id: 'bad', type: 'ADT^A99', family: 'Doe' });
  await web.send({ id: 'good', family: 'Doe' });
  const { entries } = await web.store.journal.list({ count: 5 });
  web.wait(1_000);
  const idOf = (controlId: string): string =>
    entries.find((entry) => entry.controlId === controlId)?.id ?? '';
  return { parked: idOf('bad'), processed: idOf('good') };
}

const stateOf = async (id: string) => (await web.store.journal.read(id))?.state;

async function ended(id: string): Promise<MessageRun> {
  return vi.waitFor(async () => {
    const headers = await bearer(web, 'analyst');
    const run = (
      await web.app.inject({ url: `/api/messages/runs/${id}`, headers })
    ).json<MessageRun>();
    expect(run.state).not.toBe('running');
    return run;
  });
}

describe('who may work on messages', () => {
  const workers = ['admin', 'analyst', 'integration'];

  it.each(roles.map((role) => [role, workers.includes(role)] as const))(
    '%s: %s',
    async (role, may) => {
      const { parked } = await both();
      const calls: [string, object][] = [
        [`${parked}/retry`, {}],
        [`${parked}/edit`, { reason: 'x', text: 'MSH|' }],
        [`${parked}/skip`, { reason: 'x' }],
        ['retry', { query: { feed: 'ehr' } }],
        ['replay', { query: { feed: 'ehr' } }],
        ['runs/none/cancel', {}],
      ];
      for (const [path, body] of calls) {
        const { statusCode } = await post(path, body, role);
        expect([path, statusCode === 403]).toEqual([path, !may]);
      }
      await web.runs.stop();
    },
  );

  it('nobody by a cookie from another site, nor without any', async () => {
    const { parked } = await both();
    const token = await web.token({ id: 'ana', display: 'Ana', role: 'analyst' }, audience.session);
    const call = async (headers: Record<string, string>) =>
      (
        await web.app.inject({
          ...{
            method: 'POST',
            url: `/api/messages/${parked}/skip`,
            headers,
            payload: { reason: 'x' },
          },
        })
      ).statusCode;
    const cookie = `${sessionCookie}=${token}`;
    expect(await call({})).toBe(401);
    expect(await call({ cookie, 'sec-fetch-site': 'cross-site' })).toBe(401);
    expect(await call({ cookie })).toBe(401);
    expect(await stateOf(parked)).toBe('parked');
    expect(await call({ cookie, 'sec-fetch-site': 'same-origin' })).toBe(200);
    expect(await stateOf(parked)).toBe('ignored');
  });
});

describe('one message', () => {
  it('is retried, edited and skipped; the answer says what it became', async () => {
    const { parked } = await both();
    const retried = await post(`${parked}/retry`, { reason: 'again' });
    expect(retried.json()).toMatchObject({
      entry: { id: parked, state: 'parked', attempts: 2 },
      notes: [{ action: 'retry', by: 'analyst', reason: 'again', was: 'parked' }],
    });
    const text = Buffer.from(frame({ id: 'bad', family: 'Doe' }))
      .toString()
      .replaceAll('\r', '\n');
    const edited = await post(`${parked}/edit`, { reason: 'A99 is A08', text });
    expect(edited.json()).toMatchObject({
      entry: { state: 'processed', controlId: 'bad', messageType: 'ADT^A08' },
      notes: [{ action: 'edited', message: parked }],
    });
    const { entry } = edited.json<{ entry: { id: string } }>();
    const shown = await web.app.inject({
      ...{ url: `/api/messages/${parked}`, headers: await bearer(web, 'analyst') },
    });
    expect(shown.json()).toMatchObject({ entry: { state: 'ignored', supersededBy: entry.id } });
    expect(JSON.stringify(edited.json())).not.toContain('Doe');
  });

  it('is edited by bytes as they are', async () => {
    const { parked } = await both();
    const base64 = Buffer.from('no HL7').toString('base64');
    const edited = await post(`${parked}/edit`, { reason: 'x', base64 });
    expect(edited.json()).toMatchObject({ entry: { state: 'parked', controlId: '' } });
    const { entry } = edited.json<{ entry: { id: string } }>();
    expect(Buffer.from((await web.store.journal.read(entry.id))?.bytes ?? []).toString()).toBe(
      'no HL7',
    );
  });

  const misuses: readonly [string, string, object | undefined, number, string][] = [
    [
      'a retry of one that was processed',
      'processed/retry',
      {},
      409,
      'The message is processed; replay it',
    ],
    [
      'a skip of one that was processed',
      'processed/skip',
      { reason: 'x' },
      409,
      'The message is processed',
    ],
    ['a skip without a reason', 'parked/skip', {}, 400, 'Give a reason'],
    ['a skip without a body', 'parked/skip', undefined, 400, 'Give a reason'],
    ['a reason that is no text', 'parked/retry', { reason: 7 }, 400, 'reason is a text'],
    ['an edit without a reason', 'parked/edit', { text: 'MSH|' }, 400, 'Give a reason'],
    ['an edit without a text', 'parked/edit', { reason: 'x' }, 400, 'Give the new message as text'],
    [
      'an edit to nothing',
      'parked/edit',
      { reason: 'x', text: '' },
      400,
      'The new message is empty',
    ],
    ['a body that is a list', 'parked/retry', [], 400, 'The body is a JSON object'],
    ['a message that is not there', 'none/retry', {}, 404, 'There is no such message'],
  ];
  it.each(misuses)('%s is refused', async (...misuse) => {
    const [, path, body, status, words] = misuse;
    const ids = await both();
    const before = await web.store.journal.list({ count: 9 });
    const real = path.replace(/^(parked|processed)/, (name) => ids[name as keyof typeof ids]);
    const answer = await post(real, body);
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'error', diagnostics: expect.stringContaining(words) as string }],
    });
    expect(await web.store.journal.list({ count: 9 })).toEqual(before);
  });
});

describe('many messages', () => {
  it('a retry by query is a run that is told of', async () => {
    await both();
    const begun = await post('retry', { query: { feed: 'ehr' }, reason: 'all' });
    expect(begun.statusCode).toBe(202);
    const { id } = begun.json<MessageRun>();
    expect(await ended(id)).toMatchObject({ state: 'done', done: 1, outcomes: { parked: 1 } });
    const headers = await bearer(web, 'nurse');
    const listed = await web.app.inject({ url: '/api/messages/runs', headers });
    expect(listed.json()).toMatchObject({ runs: [{ id, kind: 'retry', by: 'analyst' }] });
  });

  it('a shadow run hides who its differences are about, unless a reason is given', async () => {
    await both();
    const patient = (
      await web.store.search({
        ...{ types: ['Patient'], where: { op: 'all' }, sort: [], count: 1, total: 'none' },
      } as never)
    ).matches[0];
    const body = JSON.parse(patient?.body ?? '{}') as { id: string };
    // Somebody has taken the name out by hand, and the source says it again.
    const resource = { ...body, resourceType: 'Patient', name: [] };
    await web.store.commit({
      ...{ now: new Date(), origin: 'test' },
      changes: [{ op: 'put', resource, index: [] }],
      sources: [],
    });
    const { id } = (
      await post('replay', { query: { feed: 'ehr' }, shadow: true })
    ).json<MessageRun>();
    const run = await ended(id);
    expect(run).toMatchObject({ kind: 'shadow', state: 'done', done: 1 });
    expect(JSON.stringify(run)).not.toMatch(/Doe|Maria/);
    const ask = async (query: string) =>
      web.app.inject({
        url: `/api/messages/runs/${id}${query}`,
        headers: await bearer(web, 'analyst'),
      });
    expect((await ask('?unmask=true')).statusCode).toBe(400);
    expect((await ask('?unmask=true&reason=review')).statusCode).toBe(200);
    expect(web.accesses.at(-1)).toMatchObject({ reason: 'review' });
  });

  const misuses: readonly [string, string, object, number, string][] = [
    ['a retry of everything', 'retry', {}, 400, 'Say which messages'],
    [
      'a retry of a state alone',
      'retry',
      { query: { state: 'failed' } },
      400,
      'Say which messages',
    ],
    [
      'a retry of what was taken',
      'retry',
      { query: { feed: 'ehr', state: 'processed' } },
      400,
      'A retry takes messages that are failed or parked',
    ],
    [
      'a replay of what was not',
      'replay',
      { query: { feed: 'ehr', state: 'failed' } },
      400,
      'A replay takes messages that are processed',
    ],
    [
      'an unknown place',
      'replay',
      { query: { 'PID-99': 'x' } },
      400,
      'Messages are not found by PID-99',
    ],
    ['a bad date', 'replay', { query: { from: 'soon' } }, 400, 'from is a date or time'],
    ['a query that is a text', 'replay', { query: 'PID-3=1' }, 400, 'query is an object such as'],
    [
      'a condition that is no text',
      'replay',
      { query: { from: 7 } },
      400,
      'Each condition of the query is a text',
    ],
    [
      'a shadow that is no boolean',
      'replay',
      { query: { feed: 'x' }, shadow: 'yes' },
      400,
      'shadow is true or false',
    ],
    ['a run that is not there', 'runs/none/cancel', {}, 404, 'There is no such run'],
  ];
  it.each(misuses)('%s is refused', async (...misuse) => {
    const [, path, body, status, words] = misuse;
    const answer = await post(path, body);
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({
      issue: [{ diagnostics: expect.stringContaining(words) as string }],
    });
  });
});
