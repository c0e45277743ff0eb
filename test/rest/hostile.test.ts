import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../src/store/memory.ts';
import { openFhirApp } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';

const deep = (n: number) => `{"resourceType":"Patient","x":${'['.repeat(n)}${']'.repeat(n)}}`;

/** A transaction of one PUT with something odd in its request and its entry. */
const conditionalPut = (odd: string): string => {
  const more = JSON.parse(odd) as object;
  const resource = { resourceType: 'Patient', id: 'a' };
  const request = { method: 'PUT', url: 'Patient/a', ...more };
  return JSON.stringify({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [{ resource, request, ...more }],
  });
};

/** Method, address, body: what a server must answer with a reason, never with a fault of its own. */
const hostile: readonly (readonly [string, string, string | Buffer | undefined])[] = [
  ['POST', '/Patient', '{'],
  ['POST', '/Patient', ''],
  ['POST', '/Patient', 'null'],
  ['POST', '/Patient', '[]'],
  ['POST', '/Patient', '"Patient"'],
  ['POST', '/Patient', '{"resourceType":1}'],
  ['POST', '/Patient', '{"resourceType":"Patient","__proto__":{"admin":true}}'],
  ['POST', '/Patient', '{"resourceType":"Patient","constructor":{"prototype":{}}}'],
  ['POST', '/Patient', '{"resourceType":"Patient","meta":"x"}'],
  ['POST', '/Patient', '{"resourceType":"Patient","meta":{"tag":{"code":"SUBSETTED"}}}'],
  ['POST', '/Patient', '{"resourceType":"Patient","meta":{"tag":[null]}}'],
  ['POST', '/Patient', '{"resourceType":"Patient","text":{"div":7}}'],
  ['POST', '/', conditionalPut('{"fullUrl":1}')],
  ['POST', '/', conditionalPut('{"ifMatch":1}')],
  ['POST', '/', conditionalPut('{"ifMatch":"x"}')],
  ['POST', '/Patient', deep(100)],
  ['POST', '/Patient', deep(100_000)],
  ['POST', '/Patient', '{"resourceType":"Patient","active":1e999}'],
  ['POST', '/Patient', '{"resourceType":"Patient","name":"\\ud800"}'],
  ['POST', '/Patient', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
  ['POST', '/', '{"resourceType":"Bundle","type":"transaction","entry":{}}'],
  ['POST', '/', '{"resourceType":"Bundle","type":"transaction","entry":[null]}'],
  [
    'POST',
    '/',
    '{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"PUT","url":"Patient/%zz"}}]}',
  ],
  [
    'POST',
    '/',
    '{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"GET","url":"../../etc/passwd"}}]}',
  ],
  ['PUT', '/Patient/a', '{"resourceType":"Patient","id":"../../a"}'],
  ['GET', '/%zz', undefined],
  ['GET', '/Patient/%00', undefined],
  ['GET', '/Patient?name=%zz', undefined],
  ['GET', '/Patient/%2e%2e%2f%2e%2e', undefined],
  ['GET', `/Patient/${'a'.repeat(5000)}`, undefined],
  ['GET', '/Patient?_count=99999999999999999999999', undefined],
  ['GET', '/Patient?_count=-1', undefined],
  ['GET', '/Patient?_sort=__proto__', undefined],
  ['GET', '/Patient?_sort=constructor', undefined],
  ['GET', '/Patient?birthdate=99999-01-01', undefined],
  ['GET', '/Patient?birthdate=2020-13-45', undefined],
  ['GET', '/Patient?_lastUpdated=ge', undefined],
  ['GET', '/Patient?name:exact:contains=x', undefined],
  ['GET', '/Patient?_include=Patient:__proto__', undefined],
  ['GET', '/Patient?_page=AAAA', undefined],
  ['GET', '/Patient?_page=%7B%7D', undefined],
  ['GET', `/Patient?${'name=a&'.repeat(2000)}`, undefined],
  ['GET', '/Patient?_elements=$where', undefined],
  ['GET', '/Patient/a/_history/x_y', undefined],
  ['GET', '/Patient/_history?_since=0000', undefined],
  ['GET', '/Patient/a/$no-such-operation', undefined],
  ['GET', '/__proto__', undefined],
  ['GET', '/constructor/1', undefined],
  ['DELETE', '/Patient', undefined],
  ['DELETE', '/Patient?nonsense=1', undefined],
  ['PATCH', '/Patient/a', '[{"op":"add","path":"/__proto__/x","value":1}]'],
  ['PUT', '/', '{}'],
  ['TRACE', '/Patient', undefined],
];

/** Searches that are odd but legal: answered, and nothing breaks. */
const odd = [
  "/Patient?family=' OR 1=1 --",
  '/Patient?family={"$gt":""}',
  '/Patient?identifier=%7C',
  '/Patient?identifier=%7C%7C%7C',
  '/Patient?family=%00',
  `/Patient?family=${'%C3%A9'.repeat(500)}`,
  '/Patient?family:contains=%25_%25',
  '/Patient?_id=a,b,c,,,',
  '/Patient?__proto__=1',
  '/Patient?constructor=1',
];

describe('hostile requests', () => {
  let fhir: FhirApp;
  beforeAll(async () => {
    fhir = await openFhirApp(async () => openMemoryStore());
    await fhir.call('PUT', '/Patient/a', { body: { resourceType: 'Patient', id: 'a' } });
  });
  afterAll(() => fhir.close());

  it.each(hostile)('%s %s (%#) is refused with an OperationOutcome', async (method, url, body) => {
    const headers = method === 'PATCH' ? { 'content-type': 'application/json-patch+json' } : {};
    const answer = await fhir.call(method, url, { body, headers });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    if (method !== 'TRACE') expect(answer.json.resourceType).toBe('OperationOutcome');
    expect(await fhir.call('GET', '/Patient/a')).toMatchObject({ status: 200 });
  });

  it.each(odd)('%s is answered', async (url) => {
    const answer = await fhir.call('GET', encodeURI(url).replaceAll('%25', '%'));
    expect(answer.status).toBeLessThan(500);
    expect(answer.json.resourceType).toMatch(/^(Bundle|OperationOutcome)$/);
  });

  it('400 says line and column of broken JSON, and repeats none of it', async () => {
    const body = '{"resourceType":"Patient",\n "name": secretword }';
    const answer = await fhir.call('POST', '/Patient', { body });
    expect(answer.json.issue[0]?.diagnostics).toMatch(/line 2\D+10/);
    expect(answer.text).not.toContain('secretword');
  });

  it('405 says what is allowed', async () => {
    const answer = await fhir.call('PUT', '/_history');
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET' } });
  });

  it('I6 a fault of ours shows its id and nothing else, and is in the log under that id', async () => {
    const broken = {
      ...openMemoryStore(),
      read: () => Promise.reject(new Error('db at 10.0.0.1')),
    };
    const own = await openFhirApp(async () => broken);
    const headers = { 'x-request-id': 'trace-me' };
    const answer = await own.call('GET', '/Patient/a', { headers });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('10.0.0.1');
    expect(answer.json.issue[0]?.diagnostics).toContain('trace-me');
    const line = own.logged.find((text) => text.includes('trace-me'));
    expect(line).toContain('10.0.0.1');
    await own.app.close();
  });
});
