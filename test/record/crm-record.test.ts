import { describe, expect, it } from 'vitest';
import { isError } from '../../src/fhir/outcome.ts';
import type { IdentifiedResource, Resource } from '../../src/fhir/resource.ts';
import { validateResource } from '../../src/fhir/validate.ts';
import { buildCrmRecord, recordNeeds, type CrmRecordInput } from '../../src/record/crm-record.ts';
import { taskCodeSystem } from '../../src/record/task-code.ts';
import { recordViews, sectionNames, sectionsFor } from '../../src/record/record-view.ts';
import { coded, everything, observation, patient, resource, sources } from './record-fixture.ts';

interface Section {
  readonly title: string;
  readonly code?: { readonly coding: readonly { readonly code: string }[] };
  readonly extension?: readonly { readonly url: string; readonly [value: string]: string }[];
  readonly entry?: readonly { readonly reference: string; readonly extension?: unknown }[];
  readonly section?: readonly Section[];
  readonly emptyReason?: unknown;
}

const feed = {
  source: 'ehr',
  title: 'The EHR',
  lastMessageAt: '2026-05-01T11:48:00Z',
  lastEventAt: '2026-05-01T11:48:00Z',
  lastControlId: '1',
  lastMessageType: 'ADT^A08',
  expectedEveryMs: 600_000,
};

function record(change: Partial<CrmRecordInput> = {}) {
  const bundle = buildCrmRecord({
    patient,
    resources: everything,
    sources,
    feeds: [feed],
    sections: sectionNames,
    now: new Date('2026-05-01T12:00:00Z'),
    baseUrl: 'https://weir.example.org/fhir',
    ...change,
  });
  const entries = bundle['entry'] as readonly { fullUrl: string; resource: IdentifiedResource }[];
  const sections = entries[0]?.resource['section'] as readonly Section[];
  const section = (title: string): Section => {
    const found = sections.find((each) => each.title.startsWith(title));
    if (!found) throw new Error(`no section ${title}`);
    return found;
  };
  return { bundle, entries, sections, section };
}

const refs = (section: Section | undefined): readonly string[] =>
  (section?.entry ?? []).map(({ reference }) => reference);
const allRefs = (section: Section): readonly string[] => [
  ...refs(section),
  ...(section.section ?? []).flatMap(allRefs),
];
const extension = (section: Section | undefined, name: string): unknown =>
  section?.extension?.find(({ url }) => url.endsWith(`/${name}`));
const errorsOf = (found: Resource): readonly unknown[] => validateResource(found).filter(isError);

describe('$crm-record', () => {
  it('is a valid document with the fourteen sections in order', () => {
    const { bundle, sections, entries } = record();
    expect(errorsOf(bundle)).toEqual([]);
    expect(sections).toHaveLength(14);
    expect(sections.map(({ code }) => code?.coding[0]?.code)).toEqual([
      'identity',
      'contacts',
      '59284-0',
      '85847-2',
      'tasks',
      'appointments',
      '30954-2',
      'clinical',
      '18776-5',
      'communications',
      '48768-6',
      'risk',
      'sources',
      '46240-8',
    ]);
    for (const section of sections) {
      expect(extension(section, 'crm-asof')).toBeDefined();
      expect(extension(section, 'crm-state')).toMatchObject({ valueCode: 'complete' });
    }
    const urls = entries.map(({ fullUrl }) => fullUrl);
    expect(new Set(urls).size).toBe(urls.length);
    expect(entries[0]?.resource.resourceType).toBe('Composition');
  });

  it('resolves every entry inside the document', () => {
    const { sections, entries } = record();
    const inside = new Set(entries.map(({ resource: r }) => `${r.resourceType}/${r.id}`));
    for (const reference of sections.flatMap(allRefs)) expect(inside).toContain(reference);
  });

  it('says in words where nothing is known, and stays valid', () => {
    const { bundle, section } = record({ resources: [], sources: [], feeds: [] });
    expect(errorsOf(bundle)).toEqual([]);
    expect(section('Coverage').emptyReason).toBeDefined();
    expect(refs(section('Identity'))).toEqual(['Patient/p1']);
  });

  it('shows the latest of each code with its trend, and flags what to look at', () => {
    const { section } = record();
    const [potassium, sodium, ...others] = section('Results').section ?? [];
    expect(others).toEqual([]);
    expect(refs(potassium)).toEqual(
      ['k7', 'k6', 'k5', 'k4', 'k3'].map((id) => `Observation/${id}`),
    );
    expect(sodium?.extension?.map((each) => each['valueCode'])).toEqual(['corrected', 'critical']);
    expect(refs(section('Results'))).toEqual(['DiagnosticReport/panel']);
  });

  it('shows running medications first, with their last fill', () => {
    const { section } = record();
    const medications = section('Problems').section?.find(({ title }) => title === 'Medications');
    expect(refs(medications)).toEqual([
      'MedicationRequest/running',
      'MedicationDispense/fill',
      'MedicationRequest/stopped',
    ]);
    expect(medications?.entry?.[0]?.extension).toMatchObject([
      { valueDateTime: '2026-04-11T12:00:00.000Z' },
      { valueDateTime: '2026-05-11T12:00:00.000Z' },
    ]);
  });

  it('shows open tasks by urgency, coming appointments, and the doctors who matter', () => {
    const { section } = record();
    expect(refs(section('Open tasks'))).toEqual(['Task/late', 'Task/plain']);
    expect(refs(section('Appointments'))).toEqual(['Appointment/next', 'Appointment/missed']);
    expect(extension(section('Appointments'), 'crm-no-shows')).toMatchObject({ valueInteger: 1 });
    expect(refs(section('Care team'))).toEqual(['CareTeam/team', 'Practitioner/gp']);
    expect(refs(section('Communications'))).toEqual([
      'CommunicationRequest/planned',
      'Communication/sent',
    ]);
  });

  it('says which source is late, and that the record is stale where one is down', () => {
    const [source] = record().section('Sources').section ?? [];
    expect(source?.title).toBe('The EHR: 12 min ago, late');
    const { section } = record({ now: new Date('2026-05-01T13:00:00Z') });
    expect(extension(section('Results'), 'crm-state')).toMatchObject({ valueCode: 'stale' });
    expect(section('Sources').section?.[0]?.title).toBe('The EHR: 72 min ago, down');
  });

  it('says so where a bound left something out', () => {
    const many = Array.from({ length: 60 }, (_, index) =>
      observation(`o${index}`, 3, { code: coded(`code-${index}`) }),
    );
    const { section, bundle } = record({ resources: many });
    expect(section('Results').section).toHaveLength(50);
    expect(extension(section('Results'), 'crm-state')).toMatchObject({ valueCode: 'partial' });
    expect(errorsOf(bundle)).toEqual([]);
  });

  // The second: as they were stored before there was one code system for all Tasks.
  it.each([taskCodeSystem, 'urn:weir:task'])(
    'shows an open identity review with the identity (%s)',
    (system) => {
      const review = resource('Task', 'who', {
        status: 'requested',
        intent: 'order',
        code: { coding: [{ system, code: 'identity-review' }] },
      });
      const { section } = record({ resources: [review] });
      expect(refs(section('Identity'))).toEqual(['Patient/p1', 'Task/who']);
    },
  );
});

describe('views', () => {
  const hiddenTypes: Readonly<Record<string, readonly string[]>> = {
    card: ['Observation', 'Condition', 'MedicationRequest', 'Coverage', 'Communication'],
    frontdesk: ['Observation', 'DiagnosticReport', 'Condition', 'MedicationRequest', 'Encounter'],
    billing: ['Observation', 'Condition', 'Task', 'Communication', 'Consent'],
    outreach: ['Observation', 'Condition', 'Task', 'Coverage'],
    clinical: ['Coverage'],
    full: [],
  };

  it.each(Object.keys(recordViews) as (keyof typeof recordViews)[])(
    '%s is valid and leaks no id of what it denies',
    (view) => {
      const { bundle } = record({ sections: sectionsFor(view, 'admin') });
      expect(errorsOf(bundle)).toEqual([]);
      const text = JSON.stringify(bundle);
      for (const type of hiddenTypes[view] ?? []) expect(text).not.toContain(`${type}/`);
      if (view !== 'full' && view !== 'clinical') expect(text).not.toContain('Potassium');
    },
  );

  it('gives a role no more than its widest view', () => {
    expect(sectionsFor('full', 'admin')).toEqual(sectionNames);
    expect(sectionsFor('full', 'frontdesk')).not.toContain('results');
    expect(sectionsFor('clinical', 'billing')).toEqual([
      'identity',
      'contacts',
      'appointments',
      'sources',
    ]);
    expect(sectionsFor('full', 'nobody')).toEqual([]);
  });

  it('asks only for what its sections show', () => {
    const needs = recordNeeds(sectionsFor('billing', 'billing'));
    expect(needs).toContainEqual({ type: 'Coverage', param: 'beneficiary' });
    expect(needs.map(({ type }) => type)).not.toContain('Observation');
  });
});
