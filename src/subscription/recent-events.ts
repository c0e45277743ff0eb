import { limits } from '../limits.ts';
import type { Store } from '../store/store.ts';
import type { NotifiedEvent } from './notification.ts';
import type { SubscriptionRecord } from './record.ts';

/** What `recent` becomes when events at these positions are added. */
export function withEvents(
  { events, recent }: Pick<SubscriptionRecord, 'events' | 'recent'>,
  positions: readonly number[],
): Pick<SubscriptionRecord, 'events' | 'recent'> {
  const added = positions.map((position, i) => [events + i + 1, position] as const);
  return {
    events: events + positions.length,
    recent: [...recent, ...added].slice(-limits.subscriptionRecentMax),
  };
}

/** The events of a subscription with these numbers, as far as they are remembered. */
export async function eventsBetween(
  store: Store,
  { recent }: Pick<SubscriptionRecord, 'recent'>,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly NotifiedEvent[]> {
  const found: NotifiedEvent[] = [];
  for (const [number, position] of recent) {
    if (number < from || number > to) continue;
    found.push(...(await eventAt(store, number, position)));
  }
  return found;
}

/** The event of a number, which stands at this position of the change feed. */
export async function eventAt(
  store: Store,
  number: number,
  position: number,
): Promise<readonly NotifiedEvent[]> {
  const [event] = await store.changes(position - 1, 1);
  if (event === undefined) return [];
  const version = await store.readVersion(event.type, event.id, event.versionId);
  return [{ number, event, ...(version === undefined ? {} : { version }) }];
}
