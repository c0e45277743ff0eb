import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../src/store/memory.ts';
import { openFhirApp, type FhirApp } from './fhir-app.ts';

/** Types and parameters by which not everything is indexed yet. */
const unfinished = new Set<string>();
let fhir: FhirApp;

beforeEach(async () => {
  unfinished.clear();
  fhir = await openFhirApp(async () => openMemoryStore(), {
    isUnfinished: (type, param) => unfinished.has(`${type}.${param}`),
  });
  for (const id of ['a', 'b']) {
    const body = { resourceType: 'Patient', id, gender: 'female', birthDate: '2000-01-01' };
    await fhir.call('PUT', `/Patient/${id}`, { body });
  }
});
afterEach(() => fhir.close());

describe('while a type is being indexed by a parameter', () => {
  const warned: readonly [string, string, string][] = [
    ['a search by it', '/Patient?gender=female', 'Patient.gender'],
    ['a sort by it', '/Patient?_sort=birthdate', 'Patient.birthdate'],
    ['a search for what lacks it', '/Patient?gender:missing=true', 'Patient.gender'],
    ['a reverse include by it', '/Patient?_revinclude=Observation:subject', 'Observation.subject'],
    ['a reverse include of all', '/Patient?_revinclude=Observation:*', 'Observation.performer'],
    ['a reverse include of anything', '/Patient?_revinclude=*', 'Group.member'],
    ['a chain to it', '/Patient?organization.name=x', 'Organization.name'],
    ['a reverse chain by it', '/Patient?_has:Observation:patient:code=x', 'Observation.code'],
    ['a compartment by it', '/Patient/a/Observation', 'Observation.subject'],
    ['a search of the system', '/?_type=Patient&gender=female', 'Patient.gender'],
  ];
  it.each(warned)('%s says that results may be incomplete', async (_title, url, name) => {
    const before = await fhir.call('GET', url);
    unfinished.add(name);
    const { status, json } = await fhir.call('GET', url);
    expect(status).toBe(200);
    const [outcome, ...more] = entriesOf(json, 'outcome');
    expect(more).toEqual([]);
    expect(outcome).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'warning', code: 'incomplete' }],
    });
    expect(JSON.stringify(outcome)).toContain(name);
    expect(entriesOf(json, 'match')).toEqual(entriesOf(before.json, 'match'));
    expect((json as { total?: number }).total).toBe((before.json as { total?: number }).total);
    expect(entriesOf(before.json, 'outcome')).toEqual([]);
  });

  it('names a few where there are many', async () => {
    for (const type of ['Account', 'Group', 'List', 'Person', 'Task', 'Media', 'Flag']) {
      for (const param of ['subject', 'member', 'patient', 'link'])
        unfinished.add(`${type}.${param}`);
    }
    const { json } = await fhir.call('GET', '/Patient?_revinclude=*');
    expect(JSON.stringify(entriesOf(json, 'outcome'))).toMatch(
      /(\w+\.\w+, ){4}\w+\.\w+ and \d+ more:/,
    );
  });

  it('says so on every page', async () => {
    unfinished.add('Patient.gender');
    const first = await fhir.call('GET', '/Patient?gender=female&_count=1');
    const link = (first.json as unknown as { link: { relation: string; url: string }[] }).link;
    const next = link.find(({ relation }) => relation === 'next')?.url ?? '';
    const second = await fhir.call('GET', next.replace('http://weir.test/fhir', ''));
    expect(entriesOf(second.json, 'match')).toHaveLength(1);
    expect(entriesOf(second.json, 'outcome')).toHaveLength(1);
  });

  it('other searches have nothing to say', async () => {
    unfinished.add('Patient.gender').add('Group.birthdate');
    for (const url of ['/Patient', '/Patient?birthdate=2000-01-01', '/Patient?_id=a']) {
      const { json } = await fhir.call('GET', url);
      expect(entriesOf(json, 'outcome')).toEqual([]);
    }
  });

  it('nothing is created, changed or deleted on the condition of it', async () => {
    unfinished.add('Patient.gender');
    const body = { resourceType: 'Patient', gender: 'other' };
    const headers = { 'if-none-exist': 'gender=other' };
    const calls = [
      fhir.call('POST', '/Patient', { body, headers }),
      fhir.call('PUT', '/Patient?gender=other', { body }),
      fhir.call('DELETE', '/Patient?gender=female'),
    ];
    for (const { status, json } of await Promise.all(calls)) {
      expect(status).toBe(503);
      expect(JSON.stringify(json)).toContain('index-incomplete');
    }
    expect(await fhir.store.counts()).toEqual(new Map([['Patient', 2]]));
    unfinished.clear();
    expect((await fhir.call('POST', '/Patient', { body, headers })).status).toBe(201);
  });
});

interface Entry {
  readonly resource: object;
  readonly search: { readonly mode: string };
}

function entriesOf(bundle: unknown, mode: string): readonly object[] {
  const { entry = [] } = bundle as { readonly entry?: readonly Entry[] };
  return entry.filter(({ search }) => search.mode === mode).map(({ resource }) => resource);
}
