/**
 * Notifications as R4 can carry them: a Bundle of type history whose first entry is a SubscriptionStatus in Parameters
 * (http://hl7.org/fhir/uv/subscriptions-backport/STU1.1/notifications.html).
 */
import type { ChangeEvent, StoredVersion } from '../store/store.ts';
import type { Content } from './channel.ts';

export type NotificationType =
  'handshake' | 'heartbeat' | 'event-notification' | 'query-status' | 'query-event';

export interface NotifiedEvent {
  readonly number: number;
  readonly event: ChangeEvent;
  /** What the change left; of a deletion nothing. */
  readonly version?: StoredVersion;
}

export interface Notification {
  readonly type: NotificationType;
  readonly baseUrl: string;
  readonly subscription: { readonly id: string; readonly topic?: string };
  readonly status: string;
  /** Events since the subscription began. */
  readonly events: number;
  readonly content: Content;
  readonly notified: readonly NotifiedEvent[];
  readonly error?: string;
  readonly at: Date;
  /** Of the Bundle; the same when it is sent again. */
  readonly id: string;
}

const profiles = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/';

/** The Bundle as JSON text; stored bodies go in as they are. */
export function notificationBundle(notification: Notification): string {
  const { baseUrl, subscription, content, notified, id, at } = notification;
  const status = {
    fullUrl: `urn:uuid:${id}`,
    resource: subscriptionStatus(notification),
    request: { method: 'GET', url: `Subscription/${subscription.id}/$status` },
    response: { status: '200' },
  };
  const shown = content === 'empty' ? [] : notified;
  const entries = [
    JSON.stringify(status),
    ...shown.map((one) => eventEntry(baseUrl, content, one)),
  ];
  const head = {
    resourceType: 'Bundle',
    id,
    meta: { profile: [`${profiles}backport-subscription-notification-r4`] },
    type: 'history',
    timestamp: at.toISOString(),
  };
  return `${JSON.stringify(head).slice(0, -1)},"entry":[${entries.join(',')}]}`;
}

/** SubscriptionStatus of R4B and R5, as Parameters. */
export function subscriptionStatus({
  type,
  baseUrl,
  subscription,
  status,
  events,
  content,
  notified,
  error,
}: Notification): object {
  const reference = { reference: `${baseUrl}/Subscription/${subscription.id}` };
  const parameter = [
    { name: 'subscription', valueReference: reference },
    ...(subscription.topic === undefined
      ? []
      : [{ name: 'topic', valueCanonical: subscription.topic }]),
    { name: 'status', valueCode: status },
    { name: 'type', valueCode: type },
    { name: 'events-since-subscription-start', valueString: String(events) },
    ...notified.map(({ number, event }) => ({
      name: 'notification-event',
      part: [
        { name: 'event-number', valueString: String(number) },
        { name: 'timestamp', valueInstant: event.at.toISOString() },
        ...(content === 'empty'
          ? []
          : [
              {
                name: 'focus',
                valueReference: { reference: `${baseUrl}/${event.type}/${event.id}` },
              },
            ]),
      ],
    })),
    ...(error === undefined ? [] : [{ name: 'error', valueCodeableConcept: { text: error } }]),
  ];
  const profile = [`${profiles}backport-subscription-status-r4`];
  return { resourceType: 'Parameters', meta: { profile }, parameter };
}

const responses = { POST: '201', PUT: '200', DELETE: '204' } as const;

function eventEntry(baseUrl: string, content: Content, { event, version }: NotifiedEvent): string {
  const { type, id, method, at, versionId } = event;
  const isWhole = content === 'full-resource' && version !== undefined && !version.deleted;
  const fullUrl = JSON.stringify(`${baseUrl}/${type}/${id}`);
  const resource = isWhole ? `"resource":${version.body},` : '';
  const request = { method, url: method === 'POST' ? type : `${type}/${id}` };
  const response = {
    status: responses[method],
    etag: `W/"${versionId}"`,
    lastModified: at.toISOString(),
  };
  const said = `"request":${JSON.stringify(request)},"response":${JSON.stringify(response)}`;
  return `{"fullUrl":${fullUrl},${resource}${said}}`;
}
