import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { takeBatches } from '../../src/feed/batch-frame.ts';
import { httpFeed } from '../../src/feed/http-feed.ts';
import type { Frame } from '../../src/feed/reading.ts';
import { OutcomeError } from '../../src/fhir/issue.ts';

let app: FastifyInstance;
let frames: Frame[];

beforeEach(async () => {
  frames = [];
  app = fastify();
  await app.register(httpFeed, {
    onFrame: takeBatches({
      now: () => new Date('2024-01-31T08:00:00Z'),
      newId: () => 'W1',
      onFrame: async (frame) => {
        frames.push(frame);
        const id = /ADT\^A08\|(\w+)/.exec(Buffer.from(frame.bytes).toString())?.[1] ?? '';
        return Buffer.from(`MSH|^~\\&|WEIR\rMSA|AA|${id}\r`);
      },
    }),
    charsetOf: () => undefined,
    authorize: async (_request: unknown, feed: string) => {
      if (feed !== 'lab') {
        const issue = { code: 'forbidden', severity: 'error', diagnostics: 'Not yours' } as const;
        throw Object.assign(new OutcomeError([issue]), { statusCode: 403 });
      }
    },
  });
});

afterEach(async () => app.close());

const message = (id: string): string => `MSH|^~\\&|A|B|C|D|2024||ADT^A08|${id}|P|2.5\rPID|1||é\r`;

async function post(
  payload: Buffer | string,
  type = 'x-application/hl7-v2+er7',
  feed = 'lab',
): Promise<Awaited<ReturnType<FastifyInstance['inject']>>> {
  return await app.inject({
    method: 'POST',
    url: `/hl7/${feed}`,
    payload,
    headers: { 'content-type': type },
  });
}

it.each([
  'x-application/hl7-v2+er7',
  'x-application/hl7-v2+er7; charset=utf-8',
  'application/hl7-v2',
  'application/hl7-v2+er7',
  'text/plain',
])('a message as %s gets its acknowledgement', async (type) => {
  const bytes = Buffer.from(message('7'), 'latin1');
  const response = await post(bytes, type);
  expect(response.statusCode).toBe(200);
  expect(response.headers['content-type']).toContain('x-application/hl7-v2+er7');
  expect(response.body).toBe('MSH|^~\\&|WEIR\rMSA|AA|7\r');
  expect(frames).toMatchObject([
    { feed: 'lab', peer: expect.stringContaining('127.0.0.1') as string },
  ]);
  expect(Buffer.from(frames[0]?.bytes ?? [])).toEqual(bytes);
});

it('what is no message is handed on as it is', async () => {
  expect((await post('hello')).body).toContain('MSA|AA|');
  expect(Buffer.from(frames[0]?.bytes ?? []).toString()).toBe('hello');
});

it('several messages get several answers, in order, and keep their bytes', async () => {
  const response = await post(Buffer.from(message('1') + message('2'), 'latin1'));
  expect(response.body).toBe('MSH|^~\\&|WEIR\rMSA|AA|1\rMSH|^~\\&|WEIR\rMSA|AA|2\r');
  expect(Buffer.from(frames[1]?.bytes ?? [])).toEqual(Buffer.from(message('2'), 'latin1'));
});

it('a batch gets a batch', async () => {
  const ids = Array.from({ length: 150 }, (_, index) => `m${String(index)}`);
  const batch = `FHS|^~\\&|A\rBHS|^~\\&|A|B|C|D|2024||||B77\r${ids.map(message).join('')}BTS|150\rFTS|1\r`;
  const lines = (await post(batch)).body.split('\r');
  expect(lines[0]).toBe('FHS|^~\\&|||A||20240131080000.000+0000');
  expect(lines[1]).toBe('BHS|^~\\&|C|D|A|B|20240131080000.000+0000|||||B77');
  expect(lines.filter((line) => line.startsWith('MSA'))).toEqual(ids.map((id) => `MSA|AA|${id}`));
  expect(lines.slice(-3)).toEqual(['BTS|150', 'FTS|1', '']);
});

it('other media types and other feeds are refused, and nothing is taken', async () => {
  expect((await post('{}', 'application/fhir+json')).statusCode).toBe(415);
  expect((await post(message('1'), 'text/plain', 'other')).statusCode).toBe(403);
  expect(frames).toEqual([]);
});

it('an empty body is handed on as an empty message', async () => {
  const response = await app.inject({ method: 'POST', url: '/hl7/lab' });
  expect(response.statusCode).toBe(200);
  expect(frames[0]?.bytes).toHaveLength(0);
});
