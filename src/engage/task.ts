import type { IdentifiedResource } from '../fhir/resource.ts';
import { concept, systems, taskStateUrl } from './codes.ts';
import { derivedId } from './derived-id.ts';
import type { Draft } from './draft.ts';
import type { Firing, RevokeIntent, TaskIntent } from './intent.ts';
import type { Rule } from './rule.ts';

/** One Task per rule, step and focus, whatever happens how often. */
export function taskId(ruleId: string, step: string, focus: string): string {
  return derivedId(['task', ruleId, step, focus]);
}

/** Creates the Task, opens it again when what it answers has changed, or leaves it as it is. */
export async function draftTask(
  draft: Draft,
  firing: Firing,
  intent: TaskIntent,
  now: Date,
): Promise<void> {
  const id = taskId(firing.rule.id, intent.step.name, firing.focus);
  const existing = await draft.read('Task', id);
  if (existing === 'deleted') return;
  if (!existing) {
    if (intent.mayCreate) draft.put(newTask(id, firing, intent, now));
    return;
  }
  const changed = intent.state !== undefined && intent.state !== stateOf(existing);
  if (changed || isWithdrawn(existing)) draft.put(reopened(existing, intent, now));
}

/** Cancels the open Tasks that the named steps of a rule made about the focus. */
export async function cancelTasks(
  draft: Draft,
  rule: Rule,
  { focus, intent, now }: { focus: string; intent: RevokeIntent; now: Date },
): Promise<void> {
  for (const step of rule.steps) {
    if (step.do !== 'task' || (intent.steps && !intent.steps.includes(step.name))) continue;
    const task = await draft.read('Task', taskId(rule.id, step.name, focus));
    if (!task || task === 'deleted' || !isOpen(task)) continue;
    draft.put({
      ...task,
      status: 'cancelled',
      statusReason: { text: intent.reason },
      businessStatus: { text: withdrawn },
      lastModified: now.toISOString(),
    });
  }
}

const withdrawn = 'withdrawn';
const closed = new Set(['completed', 'cancelled', 'rejected', 'failed', 'entered-in-error']);

function newTask(id: string, firing: Firing, intent: TaskIntent, now: Date): IdentifiedResource {
  return {
    resourceType: 'Task',
    id,
    ...(intent.state === undefined ? {} : { extension: [stateExtension(intent.state)] }),
    identifier: [{ system: systems.rule, value: `${firing.rule.id}/${intent.step.name}` }],
    status: 'requested',
    intent: 'order',
    priority: intent.priority,
    code: concept(systems.taskCode, intent.step.code),
    description: intent.description,
    focus: { reference: firing.focus },
    ...(firing.patient ? { for: firing.patient } : {}),
    ...encounterOf(firing),
    authoredOn: now.toISOString(),
    lastModified: now.toISOString(),
    ...(intent.owner ? { owner: intent.owner } : {}),
    ...inputsOf(intent),
  };
}

function reopened(task: IdentifiedResource, intent: TaskIntent, now: Date): IdentifiedResource {
  const notes = (task['note'] as readonly object[] | undefined) ?? [];
  const wasClosed = closed.has(String(task['status']));
  return {
    ...withoutOutcome(task),
    ...(intent.state === undefined ? {} : { extension: [stateExtension(intent.state)] }),
    status: wasClosed ? 'requested' : task['status'],
    businessStatus: { text: 're-opened' },
    priority: intent.priority,
    description: intent.description,
    lastModified: now.toISOString(),
    ...inputsOf(intent),
    ...(intent.note === undefined
      ? {}
      : { note: [...notes, { time: now.toISOString(), text: intent.note }] }),
  };
}

/** What the closed Task said about its end is no longer so. */
function withoutOutcome(task: IdentifiedResource): IdentifiedResource {
  const copy: Record<string, unknown> = { ...task };
  delete copy['statusReason'];
  delete copy['executionPeriod'];
  return copy as IdentifiedResource;
}

function encounterOf(firing: Firing): object {
  return firing.focus.startsWith('Encounter/') ? { encounter: { reference: firing.focus } } : {};
}

/** Numbers and texts that the receiver needs at a glance, such as how many orders are open. */
function inputsOf(intent: TaskIntent): object {
  const inputs = intent.inputs.flatMap(({ label, value }): object[] => {
    const type = { text: label };
    if (typeof value === 'number') return [{ type, valueInteger: value }];
    if (typeof value === 'string') return [{ type, valueString: value }];
    return [];
  });
  return inputs.length > 0 ? { input: inputs } : {};
}

function stateExtension(state: string): object {
  return { url: taskStateUrl, valueString: state };
}

function stateOf(task: IdentifiedResource): string | undefined {
  const extensions = (task['extension'] ?? []) as readonly { url?: string; valueString?: string }[];
  return extensions.find((each) => each.url === taskStateUrl)?.valueString;
}

function isOpen(task: IdentifiedResource): boolean {
  return !closed.has(String(task['status']));
}

function isWithdrawn(task: IdentifiedResource): boolean {
  const status = task['businessStatus'] as { readonly text?: string } | undefined;
  return task['status'] === 'cancelled' && status?.text === withdrawn;
}
