import { conceptText, newestFirst, textAt, timeAt } from '../reading.ts';
import {
  dayMs,
  entriesOf,
  recordExtension,
  sectionSystem,
  type RecordFacts,
  type RecordSection,
} from '../section.ts';
import type { IdentifiedResource } from '../../fhir/resource.ts';
import { isOpenTask } from './person.ts';

/** What is to be done next; the most urgent, then the earliest due, first. */
export const tasksSection: RecordSection = {
  name: 'tasks',
  title: 'Open tasks',
  coding: { system: sectionSystem, code: 'tasks' },
  types: ['Task'],
  build: (facts) => {
    const open = facts.of('Task').filter(({ status }) => isOpenTask(status));
    return entriesOf(open.filter((task) => maySpeak(task, facts)).toSorted(byUrgency), 50);
  },
};

/** The next twelve months and the last five, with the number missed. */
export const appointmentsSection: RecordSection = {
  name: 'appointments',
  title: 'Appointments',
  coding: { system: sectionSystem, code: 'appointments' },
  types: ['Appointment'],
  build: ({ of, now }) => {
    const all = newestFirst(
      of('Appointment').filter(({ status }) => status !== 'entered-in-error'),
      ['start'],
    );
    const start = (appointment: IdentifiedResource): number =>
      timeAt(appointment, ['start']) ?? Infinity;
    const coming = all.filter((appointment) => start(appointment) >= now.getTime());
    const past = all.filter((appointment) => start(appointment) < now.getTime()).slice(0, 5);
    const missed = all.filter(({ status }) => status === 'noshow').length;
    const shown = coming.filter((next) => {
      const when = start(next);
      return when === Infinity || when <= now.getTime() + 365 * dayMs;
    });
    return {
      ...entriesOf([...shown.toReversed(), ...past]),
      extension: [recordExtension('crm-no-shows', { valueInteger: missed })],
    };
  },
};

/** The last twenty messages to and from the person, and those that are planned. */
export const communicationsSection: RecordSection = {
  name: 'communications',
  title: 'Communications',
  coding: { system: sectionSystem, code: 'communications' },
  types: ['Communication', 'CommunicationRequest'],
  build: (facts) => {
    const sent = newestFirst(facts.of('Communication'), ['sent', 'received', 'meta.lastUpdated']);
    const planned = newestFirst(
      facts.of('CommunicationRequest').filter(({ status }) => status === 'active'),
      ['occurrenceDateTime'],
    ).toReversed();
    const shown = [...planned.slice(0, 50), ...sent.slice(0, 20)];
    return entriesOf(shown.filter((resource) => maySpeak(resource, facts)));
  },
};

/** Whether a Task or message is about nothing that this view must not show. */
function maySpeak(resource: IdentifiedResource, { allowed }: RecordFacts): boolean {
  const about = [textAt(resource, 'focus.reference')];
  for (const item of (resource['about'] ?? []) as readonly unknown[]) {
    about.push(textAt(item, 'reference'));
  }
  return about.every((reference) => reference === '' || allowed.has(reference.split('/')[0] ?? ''));
}

const priorities = ['stat', 'asap', 'urgent', 'routine'];

function byUrgency(a: IdentifiedResource, b: IdentifiedResource): number {
  const rank = (task: IdentifiedResource): number => {
    const place = priorities.indexOf(textAt(task, 'priority') || 'routine');
    return place === -1 ? priorities.length : place;
  };
  const due = (task: IdentifiedResource): number =>
    timeAt(task, ['restriction.period.end', 'authoredOn']) ?? Number.MAX_SAFE_INTEGER;
  return (
    rank(a) - rank(b) ||
    due(a) - due(b) ||
    conceptText(a['code']).localeCompare(conceptText(b['code']), 'en') ||
    (a.id < b.id ? -1 : 1)
  );
}
