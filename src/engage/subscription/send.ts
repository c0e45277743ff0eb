import { createHmac } from 'node:crypto';
import type { SubscriptionPlan } from '../../subscription/plan.ts';
import { notificationBundle } from '../../subscription/notification.ts';
import type { NotificationType, NotifiedEvent } from '../../subscription/notification.ts';
import type { SubscriptionDesk } from './desk.ts';

/** What is sent at once. */
export interface Delivery {
  readonly type: NotificationType;
  /** Events since the subscription began, with these. */
  readonly events: number;
  readonly notified: readonly NotifiedEvent[];
}

/**
 * Calls a rest-hook: by its topic with a notification Bundle; by criteria of R4 with the resource, or with nothing. Rejects
 * unless the receiver answers with 2xx. What is sent again is the same.
 */
export async function callHook(
  desk: SubscriptionDesk,
  plan: SubscriptionPlan,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<void> {
  const { channel } = plan;
  const body = bodyOf(desk, plan, delivery);
  const last = delivery.notified.at(-1);
  const headers: Record<string, string> = {
    ...channel.headers,
    ...(body === '' ? {} : { 'content-type': 'application/fhir+json; charset=utf-8' }),
    'x-weir-subscription': plan.id,
    ...(last === undefined ? {} : { 'x-weir-event': String(last.number) }),
  };
  if (channel.secret !== undefined) {
    const hash = createHmac('sha256', channel.secret).update(body).digest('hex');
    headers['x-hub-signature-256'] = `sha256=${hash}`;
  }
  const { endpoint: url, timeoutMs } = channel;
  const request = { method: 'POST', url, headers, body, timeoutMs, signal } as const;
  const answer = await desk.outbound.send(request);
  answer.drop();
  const isTaken = answer.status >= 200 && answer.status < 300;
  if (!isTaken) throw new Error(`The receiver answered with status ${answer.status}`);
}

function bodyOf(desk: SubscriptionDesk, plan: SubscriptionPlan, delivery: Delivery): string {
  const { topic, channel, id } = plan;
  if (topic === undefined) {
    const [first] = delivery.notified;
    return channel.content === 'full-resource' ? (first?.version?.body ?? '') : '';
  }
  const { type, events, notified } = delivery;
  return notificationBundle({
    type,
    events,
    notified,
    baseUrl: desk.baseUrl,
    subscription: { id, topic },
    status: type === 'handshake' ? 'requested' : 'active',
    content: channel.content,
    at: desk.clock(),
    id: desk.newId(),
  });
}
