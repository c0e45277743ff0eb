import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runApp } from './running-app.ts';
import type { RunningApp } from './running-app.ts';

/** What no HTTP client sends: requests that end in two places, heads without end, bytes that are none. */
const broken: readonly (readonly [name: string, head: string, status: number])[] = [
  ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ['an HL7 message', '\x0bMSH|^~\\&|A|B\r\x1c\r', 400],
  ['two lengths', post(['Content-Length: 5', 'Content-Length: 6']), 400],
  ['a length and chunks', post(['Content-Length: 5', 'Transfer-Encoding: chunked']), 400],
  ['a coding of chunks that is none', post(['Transfer-Encoding: chunked, nonsense']), 400],
  ['a length that is no number', post(['Content-Length: 5x']), 400],
  ['a negative length', post(['Content-Length: -5']), 400],
  ['a header that goes on in the next line', post(['X-A: 1', ' folded: 2', 'X-B 3']), 400],
  ['a header name with a space', post(['X A: 1']), 400],
  ['a version that is none', 'GET /fhir/metadata HTTP/9.9\r\nHost: a\r\n\r\n', 400],
  ['a method that is none', 'B RN /fhir HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a head of 17 KB', post([`X-Long: ${'a'.repeat(17_000)}`]), 431],
  ['two thousand headers', post(Array.from({ length: 2_000 }, (_, n) => `X-${n}: ${n}`)), 431],
];

function post(headers: readonly string[]): string {
  return `POST /fhir/Patient HTTP/1.1\r\nHost: a\r\n${headers.join('\r\n')}\r\n\r\n12345`;
}

describe('requests that cannot be read', () => {
  let running: RunningApp;
  beforeAll(async () => {
    running = await runApp();
  });
  afterAll(() => running.close());

  it.each(broken)('%s', async (_name, head, status) => {
    const answer = await exchange(running.app.http, head);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${String(status)} `));
    const [, body = ''] = answer.split('\r\n\r\n');
    expect(JSON.parse(body)).toMatchObject({ resourceType: 'OperationOutcome' });
    expect((await running.call('/fhir/metadata')).status).toBe(200);
  });
});

/** Sends bytes and gives all that comes until the server closes. */
function exchange(address: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () =>
      socket.write(Buffer.from(bytes, 'latin1')),
    );
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}
