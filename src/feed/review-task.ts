import type { IdentifiedResource } from '../fhir/resource.ts';
import { logicalId, type PersonIdentifier } from '../record/identity.ts';
import { taskCodeSystem } from '../record/task-code.ts';
import type { MergeRefusal } from './effect/resolve.ts';
import type { IdentityConflict } from './person.ts';

interface Occasion {
  readonly now: Date;
  readonly feedTitle: string;
}

/**
 * The Task for whoever decides whether these are one person or several. Its id is made of who they are: however
 * often the conflict is seen, it is opened once.
 */
export function identityReviewTask(
  { use, owners }: IdentityConflict,
  given: Occasion,
): IdentifiedResource {
  return {
    ...openTask(owners.join(' '), given),
    description: `${given.feedTitle} named numbers of different people in one message`,
    ...about(use),
    input: owners
      .filter((owner) => owner !== use)
      .map((owner) => ({ type: { text: 'Other record' }, valueReference: { reference: owner } })),
  };
}

/**
 * The Task for whoever decides which of two numbers goes on: a sender merged them one way before and the other way now. One
 * for the two numbers, however often the message comes.
 * @param message the journal row that is parked until that is decided
 */
export function mergeReviewTask(
  { person, into, from }: Omit<MergeRefusal, 'issue'>,
  { message, ...given }: Occasion & { readonly message: string },
): IdentifiedResource {
  const key = [into, ...from].map(({ system, value }) => `${system}|${value}`).join(' ');
  const input = (text: string, value: PersonIdentifier): object => {
    return { type: { text }, valueIdentifier: { ...value } };
  };
  return {
    ...openTask(key, given),
    description: `${given.feedTitle} merges the other way round what was merged before; its message is parked`,
    ...(person === undefined ? {} : about(person)),
    input: [
      input('Number that is to go on', into),
      ...from.map((each) => input('Number that is to end', each)),
      input('Message', { system: 'urn:weir:message', value: message }),
    ],
  };
}

function openTask(key: string, { now }: Occasion): IdentifiedResource {
  return {
    resourceType: 'Task',
    id: logicalId('Task', 'identity-review', key),
    identifier: [{ system: 'urn:weir:task-key', value: `identity-review ${key}` }],
    status: 'requested',
    intent: 'order',
    priority: 'urgent',
    code: {
      coding: [{ system: taskCodeSystem, code: 'identity-review' }],
      text: 'Identity review',
    },
    authoredOn: now.toISOString(),
  };
}

function about(person: string): object {
  return { focus: { reference: person }, for: { reference: person } };
}
