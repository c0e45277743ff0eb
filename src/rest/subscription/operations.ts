/** The operations of the Subscriptions R5 Backport: $status, $events, $get-ws-binding-token. */
import { fail } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import type { Content } from '../../subscription/channel.ts';
import { notificationBundle, subscriptionStatus } from '../../subscription/notification.ts';
import { eventsBetween } from '../../subscription/recent-events.ts';
import { ownerPrefix } from '../../subscription/record.ts';
import { checkId } from '../authorize.ts';
import { isObject, jsonBody } from '../body.ts';
import { bundleText } from '../bundle/bundle-text.ts';
import type { Answer, Call, Params, RestContext } from '../call.ts';
import { paramOf } from '../call.ts';
import { closeBinding } from './binding-token.ts';
import { wantsStream } from './event-stream.ts';
import { notificationOf, requireOwner, seenBy, viewOf } from './subscription-view.ts';
import type { SubscriptionView } from './subscription-view.ts';

/** `Subscription/id/$status`, `Subscription/$status?id=&status=`: a SubscriptionStatus each. */
export async function subscriptionStatusOf(context: RestContext, call: Call): Promise<Answer> {
  const params = paramsOf(call);
  const views = await viewsOf(context, call, params);
  const statuses = listOf(params, 'status');
  const shown = views.filter(({ status }) => statuses.length === 0 || statuses.includes(status));
  const entries = shown.map((view) => {
    const status = subscriptionStatus(notificationOf(context, view, { type: 'query-status' }));
    return `{"fullUrl":"urn:uuid:${context.newId()}","resource":${JSON.stringify(status)},"search":{"mode":"match"}}`;
  });
  const links = [{ relation: 'self', url: `${context.baseUrl}/${call.path}` }] as const;
  const body = bundleText({ type: 'searchset', total: shown.length, links, entries });
  return { status: 200, body };
}

/** `Subscription/id/$events?eventsSinceNumber=&eventsUntilNumber=&content=`: those that are remembered. */
export async function subscriptionEvents(context: RestContext, call: Call): Promise<Answer> {
  if (wantsStream(call)) return context.listen(call);
  const view = await viewOf(context, call, call.at.id ?? '');
  requireOwner(call.principal, view);
  const params = paramsOf(call);
  const from = numberOf(params, 'eventsSinceNumber') ?? 0;
  const to = numberOf(params, 'eventsUntilNumber') ?? Infinity;
  const { record } = view;
  const events =
    record === undefined ? [] : await eventsBetween(context.store, record, { from, to });
  const notified = seenBy(call.principal, events);
  const content = contentOf(paramOf(params, 'content')) ?? view.content;
  const said = { type: 'query-event', notified, content } as const;
  const body = notificationBundle(notificationOf(context, view, said));
  return { status: 200, body, shown: notified.flatMap(({ version }) => version ?? []) };
}

/** `Subscription/id/$get-ws-binding-token`, `Subscription/$get-ws-binding-token?id=`. */
export async function bindingToken(context: RestContext, call: Call): Promise<Answer> {
  const views = await viewsOf(context, call, paramsOf(call));
  if (views.length === 0) fail('required', 'A binding token is for at least one subscription (id)');
  for (const view of views) requireOwner(call.principal, view);
  const until = context.clock().getTime() + limits.bindingTokenMs;
  const ids = views.map(({ id }) => id);
  const token = closeBinding(context, { ids, principal: call.principal, until });
  const parameter = [
    { name: 'token', valueString: token },
    { name: 'expiration', valueDateTime: new Date(until).toISOString() },
    ...ids.map((id) => ({ name: 'subscription', valueString: id })),
    { name: 'websocket-url', valueUrl: webSocketUrl(context.baseUrl) },
  ];
  return { status: 200, body: JSON.stringify({ resourceType: 'Parameters', parameter }) };
}

/** Where WebSockets are opened. */
export function webSocketUrl(baseUrl: string): string {
  return `${baseUrl.replace(/^http/, 'ws')}/$ws`;
}

async function viewsOf(
  context: RestContext,
  call: Call,
  params: Params,
): Promise<readonly SubscriptionView[]> {
  const ids = call.at.id === undefined ? listOf(params, 'id') : [call.at.id];
  if (ids.length > limits.listenerBindingsMax) {
    fail('limit', `At most ${limits.listenerBindingsMax} subscriptions (listenerBindingsMax)`);
  }
  const wanted = ids.length > 0 ? ids : await known(context);
  const views: SubscriptionView[] = [];
  for (const id of wanted) {
    checkId(id);
    views.push(await viewOf(context, call, id));
  }
  return views;
}

async function known({ store }: RestContext): Promise<readonly string[]> {
  const owners = await store.states(ownerPrefix);
  return owners.map(({ key }) => key.slice(ownerPrefix.length)).slice(0, limits.subscriptionsMax);
}

/** Of the address or, by POST, of Parameters. Throws `structure`. */
function paramsOf(call: Call): Params {
  if (call.method !== 'POST' || call.body === undefined || call.body === '') return call.params;
  const body = jsonBody(call);
  const parameter = isObject(body) && body['resourceType'] === 'Parameters' && body['parameter'];
  if (parameter === undefined) return call.params;
  if (!Array.isArray(parameter)) fail('structure', 'The body is Parameters');
  const given = (parameter as readonly unknown[]).flatMap((one) => {
    const { name, ...rest } = (one ?? {}) as Readonly<Record<string, unknown>>;
    const value = Object.entries(rest).find(([key]) => key.startsWith('value'))?.[1];
    const isPlain = typeof value === 'string' || typeof value === 'number';
    return typeof name === 'string' && isPlain ? [[name, String(value)] as const] : [];
  });
  return [...call.params, ...given];
}

function listOf(params: Params, name: string): readonly string[] {
  const values = params
    .filter(([given]) => given === name)
    .flatMap(([, value]) => value.split(','));
  return [...new Set(values.filter((value) => value !== ''))];
}

function numberOf(params: Params, name: string): number | undefined {
  const text = paramOf(params, name);
  if (text === undefined) return undefined;
  return /^\d{1,15}$/.test(text) ? Number(text) : fail('search-value', `${name} is a whole number`);
}

function contentOf(text: string | undefined): Content | undefined {
  if (text === undefined) return undefined;
  const found = contents.find((one) => one === text);
  return found ?? fail('search-value', `content is ${contents.join(', ')}`);
}

const contents: readonly Content[] = ['empty', 'id-only', 'full-resource'];
