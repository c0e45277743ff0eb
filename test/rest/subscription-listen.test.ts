import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { stores } from './fhir-app.ts';
import {
  eventually,
  openSubscriptionApp,
  payloadOf,
  statusOf,
  subscriptionOf,
  topics,
} from './subscription-app.ts';
import type { SubscriptionApp, Told } from './subscription-app.ts';

interface Heard {
  readonly messages: string[];
  readonly socket: WebSocket;
  /** Why it was refused or closed. */
  readonly ended: Promise<string>;
  until(count: number): Promise<void>;
}

function listenTo(address: string, authorization = 'Bearer admin'): Heard {
  const headers = authorization === '' ? {} : { authorization };
  const socket = new WebSocket(`ws://${address}/fhir/$ws`, { headers });
  const messages: string[] = [];
  socket.on('message', (data) => messages.push((data as Buffer).toString()));
  const ended = new Promise<string>((resolve) => {
    socket.on('close', (code) => resolve(String(code)));
    socket.on('error', (error) => resolve(error.message));
  });
  const until = (count: number) => eventually(() => expect(messages).toHaveLength(count));
  return { messages, socket, ended, until };
}

const opened = (socket: WebSocket) => new Promise((resolve) => socket.once('open', resolve));

describe.each(stores)('those who listen on %s', (_name, open) => {
  let app: SubscriptionApp;
  let heard: Heard[];
  beforeEach(async () => {
    app = await openSubscriptionApp(open);
    heard = [];
    for (const [id, criteria, channel] of [
      ['plain', 'Patient', { type: 'websocket' }],
      ['topic', `${topics}Patient`, { type: 'websocket', ...payloadOf('full-resource') }],
    ] as const) {
      await app.put(subscriptionOf(id, criteria, channel));
      await eventually(async () => {
        const { json } = await app.fhir.call('GET', `/Subscription/${id}`);
        expect(json).toMatchObject({ status: 'active' });
      });
    }
  });
  afterEach(async () => {
    for (const { socket } of heard) socket.terminate();
    await app.close();
  });

  const listen = async (authorization?: string): Promise<Heard> => {
    const one = listenTo(app.address, authorization);
    heard.push(one);
    await opened(one.socket);
    return one;
  };
  const put = (id: string) => app.put({ resourceType: 'Patient', id });

  it('R4: bind, bound, ping', async () => {
    const one = await listen();
    one.socket.send('bind plain');
    await one.until(1);
    expect(one.messages).toEqual(['bound plain']);
    await put('a');
    await one.until(2);
    expect(one.messages[1]).toBe('ping plain');
  });

  it('backport: a binding token stands for the caller, and notifications follow', async () => {
    const answer = await app.fhir.call('GET', '/Subscription/topic/$get-ws-binding-token');
    const parameter = answer.json['parameter'] as unknown as {
      name: string;
      valueString: string;
    }[];
    const token = parameter.find(({ name }) => name === 'token')?.valueString ?? '';
    expect(parameter.map(({ name }) => name)).toEqual([
      ...['token', 'expiration', 'subscription', 'websocket-url'],
    ]);
    const one = await listen('');
    one.socket.send(`bind-with-token ${token}`);
    await one.until(1);
    expect(statusOf(one.messages[0] ?? '')).toMatchObject({ type: 'handshake', status: 'active' });
    await put('a');
    await one.until(2);
    const { entry } = JSON.parse(one.messages[1] ?? '') as Told;
    expect(entry[1]?.resource).toMatchObject({ id: 'a' });
    app.fhir.wait(10 * 60_000);
    one.socket.send(`bind-with-token ${token}`);
    await one.until(3);
    expect(one.messages[2]).toMatch(/^error .*expired/);
  });

  it.each([
    'bind',
    'bind none',
    'bind ../../x',
    'bind-with-token x',
    'hello',
    '',
    '{"a":1}',
    'x'.repeat(10_000),
  ])('"%s" is answered with what is wrong, and the next is heard', async (message) => {
    const one = await listen();
    one.socket.send(message);
    one.socket.send('bind plain');
    await one.until(2);
    expect(one.messages[0]).toMatch(/^error /);
    expect(one.messages[1]).toBe('bound plain');
  });

  it('a page link is no binding token', async () => {
    for (const id of ['a', 'b']) await put(id);
    const { json } = await app.fhir.call('GET', '/Patient?_count=1');
    const links = json.link as unknown as { relation: string; url: string }[];
    const next = links.find(({ relation }) => relation === 'next')?.url ?? '';
    const one = await listen('');
    one.socket.send(`bind-with-token ${next.split('_page=')[1] ?? ''}`);
    await one.until(1);
    expect(one.messages[0]).toMatch(/^error /);
  });

  it('no one listens who may not', async () => {
    const nobody = await listen('');
    nobody.socket.send('bind plain');
    await nobody.until(1);
    expect(nobody.messages[0]).toMatch(/^error Send a token/);
    const other = await listen('Bearer integration');
    other.socket.send('bind plain');
    await other.until(1);
    expect(other.messages[0]).toMatch(/^error .*the one who wrote it/);
    const nurse = await listen('Bearer nurse');
    nurse.socket.send('bind plain');
    await nurse.until(1);
    expect(nurse.messages[0]).toMatch(/^error /);
    const token = await app.fhir.call('GET', '/Subscription/plain/$get-ws-binding-token', {
      token: 'integration',
    });
    expect(token.status).toBe(403);
  });

  it('a message that is too long, or binary, ends it', async () => {
    const one = await listen();
    one.socket.send('x'.repeat(100_000));
    expect(await one.ended).toBe('1009');
    const two = await listen();
    two.socket.send(Buffer.from([1, 2, 3]));
    expect(await two.ended).toBe('1008');
  });

  it('nothing else is upgraded', async () => {
    const socket = new WebSocket(`ws://${app.address}/fhir/Patient`);
    const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
    expect(error.message).toContain('404');
    expect((await app.fhir.call('GET', '/$ws')).status).toBe(404);
  });

  it('who does not close after a refusal is closed for good', async () => {
    const [host = '', number = ''] = app.address.split(':');
    const socket = connect(Number(number), host);
    socket.pause();
    socket.write(
      `GET /fhir/none HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    const keepsSending = setInterval(() => socket.write('x'), 20);
    await new Promise((resolve) => socket.once('close', resolve).on('error', () => undefined));
    clearInterval(keepsSending);
  });

  it('a subscription that ends tells those who listen', async () => {
    const one = await listen();
    one.socket.send('bind plain');
    await one.until(1);
    await app.fhir.call('DELETE', '/Subscription/plain');
    await one.until(2);
    expect(one.messages[1]).toMatch(/^error .*ended/);
  });

  const stream = async (id: string, headers: Record<string, string> = {}) => {
    const ending = new AbortController();
    const response = await fetch(`http://${app.address}/fhir/Subscription/${id}/$events`, {
      headers: { accept: 'text/event-stream', authorization: 'Bearer admin', ...headers },
      signal: ending.signal,
    });
    let text = '';
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) text += decoder.decode(chunk);
    })().catch(() => undefined);
    const until = (pattern: RegExp) => eventually(() => expect(text).toMatch(pattern));
    const close = async () => {
      ending.abort();
      await reading;
    };
    return { response, until, close, text: () => text };
  };

  it('server-sent events: a handshake, then notifications; a client goes on where it was', async () => {
    const one = await stream('topic');
    expect(one.response.headers.get('content-type')).toBe('text/event-stream');
    await one.until(/^event: handshake\nid: 0\n/);
    await put('a');
    await one.until(/event: event-notification\nid: 1\ndata: .*"id":"a"/);
    await one.close();
    await put('b');
    await put('c');
    await app.subscriptions.idle();
    const two = await stream('topic', { 'last-event-id': '1' });
    await two.until(/id: 3\ndata: .*"id":"b".*"id":"c"/);
    expect(two.text()).not.toContain('"id":"a"');
    await two.close();
  });

  it('an open stream does not hold up the stop of the server', async () => {
    const one = await stream('plain');
    await one.until(/handshake/);
    const two = await listen();
    two.socket.send('bind plain');
    await two.until(1);
    const before = Date.now();
    await app.subscriptions.stop();
    await app.fhir.app.close();
    expect(Date.now() - before).toBeLessThan(3000);
    await one.close();
  });

  it('event streams are for the owner', async () => {
    for (const [token, status] of [
      ['integration', 403],
      ['nurse', 403],
    ] as const) {
      const { response, close } = await stream('plain', { authorization: `Bearer ${token}` });
      expect(response.status).toBe(status);
      await close();
    }
    const none = await stream('none');
    expect(none.response.status).toBe(404);
    await none.close();
  });
});
