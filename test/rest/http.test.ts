import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { codingFor } from '../../src/rest/content-coding.ts';
import { parseCorsOrigins } from '../../src/rest/cors.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { openFhirApp } from './fhir-app.ts';
import type { CallOptions, FhirApp } from './fhir-app.ts';

const large = {
  resourceType: 'Patient',
  id: 'large',
  name: [{ family: 'É'.repeat(2000) }],
};
const origin = 'https://app.example';

describe('HTTP', () => {
  let fhir: FhirApp;
  beforeAll(async () => {
    fhir = await openFhirApp(async () => openMemoryStore());
    await fhir.call('PUT', '/Patient/large', { body: large });
    await fhir.call('PUT', '/Patient/small', { body: { resourceType: 'Patient', id: 'small' } });
  });
  afterAll(() => fhir.close());

  describe('codings of answers', () => {
    it.each([
      [undefined, undefined],
      ['', undefined],
      ['identity', undefined],
      ['gzip', 'gzip'],
      ['x-gzip', 'gzip'],
      ['gzip, deflate, br, zstd', 'br'],
      ['gzip, deflate', 'gzip'],
      ['GZIP;q=0.5, br;q=0.1', 'gzip'],
      ['gzip;q=0', undefined],
      ['*', 'br'],
      ['*;q=0', undefined],
      ['br;q=0, *', 'zstd'],
      ['identity, gzip;q=0.5', undefined],
      ['lzma', undefined],
    ])('Accept-Encoding %j gives %s', (header, coding) => {
      expect(codingFor(header)).toBe(coding);
    });

    it.each([
      ['gzip', gunzipSync],
      ['br', brotliDecompressSync],
      ['zstd', zstdDecompressSync],
    ])('%s holds what the plain answer does', async (coding, decode) => {
      const plain = await fhir.call('GET', '/Patient/large');
      const headers = { authorization: 'Bearer admin', 'accept-encoding': coding };
      const answer = await fhir.app.inject({ url: '/fhir/Patient/large', headers });
      expect(answer.headers['content-encoding']).toBe(coding);
      expect(answer.headers['vary']).toBe('Accept, Accept-Encoding');
      expect(answer.headers['etag']).toBe('W/"1"');
      expect(answer.rawPayload.length).toBeLessThan(plain.text.length / 4);
      expect(answer.headers['content-length']).toBe(String(answer.rawPayload.length));
      expect(decode(answer.rawPayload).toString()).toBe(plain.text);
      const head = await fhir.app.inject({ method: 'HEAD', url: '/fhir/Patient/large', headers });
      expect(head.headers['content-length']).toBe(answer.headers['content-length']);
      expect(head.body).toBe('');
    });

    it('small answers and no answers stay as they are', async () => {
      const headers = { 'accept-encoding': 'gzip' };
      const small = await fhir.call('GET', '/Patient/small', { headers });
      expect(small.headers['content-encoding']).toBeUndefined();
      const same = await fhir.call('GET', '/Patient/large', {
        headers: { ...headers, 'if-none-match': 'W/"1"' },
      });
      expect([same.status, same.headers['content-encoding'], same.text]).toEqual([
        304,
        undefined,
        '',
      ]);
    });
  });

  describe('codings of requests', () => {
    const send = (body: Buffer | string, coding: string, more: CallOptions = {}) =>
      fhir.call('POST', '/Patient', { body, headers: { 'content-encoding': coding }, ...more });
    const text = JSON.stringify(large);

    it.each(['GET', 'DELETE', 'POST', 'PUT'])(
      '%s with a coding and half a body, or none',
      async (method) => {
        for (const body of [undefined, gzipSync(text).subarray(0, 20), '']) {
          const given = body === undefined ? {} : { body };
          const headers = { 'content-encoding': 'gzip', 'content-type': 'application/fhir+json' };
          const answer = await fhir.call(method, '/Patient/none', { ...given, headers });
          expect(answer.status).toBeLessThan(500);
        }
        expect(await fhir.call('GET', '/Patient/small')).toMatchObject({ status: 200 });
      },
    );

    it.each([
      ['gzip', gzipSync(text)],
      ['x-gzip', gzipSync(text)],
      ['GZIP', gzipSync(text)],
      ['deflate', deflateSync(text)],
      ['br', brotliCompressSync(text)],
      ['zstd', zstdCompressSync(text)],
      ['identity', Buffer.from(text)],
    ])('%s is taken', async (coding, body) => {
      expect(await send(body, coding)).toMatchObject({ status: 201 });
    });

    it.each([
      ['lzma', gzipSync(text), 415],
      ['gzip, gzip', gzipSync(gzipSync(text)), 415],
      ['constructor', gzipSync(text), 415],
      ['gzip', Buffer.from(text), 400],
      ['gzip', gzipSync(text).subarray(0, 60), 400],
      ['br', Buffer.from(text), 400],
      ['zstd', Buffer.from(text), 400],
      ['deflate', Buffer.from(text), 400],
    ])('%s is refused where it is unknown or broken', async (coding, body, status) => {
      const answer = await send(body, coding);
      expect(answer.status).toBe(status);
      expect(answer.json.issue[0]?.diagnostics).toContain('Content-Encoding');
      if (status === 415) expect(answer.headers['accept-encoding']).toContain('gzip');
    });

    it('a bomb is 413, and the next request is served', async () => {
      const bomb = gzipSync(Buffer.alloc(limits.restBodyBytesMax + 1, 0x20));
      expect(bomb.length).toBeLessThan(100_000);
      const answer = await send(bomb, 'gzip');
      expect(answer.status).toBe(413);
      expect(answer.json.issue[0]?.code).toBe('too-long');
      expect(await fhir.call('GET', '/Patient/small')).toMatchObject({ status: 200 });
    });

    it('nothing is unpacked for those who have no token', async () => {
      expect(await send(gzipSync(text), 'lzma', { token: '' })).toMatchObject({ status: 401 });
    });
  });

  describe('calls from other origins', () => {
    it.each([
      ['*', '*'],
      ['none', []],
      ['', []],
      ['https://a.example, http://localhost:3000', ['https://a.example', 'http://localhost:3000']],
      ['https://a.example/', undefined],
      ['a.example', undefined],
      ['*, https://a.example', undefined],
    ])('the setting %j means %j', (setting, origins) => {
      expect(parseCorsOrigins(setting)).toEqual(origins);
    });

    const preflight = (app: FhirApp, url: string) =>
      app.call('OPTIONS', url, {
        token: '',
        headers: {
          origin,
          'access-control-request-method': 'PUT',
          'access-control-request-headers': 'authorization',
        },
      });

    it.each(['/', '', '/Patient', '/Patient/1/_history/2', '/metadata', '/no/such/place/at/all'])(
      'a preflight of %j is answered without a token',
      async (url) => {
        const answer = await preflight(fhir, url);
        expect(answer.status).toBe(204);
        expect(answer.headers['access-control-allow-origin']).toBe('*');
        expect(answer.headers['access-control-allow-methods']).toContain('PATCH');
        expect(answer.headers['access-control-allow-headers']).toContain('Authorization');
        expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
      },
    );

    it('pages may read every answer, refusals too, and the headers that FHIR needs', async () => {
      for (const token of ['admin', '']) {
        const answer = await fhir.call('GET', '/Patient/small', { token, headers: { origin } });
        expect(answer.headers['access-control-allow-origin']).toBe('*');
        expect(answer.headers['access-control-expose-headers']).toContain('ETag, Location');
      }
      const plain = await fhir.call('GET', '/Patient/small');
      expect(plain.headers['access-control-allow-origin']).toBeUndefined();
    });

    it('where origins are named, others may not', async () => {
      const store = async () => openMemoryStore();
      const other = await openFhirApp(store, { corsOrigins: ['https://mine.example'] });
      const theirs = await preflight(other, '/Patient');
      expect(theirs.headers['access-control-allow-origin']).toBeUndefined();
      expect(theirs.headers['access-control-allow-methods']).toBeUndefined();
      const headers = { origin: 'https://mine.example' };
      const mine = await other.call('GET', '/metadata', { headers });
      expect(mine.headers['access-control-allow-origin']).toBe('https://mine.example');
      expect(mine.headers['vary']).toContain('Origin');
      await other.close();
    });
  });

  it('OPTIONS says what the base offers, and the methods of an address', async () => {
    const base = await fhir.call('OPTIONS', '/', { token: '' });
    expect(base.json.resourceType).toBe('CapabilityStatement');
    const place = await fhir.call('OPTIONS', '/Patient/small');
    expect([place.status, place.headers['allow']]).toEqual([
      204,
      'DELETE, GET, HEAD, OPTIONS, PATCH, PUT',
    ]);
    expect(await fhir.call('OPTIONS', '/a/b/c/d/e')).toMatchObject({ status: 404 });
    expect(await fhir.call('OPTIONS', '/Patient/small', { token: '' })).toMatchObject({
      status: 401,
    });
    const wrong = await fhir.call('DELETE', '/Patient/small/_history');
    expect([wrong.status, wrong.headers['allow']]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });

  it.each([
    '/Patient/small',
    '/Patient',
    '/Patient/small/_history',
    '/metadata',
    '/_history',
    '/Patient/small/$everything',
  ])('HEAD %s is GET without its body', async (url) => {
    const [get, head] = [await fhir.call('GET', url), await fhir.call('HEAD', url)];
    expect([head.status, head.text]).toEqual([get.status, '']);
    expect(head.headers['content-type']).toBe(get.headers['content-type']);
    expect(head.headers['etag']).toBe(get.headers['etag']);
  });

  it('no cache keeps what is about people; the CapabilityStatement may be kept and asked about', async () => {
    for (const url of ['/Patient/small', '/Patient', '/Patient/nobody']) {
      expect((await fhir.call('GET', url)).headers['cache-control']).toBe('no-store');
    }
    const statement = await fhir.call('GET', '/metadata');
    expect(statement.headers['cache-control']).toBe('no-cache');
    const etag = statement.headers['etag'] ?? '';
    expect(etag).toMatch(/^W\/"[^"]+"$/);
    const again = await fhir.call('GET', '/metadata', { headers: { 'if-none-match': etag } });
    expect([again.status, again.text]).toEqual([304, '']);
    const other = await fhir.call('GET', '/metadata', { headers: { 'if-none-match': 'W/"x"' } });
    expect(other.status).toBe(200);
  });
});
