import type { IdentifiedResource } from '../fhir/resource.ts';
import { logicalId } from '../record/identity.ts';
import type { IdentityConflict } from './person.ts';

/**
 * The Task for whoever decides whether these are one person or several. Its id is made of who they are: however
 * often the conflict is seen, it is opened once.
 */
export function identityReviewTask(
  { use, owners }: IdentityConflict,
  given: { readonly now: Date; readonly feedTitle: string },
): IdentifiedResource {
  const key = owners.join(' ');
  return {
    resourceType: 'Task',
    id: logicalId('Task', 'identity-review', key),
    identifier: [{ system: 'urn:weir:task-key', value: `identity-review ${key}` }],
    status: 'requested',
    intent: 'order',
    priority: 'urgent',
    code: {
      coding: [{ system: 'urn:weir:task', code: 'identity-review' }],
      text: 'Identity review',
    },
    description: `${given.feedTitle} named numbers of different people in one message`,
    focus: { reference: use },
    for: { reference: use },
    authoredOn: given.now.toISOString(),
    input: owners
      .filter((owner) => owner !== use)
      .map((owner) => ({ type: { text: 'Other record' }, valueReference: { reference: owner } })),
  };
}
