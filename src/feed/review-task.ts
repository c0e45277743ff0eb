import type { IdentifiedResource } from '../fhir/resource.ts';
import { logicalId, type PersonIdentifier } from '../record/identity.ts';
import { isOpenTask } from '../record/sections/person.ts';
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
  const input = (text: string, value: PersonIdentifier): object => {
    return { type: { text }, valueIdentifier: { ...value } };
  };
  return {
    ...openTask(keyOf({ into, from }), given),
    description: `${given.feedTitle} merges the other way round what was merged before; its message is parked`,
    ...(person === undefined ? {} : about(person)),
    input: [
      input('Number that is to go on', into),
      ...from.map((each) => input('Number that is to end', each)),
      input('Message', { system: messageSystem, value: message }),
    ],
  };
}

/** What a merge says of numbers. */
export type MergedNumbers = Pick<MergeRefusal, 'into' | 'from'>;

/** The id of the one Task that a merge of these numbers opens where it is refused. */
export function mergeReviewId(numbers: MergedNumbers): string {
  return logicalId('Task', code, keyOf(numbers));
}

/** Whether the Task is about this journal row, and not another that says the same. */
export function isAboutMessage(task: IdentifiedResource, message: string): boolean {
  const inputs = (task['input'] ?? []) as readonly {
    readonly valueIdentifier?: { readonly system?: string; readonly value?: string };
  }[];
  return inputs.some(
    ({ valueIdentifier: of }) => of?.system === messageSystem && of.value === message,
  );
}

/** The Task of what was decided; undefined where somebody has closed it. */
export function decidedTask(task: IdentifiedResource, now: Date): IdentifiedResource | undefined {
  if (!isOpenTask(task['status'])) return undefined;
  return { ...task, status: 'completed', lastModified: now.toISOString() };
}

const code = 'identity-review';
const messageSystem = 'urn:weir:message';

function keyOf({ into, from }: MergedNumbers): string {
  return [into, ...from].map(({ system, value }) => `${system}|${value}`).join(' ');
}

function openTask(key: string, { now }: Occasion): IdentifiedResource {
  return {
    resourceType: 'Task',
    id: logicalId('Task', code, key),
    identifier: [{ system: 'urn:weir:task-key', value: `${code} ${key}` }],
    status: 'requested',
    intent: 'order',
    priority: 'urgent',
    code: {
      coding: [{ system: taskCodeSystem, code }],
      text: 'Identity review',
    },
    authoredOn: now.toISOString(),
  };
}

function about(person: string): object {
  return { focus: { reference: person }, for: { reference: person } };
}
