import { concept, systems } from './codes.ts';
import { derivedId } from './derived-id.ts';
import type { Draft } from './draft.ts';
import { departmentReference } from './reference.ts';

/** Something this room could not do, which a person must look at: nothing fails in silence. */
export interface Failure {
  readonly code: 'rule-failed' | 'send-failed';
  readonly ruleId: string;
  /** `Type/id` of what it was about. */
  readonly about: string;
  readonly description: string;
}

/** One Task per rule and resource for those who run the interfaces; no patient data in its text. */
export async function draftFailureTask(draft: Draft, failure: Failure, now: Date): Promise<void> {
  const id = derivedId(['failure', failure.code, failure.ruleId, failure.about]);
  await draft.putNew({
    resourceType: 'Task',
    id,
    identifier: [{ system: systems.rule, value: failure.ruleId }],
    status: 'requested',
    intent: 'order',
    priority: 'urgent',
    code: concept(systems.taskCode, failure.code),
    description: failure.description,
    focus: { reference: failure.about },
    authoredOn: now.toISOString(),
    lastModified: now.toISOString(),
    owner: departmentReference('integration', 'Integration'),
  });
}
