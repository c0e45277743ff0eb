import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../../src/app.ts';
import type { App } from '../../src/app.ts';
import { buildConfig } from '../../src/config.ts';
import { openLog } from '../../src/ops/log.ts';
import { tokenFor } from '../../src/security/sign-in.ts';
import { audience } from '../../src/security/token.ts';

interface Body {
  readonly id: string;
  readonly meta: { readonly versionId: string };
  readonly total: number;
  readonly entry: readonly { readonly response: { readonly status: string } }[];
}

describe('the tour with supertest', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-supertest-'));
  const clock = () => new Date();
  let app: App;
  let token: string;
  let id: string;

  beforeAll(async () => {
    const free = { http: '127.0.0.1:0', mllp: '127.0.0.1:0' };
    const config = buildConfig([{ ...free, data: folder }]);
    app = await startApp({ config, log: openLog('silent'), clock, root: `${process.cwd()}/` });
    token = await tokenFor(
      { keys: app.keys, clock, newId: () => crypto.randomUUID() },
      { id: 'tour', display: 'Tour', role: 'app' },
      { audience: audience.api, ttlSeconds: 600 },
    );
  });

  afterAll(async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  });

  const fhir = (method: 'get' | 'post' | 'put', path: string) =>
    request(app.http)
      [method](`/fhir${path}`)
      .set('Authorization', `Bearer ${token}`)
      .set('Content-Type', 'application/fhir+json');

  it('creates', async () => {
    const patient = { resourceType: 'Patient', name: [{ family: 'Supertest' }], active: true };
    const response = await fhir('post', '/Patient').send(JSON.stringify(patient)).expect(201);
    expect(response.headers['etag']).toBe('W/"1"');
    ({ id } = response.body as Body);
    expect(response.headers['location']).toBe(`${app.http}/fhir/Patient/${id}/_history/1`);
  });

  it('reads', async () => {
    const response = await fhir('get', `/Patient/${id}`).expect(200);
    expect(response.type).toBe('application/fhir+json');
    expect((response.body as Body).meta.versionId).toBe('1');
  });

  it('searches', async () => {
    const response = await fhir('get', '/Patient?name=supertest&_total=accurate').expect(200);
    expect((response.body as Body).total).toBe(1);
  });

  it('updates the version it read, and no other', async () => {
    const patient = { resourceType: 'Patient', id, name: [{ family: 'Again' }] };
    const update = () => fhir('put', `/Patient/${id}`).set('If-Match', 'W/"1"');
    await update().send(JSON.stringify(patient)).expect(200);
    await update().send(JSON.stringify(patient)).expect(412);
  });

  it('sends a batch, whose entries stand for themselves', async () => {
    const batch = {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [
        { request: { method: 'GET', url: `Patient/${id}` } },
        { request: { method: 'GET', url: 'Patient/nobody' } },
      ],
    };
    const response = await fhir('post', '').send(JSON.stringify(batch)).expect(200);
    const statuses = (response.body as Body).entry.map((entry) => entry.response.status);
    expect(statuses.map((status) => status.slice(0, 3))).toEqual(['200', '404']);
  });

  it('is refused without a token', async () => {
    await request(app.http).get(`/fhir/Patient/${id}`).expect(401);
  });
});
