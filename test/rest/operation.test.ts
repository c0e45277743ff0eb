import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';
import { idsOf } from './shown.ts';
import type { Shown } from './shown.ts';

const observation = {
  resourceType: 'Observation',
  id: 'o1',
  status: 'final',
  code: { text: 'Glucose' },
  subject: { reference: 'Patient/ada' },
  effectiveDateTime: '2026-02-01T08:00:00Z',
};
const appointment = {
  resourceType: 'Appointment',
  id: 'a1',
  status: 'booked',
  start: '2026-04-01T08:00:00Z',
  end: '2026-04-01T08:30:00Z',
  participant: [{ actor: { reference: 'Patient/ada' }, status: 'accepted' }],
};

describe.each(stores)('operations on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open);
    for (const id of ['ada', 'bob']) {
      await fhir.call('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id } });
    }
    for (const body of [observation, appointment]) {
      await fhir.call('PUT', `/${body.resourceType}/${body.id}`, { body });
    }
  });
  afterEach(() => fhir.close());

  it('$validate answers 200 with what is found, of a resource or of Parameters', async () => {
    const check = async (body: unknown) => {
      const answer = await fhir.call('POST', '/Observation/$validate', { body });
      return [answer.status, answer.json.issue[0]?.severity];
    };
    const wrong = { ...observation, status: 'zzz' };
    const parameters = (resource: object) => ({
      resourceType: 'Parameters',
      parameter: [{ name: 'resource', resource }],
    });
    expect(await check(observation)).toEqual([200, 'information']);
    expect(await check(wrong)).toEqual([200, 'error']);
    expect(await check(parameters(wrong))).toEqual([200, 'error']);
    expect(await check({ resourceType: 'Patient' })).toEqual([200, 'error']);
    expect(await check('{')).toEqual([400, 'error']);
    const { json } = await fhir.call('POST', '/Observation/$validate?profile=urn:p', {
      body: observation,
    });
    expect(json.issue[0]).toMatchObject({ severity: 'error', code: 'not-found' });
  });

  it('Patient/$everything is the compartment, by _type and _since too', async () => {
    const all = await fhir.call('GET', '/Patient/ada/$everything');
    expect([...idsOf(all.json)].sort()).toEqual(['a1', 'ada', 'o1']);
    const some = await fhir.call('GET', '/Patient/ada/$everything?_type=Observation');
    expect(idsOf(some.json)).toEqual(['ada', 'o1']);
    const both = '/Patient/ada/$everything?_type=Observation&_type=Appointment,Condition';
    expect(idsOf((await fhir.call('GET', both)).json).sort()).toEqual(['a1', 'ada', 'o1']);
    const none = await fhir.call('GET', '/Patient/ada/$everything?_since=2030-01-01T00:00:00Z');
    expect(idsOf(none.json)).toEqual(['ada']);
    expect(await fhir.call('GET', '/Patient/never/$everything')).toMatchObject({ status: 404 });
  });

  it('$crm-record is a document of what view and role allow, with an ETag that holds', async () => {
    const full = await fhir.call('GET', '/Patient/ada/$crm-record');
    expect(full.json).toMatchObject({ resourceType: 'Bundle', type: 'document' });
    expect(full.json.entry[0]?.resource.resourceType).toBe('Composition');
    expect(idsOf(full.json)).toEqual(expect.arrayContaining(['ada', 'o1', 'a1']));
    const desk = await fhir.call('GET', '/Patient/ada/$crm-record', { token: 'frontdesk' });
    expect(desk.text).not.toContain('o1');
    const part = await fhir.call('GET', '/Patient/ada/$crm-record?section=appointments');
    expect(part.text).not.toContain('Glucose');
    const bad = await fhir.call('GET', '/Patient/ada/$crm-record?view=nonsense');
    expect(bad.status).toBe(400);
    const headers = { 'if-none-match': full.headers['etag'] ?? '' };
    const same = await fhir.call('GET', '/Patient/ada/$crm-record', { headers });
    expect(same).toMatchObject({ status: 304, text: '' });
    await fhir.call('PUT', '/Observation/o1', { body: { ...observation, status: 'amended' } });
    const changed = await fhir.call('GET', '/Patient/ada/$crm-record', { headers });
    expect(changed.status).toBe(200);
  });

  it('$timeline is newest first and paged, without what the role may not see', async () => {
    const page = async (query: string, token = 'admin') => {
      const answer = await fhir.call('GET', `/Patient/ada/$timeline${query}`, { token });
      return answer.json as unknown as { items: { ref: string }[]; next?: string };
    };
    const first = await page('?_count=1');
    expect(first.items.map(({ ref }) => ref)).toEqual(['Appointment/a1']);
    const second = await page(`?_count=1&_before=${first.next ?? ''}`);
    expect(second.items.map(({ ref }) => ref)).toEqual(['Observation/o1']);
    expect(second.next).toBeUndefined();
    const desk = await page('', 'frontdesk');
    expect(desk.items.map(({ ref }) => ref)).toEqual(['Appointment/a1']);
  });

  it('$sources shows what each source said last', async () => {
    const view = { resourceType: 'Patient', name: [{ family: 'As the laboratory has it' }] };
    await fhir.store.commit({
      now: new Date('2026-03-02T00:00:00Z'),
      origin: 'feed:lab',
      changes: [],
      sources: [
        {
          source: 'lab',
          type: 'Patient',
          id: 'ada',
          eventTime: new Date('2026-02-01T00:00:00Z'),
          receivedAt: new Date('2026-02-02T00:00:00Z'),
          controlId: 'M1',
          view: JSON.stringify(view),
        },
      ],
    });
    const { json } = await fhir.call('GET', '/Patient/ada/$sources');
    expect(json.parameter[0]).toMatchObject({
      name: 'source',
      part: [
        { name: 'source', valueString: 'lab' },
        { name: 'eventTime', valueInstant: '2026-02-01T00:00:00.000Z' },
        { name: 'receivedAt', valueInstant: '2026-02-02T00:00:00.000Z' },
        { name: 'controlId', valueString: 'M1' },
        { name: 'view', resource: view },
      ],
    });
    const bob = await fhir.call('GET', '/Patient/bob/$sources');
    expect(bob.json).toEqual({ resourceType: 'Parameters' });
  });

  it('/metadata says what the routes and the search parameters are', async () => {
    const { json, status } = await fhir.call('GET', '/metadata', { token: '' });
    expect(status).toBe(200);
    const [rest] = (json as Shown & { rest: Rest[] }).rest;
    const patient = rest?.resource.find(({ type }) => type === 'Patient');
    expect(patient?.interaction.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['read', 'vread', 'create', 'history-type', 'search-type', 'patch']),
    );
    expect(patient?.searchParam.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['identifier', 'birthdate', 'general-practitioner']),
    );
    expect(patient?.operation.map(({ name }) => name).sort()).toEqual([
      'crm-record',
      'everything',
      'export',
      'graphql',
      'meta',
      'meta-add',
      'meta-delete',
      'sources',
      'timeline',
      'validate',
    ]);
    expect(rest?.interaction.map(({ code }) => code)).toContain('transaction');
    expect(rest?.resource.length).toBeGreaterThan(140);
    const check = await fhir.call('POST', '/CapabilityStatement/$validate', { body: json });
    expect(check.json.issue.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});

interface Rest {
  readonly interaction: readonly { readonly code: string }[];
  readonly resource: readonly {
    readonly type: string;
    readonly interaction: readonly { readonly code: string }[];
    readonly searchParam: readonly { readonly name: string }[];
    readonly operation: readonly { readonly name: string }[];
  }[];
}
