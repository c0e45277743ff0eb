import { STATUS_CODES } from 'node:http';
import { fastify } from 'fastify';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { fail } from '../../src/fhir/issue.ts';
import { answerFailure } from '../../src/web/failure.ts';

const logged: string[] = [];
const app = fastify({
  loggerInstance: pino({ level: 'error' }, { write: (line: string) => void logged.push(line) }),
  genReqId: () => 'r-1',
});
app.setErrorHandler(answerFailure);
app.post('/echo', { bodyLimit: 64 }, async (request) => request.body);
app.get('/login', async () => fail('login', 'Send a token'));
app.get('/taken', async () => fail('write-conflict', 'That is taken'));
app.get('/fault', async () => {
  throw new Error('SELECT secret FROM place');
});

it.each([
  ['/login', 401, { message: 'Send a token' }],
  ['/taken', 409, { message: 'That is taken' }],
  ['/fault', 500, { message: 'A fault of the server; its log has it under X-Request-Id r-1' }],
])('%s is %i', async (url, status, body) => {
  logged.length = 0;
  const answer = await app.inject({ url });
  expect(answer.statusCode).toBe(status);
  expect(answer.json()).toEqual(body);
  expect(answer.headers['www-authenticate']).toBe(status === 401 ? 'Bearer' : undefined);
  expect(logged.filter((line) => line.includes('SELECT'))).toHaveLength(status === 500 ? 1 : 0);
});

it.each([
  ['application/json', '{"name": "ZZCANARY", oops', 400],
  ['application/json', `{"name": "${'ZZCANARY'.repeat(9)}"}`, 413],
  ['application/x-zzcanary', 'ZZCANARY', 415],
])(
  'what Fastify refuses keeps its status and repeats nothing (%s, %s)',
  async (type, payload, status) => {
    const headers = { 'content-type': type };
    const answer = await app.inject({ method: 'POST', url: '/echo', headers, payload });
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toEqual({ message: STATUS_CODES[status] });
  },
);
