import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../src/store/memory.ts';
import { openFhirApp } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';
import { hostileRequests } from './hostile-requests.ts';

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

  it.each(hostileRequests)('%s is refused with an OperationOutcome', async (_name, request) => {
    const { method, url, body, headers = {} } = request;
    const patching = method === 'PATCH' ? { 'content-type': 'application/json-patch+json' } : {};
    const answer = await fhir.call(method, url, { body, headers: { ...patching, ...headers } });
    expect([answer.status, answer.status >= 400 && answer.status < 500]).toEqual([
      answer.status,
      true,
    ]);
    expect(answer.json.resourceType).toBe('OperationOutcome');
    expect(answer.json.issue[0]?.severity).toMatch(/^(error|fatal)$/);
    expect(await fhir.call('GET', '/Patient/a')).toMatchObject({ status: 200 });
  });

  it('the table has at least 150 rows, each another one', () => {
    expect(new Set(hostileRequests.map(([, request]) => JSON.stringify(request))).size).toBe(
      hostileRequests.length,
    );
    expect(hostileRequests.length).toBeGreaterThanOrEqual(150);
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
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD, OPTIONS' } });
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
