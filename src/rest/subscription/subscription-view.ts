import { fail } from '../../fhir/issue.ts';
import { jsonOf, isObject } from '../body.ts';
import type { Call, RestContext } from '../call.ts';
import { visible } from '../interaction/read.ts';
import type {
  Notification,
  NotificationType,
  NotifiedEvent,
} from '../../subscription/notification.ts';
import { readChannel } from '../../subscription/channel.ts';
import { readRecord, recordKey } from '../../subscription/record.ts';
import type { SubscriptionRecord } from '../../subscription/record.ts';
import type { Principal } from '../../security/principal.ts';
import { canSee } from '../authorize.ts';

/** A subscription with how far it is. */
export interface SubscriptionView {
  readonly id: string;
  readonly status: string;
  /** Absent where the criteria are a search. */
  readonly topic?: string;
  readonly content: Notification['content'];
  readonly heartbeatMs?: number;
  /** Absent until it has begun. */
  readonly record?: SubscriptionRecord;
}

/** Throws `not-found`, `gone`. */
export async function viewOf(
  context: RestContext,
  call: Call,
  id: string,
): Promise<SubscriptionView> {
  const at = { type: 'Subscription', id };
  const version = visible({ ...call, at }, await context.store.read('Subscription', id));
  const resource = jsonOf(version.body);
  const entry = await context.store.state(recordKey(id));
  const { criteria, status, channel } = isObject(resource) ? resource : {};
  const { content, heartbeatMs } = readChannel(channel, () => undefined);
  const isTopic = typeof criteria === 'string' && /^https?:/.test(criteria);
  return {
    id,
    status: typeof status === 'string' ? status : 'off',
    content,
    ...(isTopic ? { topic: criteria } : {}),
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
    ...(entry === undefined ? {} : { record: readRecord(entry.value) }),
  };
}

/** Whoever hears of the events of a subscription is its owner, or an administrator. Throws `forbidden`. */
export function requireOwner(principal: Principal, { record }: SubscriptionView): void {
  const isAdmin = principal.role === 'admin' && principal.patient === undefined;
  if (isAdmin || record?.owner.id === principal.id) return;
  fail('forbidden', 'The events of a subscription are for the one who wrote it');
}

/** Events that the principal may see now; deletions were for those who could see what was deleted. */
export function seenBy(
  principal: Principal,
  events: readonly NotifiedEvent[],
): readonly NotifiedEvent[] {
  return events.filter(({ version }) => {
    return version === undefined || version.deleted || canSee(principal, version);
  });
}

export function notificationOf(
  { baseUrl, clock, newId }: RestContext,
  view: SubscriptionView,
  said: {
    readonly type: NotificationType;
    readonly notified?: readonly NotifiedEvent[];
    readonly content?: Notification['content'];
    readonly events?: number;
  },
): Notification {
  const { id, topic, record, status } = view;
  return {
    type: said.type,
    baseUrl,
    subscription: { id, ...(topic === undefined ? {} : { topic }) },
    status,
    events: said.events ?? record?.events ?? 0,
    content: said.content ?? view.content,
    notified: said.notified ?? [],
    at: clock(),
    id: newId(),
    ...(record?.error === undefined ? {} : { error: record.error }),
  };
}
