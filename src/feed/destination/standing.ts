/** How destinations stand, for people and metrics. */
import type { Store } from '../../store/store.ts';
import { readControls, type Control } from './control.ts';
import { deliveriesOf, type Delivery } from './delivery.ts';
import type { DestinationDesk } from './desk.ts';
import { maintenanceEnd } from './maintenance.ts';

/** `unknown`: no file of the site names it any more, but something waits for it. */
type DestinationState = 'sending' | 'waiting' | 'away' | 'held' | 'paused' | 'maintenance' | 'unknown';

/** A destination as JSON. */
export interface DestinationStanding {
  readonly name: string;
  readonly title: string;
  /** `host:port`; empty where no file names it. */
  readonly address: string;
  readonly state: DestinationState;
  readonly breaker: Control['breaker'];
  /** Messages in the queue, with what is held there; at most limits.statePageMax are counted. */
  readonly depth: number;
  /** Messages put aside. */
  readonly aside: number;
  /** How long the oldest waits; 0 where none does. */
  readonly oldestAgeMs: number;
  readonly sent: number;
  readonly failed: number;
  readonly skipped: number;
  /** Instants. */
  readonly nextRetryAt?: string;
  readonly maintenanceUntil?: string;
  readonly lastSentAt?: string;
  readonly lastErrorAt?: string;
  readonly lastError?: string;
  readonly paused?: Control['paused'];
}

/** All of the site, and those of former sites that still owe something. */
export async function standings(
  desk: Pick<DestinationDesk, 'store' | 'destinations' | 'clock'>,
): Promise<readonly DestinationStanding[]> {
  const controls = await readControls(desk.store);
  const names = new Set([...desk.destinations.map(({ name }) => name), ...controls.keys()]);
  const all = await Promise.all([...names].sort().map((name) => standing(desk, name, controls)));
  return all.filter(({ state, depth, aside }) => state !== 'unknown' || depth + aside > 0);
}

async function standing(
  { store, destinations, clock }: Pick<DestinationDesk, 'store' | 'destinations' | 'clock'>,
  name: string,
  controls: ReadonlyMap<string, Control>,
): Promise<DestinationStanding> {
  const destination = destinations.find((each) => each.name === name);
  const control = controls.get(name);
  const [queue, aside] = [await listed(store, name, 'queue'), await listed(store, name, 'aside')];
  const [head] = queue;
  const now = clock();
  const until = maintenanceEnd(destination?.maintenance ?? [], now)?.toISOString();
  const { lastSentAt, lastError, lastErrorAt, paused } = control ?? {};
  const waits = control?.retryAt ?? head?.nextRetryAt;
  const isHeld = head?.state === 'held';
  return {
    name,
    title: destination?.title ?? name,
    address: destination === undefined ? '' : `${destination.host}:${destination.port}`,
    state: stateOf({ isKnown: destination !== undefined, control, until, head }),
    breaker: control?.breaker ?? 'closed',
    depth: queue.length,
    aside: aside.length,
    oldestAgeMs: head === undefined ? 0 : Math.max(0, now.getTime() - Date.parse(head.queuedAt)),
    sent: control?.sent ?? 0,
    failed: control?.failed ?? 0,
    skipped: control?.skipped ?? 0,
    ...(waits === undefined || isHeld || head === undefined ? {} : { nextRetryAt: waits }),
    ...(until === undefined ? {} : { maintenanceUntil: until }),
    ...(lastSentAt === undefined ? {} : { lastSentAt }),
    ...(lastErrorAt === undefined ? {} : { lastErrorAt }),
    ...(lastError === undefined ? {} : { lastError }),
    ...(paused === undefined ? {} : { paused }),
  };
}

function stateOf(given: {
  readonly isKnown: boolean;
  readonly control: Control | undefined;
  readonly until: string | undefined;
  readonly head: Delivery | undefined;
}): DestinationState {
  const { isKnown, control, until, head } = given;
  if (!isKnown) return 'unknown';
  if (control?.paused !== undefined) return 'paused';
  if (head?.state === 'held') return 'held';
  if (control !== undefined && control.failures > 0) return 'away';
  if (until !== undefined) return 'maintenance';
  return head === undefined ? 'waiting' : 'sending';
}

async function listed(
  store: Store,
  name: string,
  list: 'queue' | 'aside',
): Promise<readonly Delivery[]> {
  return (await deliveriesOf(store, name, list)).map(({ delivery }) => delivery);
}
