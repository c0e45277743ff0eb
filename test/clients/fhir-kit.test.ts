import { Client } from 'fhir-kit-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runApp } from '../e2e/running-app.ts';
import type { RunningApp } from '../e2e/running-app.ts';
import type { Shown } from '../rest/shown.ts';
import { idsOf } from '../rest/shown.ts';
import { realStores } from './real-stores.ts';

const resourceType = 'Patient';
const patient = (family: string) => ({
  resourceType,
  identifier: [{ system: 'urn:kit', value: family }],
  name: [{ family }],
});
const shown = (found: unknown): Shown => found as Shown;

/** The client that JavaScript programs use for any FHIR server, over a real socket. */
describe.each(realStores)('fhir-kit-client on %s', (_name, store) => {
  let running: RunningApp;
  let client: Client;
  beforeAll(async () => {
    running = await runApp({ store });
    const bearerToken = await running.token('admin');
    client = new Client({ baseUrl: `${running.app.http}/fhir`, bearerToken });
  });
  afterAll(() => running.close());

  const make = async (family: string) =>
    shown(await client.create({ resourceType, body: patient(family) })).id;

  it('reads what the server can do, and where to sign in', async () => {
    const capabilities = await client.capabilityStatement();
    expect(capabilities).toMatchObject({ fhirVersion: '4.0.1', kind: 'instance' });
  });

  it('creates, reads, updates, patches, reads versions and deletes', async () => {
    const id = await make('Kit');
    expect(await client.read({ resourceType, id })).toMatchObject(patient('Kit'));
    const body = { ...patient('Kat'), id };
    const updated = shown(await client.update({ resourceType, id, body }));
    expect(updated.meta.versionId).toBe('2');
    const jsonPatch = [{ op: 'replace' as const, path: '/name/0/family', value: 'Kot' }];
    await client.patch({ resourceType, id, jsonPatch });
    const version = await client.vread({ resourceType, id, version: '2' });
    expect(version).toMatchObject({ name: [{ family: 'Kat' }] });
    await client.delete({ resourceType, id });
    await expect(client.read({ resourceType, id })).rejects.toMatchObject({
      response: { status: 410, data: { resourceType: 'OperationOutcome' } },
    });
    const history = shown(await client.resourceHistory({ resourceType, id }));
    expect(history.entry).toHaveLength(4);
    const all = shown(await client.typeHistory({ resourceType }));
    expect(all.total).toBeGreaterThanOrEqual(4);
    expect(shown(await client.systemHistory()).type).toBe('history');
  });

  it('updates what criteria find', async () => {
    const searchParams = { identifier: 'urn:kit|Conditional' };
    const body = patient('Conditional');
    const made = shown(await client.update({ resourceType, searchParams, body }));
    const again = shown(await client.update({ resourceType, searchParams, body }));
    expect(again.id).toBe(made.id);
  });

  it('searches by GET and POST, within a compartment, of the system, and follows pages', async () => {
    const families = ['Page1', 'Page2', 'Page3'];
    const ids = await Promise.all(families.map(make));
    const searchParams = { name: 'Page', _count: 2 };
    const first = await client.search({ resourceType, searchParams });
    const next = await client.nextPage({ bundle: first as never });
    const found = [...idsOf(shown(first)), ...idsOf(shown(next))];
    expect(found.toSorted()).toEqual(ids.toSorted());
    const options = { postSearch: true };
    const posted = await client.resourceSearch({ resourceType, searchParams, options });
    expect(shown(posted).total).toBe(3);
    const [id = ''] = ids;
    const observation = {
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'x' },
      subject: { reference: `Patient/${id}` },
    };
    await client.create({ resourceType: 'Observation', body: observation });
    const compartment = { resourceType, id };
    const inside = await client.search({ resourceType: 'Observation', compartment });
    expect(shown(inside).total).toBe(1);
    const whole = await client.systemSearch({ searchParams: { _type: 'Observation,Patient' } });
    expect(shown(whole).type).toBe('searchset');
  });

  it('sends batches and transactions, and resolves references', async () => {
    const fullUrl = 'urn:uuid:8f5a6c1e-6c5b-4d3c-9b7c-1f0e2d3c4b5a';
    const entry = [
      { fullUrl, resource: patient('Whole'), request: { method: 'POST', url: 'Patient' } },
      {
        resource: {
          resourceType: 'Observation',
          status: 'final',
          code: { text: 'x' },
          subject: { reference: fullUrl },
        },
        request: { method: 'POST', url: 'Observation' },
      },
    ];
    const body = { resourceType: 'Bundle', type: 'transaction', entry };
    const done = shown(await client.transaction({ body }));
    const [, observed = ''] =
      /Observation\/([^/]+)/.exec(done.entry[1]?.response.location ?? '') ?? [];
    const context = await client.read({ resourceType: 'Observation', id: observed });
    const { reference } = shown(context).subject;
    const subject = await client.resolve({ reference, context });
    expect(subject).toMatchObject({ name: [{ family: 'Whole' }] });
    const reading = [{ request: { method: 'GET', url: 'Patient/never' } }];
    const batch = { resourceType: 'Bundle', type: 'batch', entry: reading };
    const answered = shown(await client.batch({ body: batch }));
    expect(answered.entry[0]?.response.status).toMatch(/^404/);
  });

  it('calls operations', async () => {
    const id = await make('Everything');
    const everything = { name: 'everything', resourceType, id, method: 'GET' as const };
    expect(idsOf(shown(await client.operation(everything)))).toEqual([id]);
    const input = patient('Valid');
    const outcome = shown(await client.operation({ name: 'validate', resourceType, input }));
    expect(outcome.issue.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});
