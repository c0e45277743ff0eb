import type { Route } from './call.ts';
import {
  bindingToken,
  subscriptionEvents,
  subscriptionStatusOf,
} from './subscription/operations.ts';

const status = { interaction: 'subscription-status', handle: subscriptionStatusOf } as const;
const token = { interaction: 'subscription-status', handle: bindingToken } as const;
const events = {
  interaction: 'subscription-status',
  reads: true,
  ownFormat: true,
  handle: subscriptionEvents,
} as const;

/** The operations of subscriptions; WebSockets and event streams are opened beside them (plugin.ts). */
export const subscriptionRoutes: readonly Route[] = [
  { method: 'GET', url: '/Subscription/$status', ...status },
  { method: 'POST', url: '/Subscription/$status', ...status },
  { method: 'GET', url: '/Subscription/:id/$status', ...status },
  { method: 'POST', url: '/Subscription/:id/$status', ...status },
  { method: 'GET', url: '/Subscription/:id/$events', ...events },
  { method: 'POST', url: '/Subscription/:id/$events', ...events },
  { method: 'GET', url: '/Subscription/$get-ws-binding-token', ...token },
  { method: 'POST', url: '/Subscription/$get-ws-binding-token', ...token },
  { method: 'GET', url: '/Subscription/:id/$get-ws-binding-token', ...token },
  { method: 'POST', url: '/Subscription/:id/$get-ws-binding-token', ...token },
];
