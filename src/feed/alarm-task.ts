import type { IdentifiedResource } from '../fhir/resource.ts';
import { logicalId } from '../record/identity.ts';
import { taskCodeSystem } from '../record/task-code.ts';
import type { AlarmKind } from './alarm.ts';
import type { Feed } from './feed.ts';

/** The id of the one Task of an alarm, however often it is raised. */
export function alarmTaskId(feed: string, kind: AlarmKind): string {
  return logicalId('Task', 'feed-alarm', `${feed} ${kind}`);
}

/** The Task for whoever runs the feeds, open. */
export function raisedTask(
  feed: Feed,
  alarm: { readonly kind: AlarmKind; readonly text: string; readonly now: Date },
): IdentifiedResource {
  const { kind, text, now } = alarm;
  return {
    resourceType: 'Task',
    id: alarmTaskId(feed.name, kind),
    identifier: [{ system: 'urn:weir:task-key', value: `feed-alarm ${feed.name} ${kind}` }],
    status: 'requested',
    intent: 'order',
    priority: 'urgent',
    code: {
      coding: [{ system: taskCodeSystem, code: 'feed-alarm' }],
      text: `Feed alarm: ${kind}`,
    },
    description: `${feed.title}: ${text}`,
    executionPeriod: { start: now.toISOString() },
    authoredOn: now.toISOString(),
    lastModified: now.toISOString(),
  };
}

/** The Task of an alarm that is over. */
export function clearedTask(task: IdentifiedResource, now: Date): IdentifiedResource {
  const period = task['executionPeriod'] ?? {};
  return {
    ...task,
    status: 'completed',
    executionPeriod: { ...period, end: now.toISOString() },
    lastModified: now.toISOString(),
  };
}
