import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { routes } from '../../src/rest/routes.ts';
import { auditEvent, readAccess } from '../../src/security/audit-event.ts';
import { openFhirApp, stores } from './fhir-app.ts';
import type { CallOptions, FhirApp } from './fhir-app.ts';
import { idsOf, linkOf } from './shown.ts';

const observationOf = (id: string, patient: string) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { text: 'secret' },
  subject: { reference: `Patient/${patient}` },
});
const patchType = { 'content-type': 'application/json-patch+json' };

describe.each(stores)('who may do what on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open);
    for (const id of ['ada', 'bob']) {
      const patient = { resourceType: 'Patient', id, name: [{ family: id }] };
      await fhir.call('PUT', `/Patient/${id}`, { body: patient });
      await fhir.call('PUT', `/Observation/of-${id}`, { body: observationOf(`of-${id}`, id) });
    }
    const clinic = { resourceType: 'Organization', id: 'clinic', name: 'Clinic' };
    await fhir.call('PUT', '/Organization/clinic', { body: clinic });
  });
  afterEach(() => fhir.close());

  it.each(routes.map(({ method, url, open: isOpen = false }) => [method, url, isOpen] as const))(
    '%s %s answers without a token only if it is open (%s)',
    async (method, url, isOpen) => {
      const path = url.replace(':type', 'Patient').replace(':id', 'ada').replace(':versionId', '1');
      const target = path.replace(':member', 'Observation');
      const answer = await fhir.call(method, target, { token: '' });
      expect(answer.status).toBe(isOpen ? 200 : 401);
      if (isOpen) return;
      expect(answer.json.resourceType).toBe('OperationOutcome');
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    },
  );

  it('what does not exist, and a body of any size, are 401 without a token too', async () => {
    expect(await fhir.call('GET', '/no/such/address/at/all', { token: '' })).toMatchObject({
      status: 401,
    });
    const body = '{'.repeat(1_000_000);
    expect(await fhir.call('POST', '/Patient', { token: '', body })).toMatchObject({ status: 401 });
  });

  it('a role gets what the table says, and 403 with an OperationOutcome for the rest', async () => {
    const as = (token: string, method: string, url: string, options: CallOptions = {}) =>
      fhir.call(method, url, { ...options, token });
    const body = observationOf('new', 'ada');
    expect(await as('frontdesk', 'GET', '/Observation/of-ada')).toMatchObject({ status: 403 });
    expect(await as('frontdesk', 'GET', '/Observation')).toMatchObject({ status: 403 });
    expect(await as('frontdesk', 'GET', '/Patient/ada')).toMatchObject({ status: 200 });
    expect(await as('frontdesk', 'GET', '/Patient/ada/Observation')).toMatchObject({ status: 403 });
    expect(await as('clinician', 'PUT', '/Observation/new', { body })).toMatchObject({
      status: 201,
    });
    expect(await as('clinician', 'DELETE', '/Observation/new')).toMatchObject({ status: 403 });
    expect(await as('nurse', 'GET', '/_history')).toMatchObject({ status: 403 });
    const denied = await as('billing', 'POST', '/Observation', { body });
    expect(denied).toMatchObject({ status: 403, json: { resourceType: 'OperationOutcome' } });
  });

  it('includes and Bundles give no more than the role has', async () => {
    const { json } = await fhir.call('GET', '/Patient?_revinclude=Observation:subject', {
      token: 'frontdesk',
    });
    expect(idsOf(json)).toEqual(['ada', 'bob']);
    for (const type of ['batch', 'transaction']) {
      const entry = [{ request: { method: 'GET', url: 'Observation/of-ada' } }];
      const body = { resourceType: 'Bundle', type, entry };
      const answer = await fhir.call('POST', '/', { body, token: 'frontdesk' });
      expect(answer.text).toContain('"forbidden"');
      expect(answer.text).not.toContain('secret');
    }
  });

  describe('a token for one patient', () => {
    const token = 'app:ada';
    const get = (url: string) => fhir.call('GET', url, { token });

    it('sees the own compartment and what all share', async () => {
      const shown = ['/Patient/ada', '/Observation/of-ada', '/Organization/clinic'];
      for (const url of shown) expect(await get(url)).toMatchObject({ status: 200 });
      expect(idsOf((await get('/Observation')).json)).toEqual(['of-ada']);
      expect((await get('/Observation?_summary=count')).json.total).toBe(1);
      expect(await get('/Observation/of-ada/_history/1')).toMatchObject({ status: 200 });
      expect(idsOf((await get('/Observation/of-ada/_history')).json)).toEqual(['of-ada']);
      expect(await get('/Patient/ada/$everything')).toMatchObject({ status: 200 });
    });

    it.each([
      '/Patient/bob',
      '/Patient/bob/_history/1',
      '/Patient/bob/_history',
      '/Patient/bob/Observation',
      '/Patient/bob/$everything',
      '/Patient/bob/$crm-record',
      '/Patient/bob/$timeline',
      '/Patient/bob/$sources',
      '/Observation/of-bob',
      '/Observation/of-bob/_history/1',
      '/Observation/of-bob/_history',
    ])('does not find %s of another', async (url) => {
      expect(await get(url)).toMatchObject({ status: 404 });
    });

    it.each(['/_history', '/Patient/_history', '/Observation/_history', '/Basic', '/Group'])(
      'learns nothing of others from %s',
      async (url) => {
        const answer = await get(url);
        expect(answer.text).not.toMatch(/bob|secret/);
      },
    );

    it.each([
      '/Observation?subject=Patient/bob',
      '/Patient?family=bob',
      '/Patient?_id=bob',
      '/Observation?_id=of-bob',
      '/Patient?_id=ada&_include=Patient:link&_revinclude=Observation:subject',
      '/Organization?_revinclude=Patient:organization',
      '/?_type=Observation',
    ])('finds nothing of others with %s', async (url) => {
      const answer = await get(url);
      expect(answer.status).toBe(200);
      expect(answer.text.replaceAll(url, '')).not.toMatch(/"id":"(of-)?bob"/);
    });

    it('does not leave the compartment through the link of another page walk', async () => {
      const { json } = await fhir.call('GET', '/Observation?_count=1');
      const next = (linkOf(json, 'next') ?? '').split('/fhir')[1] ?? '';
      expect(next).not.toBe('');
      expect((await get(next)).text).not.toContain('of-bob');
    });

    it('cannot write into, over or out of the compartment of another', async () => {
      const send = (method: string, url: string, body?: unknown, headers = {}) =>
        fhir.call(method, url, { token, body, headers });
      const stolen = observationOf('of-bob', 'ada');
      const moved = observationOf('of-ada', 'bob');
      const planted = observationOf('planted', 'bob');
      const tries = [
        await send('PUT', '/Observation/of-bob', stolen),
        await send('PUT', '/Observation/of-ada', moved),
        await send('POST', '/Observation', planted),
        await send('PUT', '/Patient/bob', { resourceType: 'Patient', id: 'bob' }),
        await send('POST', '/Patient', { resourceType: 'Patient' }),
        await send('DELETE', '/Observation/of-bob'),
        await send('PATCH', '/Observation/of-bob', [], patchType),
        await send('PUT', '/Organization/clinic', {
          resourceType: 'Organization',
          id: 'clinic',
          name: 'x',
        }),
      ];
      expect(tries.map(({ status }) => status >= 400 && status < 500)).not.toContain(false);
      const bundle = (entry: unknown) => ({
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [entry],
      });
      const put = { resource: stolen, request: { method: 'PUT', url: 'Observation/of-bob' } };
      expect(await send('POST', '/', bundle(put))).toMatchObject({ status: 403 });
      const byName = observationOf('x', 'ada');
      const reference = { ...byName, subject: { reference: 'Patient?family=bob' } };
      const post = { resource: reference, request: { method: 'POST', url: 'Observation' } };
      expect(await send('POST', '/', bundle(post))).toMatchObject({ status: 422 });
      const bob = await fhir.call('GET', '/Observation/of-bob');
      expect(bob.json.meta.versionId).toBe('1');
      expect(
        await send('PUT', '/Observation/of-ada', observationOf('of-ada', 'ada')),
      ).toMatchObject({
        status: 200,
      });
    });
  });

  it('I9 reads, refusals and writes leave audit events, without content', async () => {
    const before = fhir.accesses.length;
    await fhir.call('GET', '/Observation/of-ada');
    await fhir.call('GET', '/Observation?subject=Patient/bob');
    await fhir.call('GET', '/Observation/of-ada', { token: 'frontdesk' });
    const [read, search, refused] = fhir.accesses.slice(before);
    expect(read).toMatchObject({
      interaction: 'read',
      resources: ['Observation/of-ada'],
      patients: ['Patient/ada'],
      status: 200,
    });
    expect(search).toMatchObject({ interaction: 'search-type', patients: ['Patient/bob'] });
    expect(refused).toMatchObject({ status: 403, principal: { role: 'frontdesk' } });
    const event = auditEvent(search as never) as { entity: { query?: string }[] };
    const query = event.entity.find((entity) => entity.query !== undefined)?.query ?? '';
    expect(Buffer.from(query, 'base64').toString()).toContain('subject=Patient/bob');
    const rows = await fhir.store.audit.rows(0, 100);
    expect(rows).toHaveLength(5);
    const last = auditEvent(readAccess(rows[3]?.event ?? ''));
    expect(last).toMatchObject({ action: 'U', outcome: '0', resourceType: 'AuditEvent' });
    expect(rows[3]?.event).toContain('Patient/bob');
    expect(rows.map(({ event: text }) => text).join()).not.toMatch(/secret/);
  });
});
