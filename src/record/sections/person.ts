import { referencesAt, textAt } from '../reading.ts';
import {
  entriesOf,
  loinc,
  recordExtension,
  sectionSystem,
  type RecordSection,
} from '../section.ts';

/** Who this is: the Patient, how many sources speak of the person, open questions of identity. */
export const identitySection: RecordSection = {
  name: 'identity',
  title: 'Identity',
  coding: { system: sectionSystem, code: 'identity' },
  types: ['Patient'],
  build: ({ patient, of, sources, allowed }) => {
    const tasks = allowed.has('Task') ? of('Task') : [];
    const reviews = tasks.filter(
      (task) =>
        textAt(task, 'code.coding.code') === 'identity-review' && isOpenTask(task['status']),
    );
    return {
      entries: [patient, ...reviews].map((resource) => ({ resource })),
      extension: [recordExtension('crm-source-count', { valueInteger: sources.length })],
    };
  },
};

/** How to reach the person, and who speaks for them. */
export const contactsSection: RecordSection = {
  name: 'contacts',
  title: 'Contacts and preferences',
  coding: { system: sectionSystem, code: 'contacts' },
  types: ['RelatedPerson'],
  build: ({ patient, of }) => {
    const related = of('RelatedPerson').filter((person) => person['active'] !== false);
    const { entries, partial } = entriesOf(related);
    return { entries: [{ resource: patient }, ...entries], partial };
  },
};

/** What the person agreed to. */
export const consentSection: RecordSection = {
  name: 'consent',
  title: 'Consent',
  coding: { system: loinc, code: '59284-0' },
  types: ['Consent'],
  build: ({ of }) => entriesOf(of('Consent').filter(({ status }) => status !== 'entered-in-error')),
};

/** Who cares for the person: teams, the general practitioner, the doctors of open visits. */
export const careTeamSection: RecordSection = {
  name: 'care-team',
  title: 'Care team',
  coding: { system: loinc, code: '85847-2' },
  types: ['CareTeam', 'Practitioner', 'PractitionerRole'],
  build: ({ patient, of }) => {
    const named = new Set(referencesAt(patient, 'generalPractitioner'));
    for (const encounter of of('Encounter').filter(({ status }) => status === 'in-progress')) {
      for (const participant of (encounter['participant'] ?? []) as readonly unknown[]) {
        named.add(textAt(participant, 'individual.reference'));
      }
    }
    const people = [...of('Practitioner'), ...of('PractitionerRole')].filter(
      ({ resourceType, id }) => named.has(`${resourceType}/${id}`),
    );
    const teams = of('CareTeam').filter(({ status }) => status !== 'entered-in-error');
    return entriesOf([...teams, ...people]);
  },
};

/** Whether a Task with this status still wants work. */
export function isOpenTask(status: unknown): boolean {
  return !['completed', 'cancelled', 'rejected', 'failed', 'entered-in-error'].includes(
    String(status),
  );
}
