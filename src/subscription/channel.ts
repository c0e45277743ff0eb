import { fail } from '../fhir/issue.ts';
import { limits } from '../limits.ts';
import { extensionsAt, extensionsOf, valueOf } from './extension.ts';

/** How much of what changed a notification shows. */
export type Content = 'empty' | 'id-only' | 'full-resource';

export interface SubscriptionChannel {
  readonly type: 'rest-hook' | 'websocket';
  /** Of a rest-hook. */
  readonly endpoint: string;
  readonly content: Content;
  readonly headers: Readonly<Record<string, string>>;
  /** Signs what is sent. */
  readonly secret?: string;
  readonly heartbeatMs?: number;
  readonly timeoutMs: number;
  /** Events in one notification. */
  readonly eventsMax: number;
}

/** The extension of `Subscription.channel` that holds the secret by which notifications are signed. */
const secretExtension = 'https://weir.dev/fhir/StructureDefinition/subscription-secret';

/** Throws what cannot be done, each with its place. */
export function readChannel(
  given: unknown,
  objection: (url: string) => string | undefined,
): SubscriptionChannel {
  const channel = (given ?? {}) as Readonly<Record<string, unknown>>;
  const type = channel['type'];
  if (type !== 'rest-hook' && type !== 'websocket') {
    fail('not-supported', 'Weir offers rest-hook and websocket', at('type'));
  }
  const endpoint = type === 'rest-hook' ? endpointOf(channel['endpoint'], objection) : '';
  const secret = valueOf(extensionsAt(channel, secretExtension)[0]);
  const heartbeat = numberOf(channel, 'backport-heartbeat-period');
  const timeout = numberOf(channel, 'backport-timeout');
  const most = numberOf(channel, 'backport-max-count') ?? limits.subscriptionBatchMax;
  return {
    type,
    endpoint,
    content: contentOf(channel),
    headers: headersOf(channel['header']),
    eventsMax: Math.min(Math.ceil(most), limits.subscriptionBatchMax),
    timeoutMs: Math.min((timeout ?? Infinity) * 1000, limits.subscriptionTimeoutMs),
    ...(typeof secret === 'string' ? { secret } : {}),
    ...(heartbeat === undefined ? {} : { heartbeatMs: heartbeat * 1000 }),
  };
}

function endpointOf(endpoint: unknown, objection: (url: string) => string | undefined): string {
  if (typeof endpoint !== 'string')
    fail('required', 'A rest-hook needs its address', at('endpoint'));
  if (endpoint.length > limits.subscriptionTextChars) {
    fail('limit', 'The address is too long (subscriptionTextChars)', at('endpoint'));
  }
  const refused = objection(endpoint);
  if (refused !== undefined) fail('outbound-refused', refused, at('endpoint'));
  return endpoint;
}

/** By the extension of the backport; otherwise by the payload: none, or the resource. */
function contentOf(channel: Readonly<Record<string, unknown>>): Content {
  const { payload } = channel;
  if (payload !== undefined && !payloads.has(payload)) {
    fail('not-supported', 'The payload is application/fhir+json', at('payload'));
  }
  const content = valueOf(extensionsOf(channel['_payload'], 'backport-payload-content')[0]);
  if (content === undefined) return payload === undefined ? 'empty' : 'full-resource';
  const known = contents.find((one) => one === content);
  return known ?? fail('value', `The content is ${contents.join(', ')}`, at('payload'));
}

const payloads: ReadonlySet<unknown> = new Set(['application/fhir+json', 'application/json']);
const contents: readonly Content[] = ['empty', 'id-only', 'full-resource'];

/** `Name: value` each; none but what cannot change the meaning of the request. */
function headersOf(given: unknown): Readonly<Record<string, string>> {
  const headers = Array.isArray(given) ? (given as readonly unknown[]) : [];
  if (headers.length > limits.subscriptionHeadersMax) {
    fail(
      'limit',
      `At most ${limits.subscriptionHeadersMax} headers (subscriptionHeadersMax)`,
      at('header'),
    );
  }
  return Object.fromEntries(headers.map((header) => headerOf(header)));
}

function headerOf(header: unknown): readonly [string, string] {
  const text = typeof header === 'string' ? header : '';
  if (text.length > limits.subscriptionHeaderChars) {
    fail('limit', 'A header is too long (subscriptionHeaderChars)', at('header'));
  }
  const [, name = '', value = ''] = /^([A-Za-z0-9-]+): ?([\x20-\x7e]*)$/.exec(text) ?? [];
  if (!/^(authorization|api-?key|x-.+)$/i.test(name) || /^x-(forwarded|hub|weir)-/i.test(name)) {
    fail('value', 'A header is Authorization, Api-Key or X-..., as "Name: value"', at('header'));
  }
  return [name.toLowerCase(), value];
}

function numberOf(channel: object, name: string): number | undefined {
  const value = Number(valueOf(extensionsOf(channel, name)[0]));
  // A day is as good as any longer time, and timers know no more than some weeks.
  return value > 0 ? Math.min(value, 86_400) : undefined;
}

function at(element: string): { readonly expression: readonly string[] } {
  return { expression: [`Subscription.channel.${element}`] };
}
