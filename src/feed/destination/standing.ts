/** How destinations stand, for people and metrics. */
import type { Store } from '../../store/store.ts';
import { present } from '../../hl7v2/present.ts';
import { readControls, unused, type Control } from './control.ts';
import { deliveriesOf, type Delivery } from './delivery.ts';
import type { DestinationDesk } from './desk.ts';
import type { Destination } from './destination.ts';
import { maintenanceEnd } from './maintenance.ts';

/** `unknown`: no file of the site names it any more, but something waits for it. */
type DestinationState =
  'sending' | 'waiting' | 'away' | 'held' | 'paused' | 'maintenance' | 'unknown';

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
export async function standings(desk: Desk): Promise<readonly DestinationStanding[]> {
  const controls = await readControls(desk.store);
  const names = new Set([...desk.destinations.map(({ name }) => name), ...controls.keys()]);
  const all = await Promise.all([...names].sort().map((name) => standing(desk, name, controls)));
  return all.filter(({ state, depth, aside }) => state !== 'unknown' || depth + aside > 0);
}

type Desk = Pick<DestinationDesk, 'store' | 'destinations' | 'clock'>;

async function standing(
  { store, destinations, clock }: Desk,
  name: string,
  controls: ReadonlyMap<string, Control>,
): Promise<DestinationStanding> {
  const destination = destinations.find((each) => each.name === name);
  const control = controls.get(name) ?? unused;
  const [queue, aside] = [await listed(store, name, 'queue'), await listed(store, name, 'aside')];
  const [head] = queue;
  const now = clock();
  const until = maintenanceEnd(destination?.maintenance ?? [], now)?.toISOString();
  return {
    name,
    ...namesOf(destination, name),
    state: stateOf({ isKnown: destination !== undefined, control, until, head }),
    depth: queue.length,
    aside: aside.length,
    oldestAgeMs: ageOf(head, now),
    ...figuresOf(control),
    ...present({ maintenanceUntil: until, nextRetryAt: nextTry(control, head) }),
  };
}

function namesOf(destination: Destination | undefined, name: string) {
  if (destination === undefined) return { title: name, address: '' };
  const { title, host, port } = destination;
  return { title, address: `${host}:${String(port)}` };
}

function figuresOf(control: Control) {
  const { breaker, sent, failed, skipped, lastSentAt, lastError, lastErrorAt, paused } = control;
  const said = present({ lastSentAt, lastError, lastErrorAt, paused });
  return { breaker, sent, failed, skipped, ...said };
}

function ageOf(head: Delivery | undefined, now: Date): number {
  return head === undefined ? 0 : Math.max(0, now.getTime() - Date.parse(head.queuedAt));
}

/** Nothing is tried of what is held. */
function nextTry(control: Control, head: Delivery | undefined): string | undefined {
  if (head === undefined || head.state === 'held') return undefined;
  return control.retryAt ?? head.nextRetryAt;
}

function stateOf(given: {
  readonly isKnown: boolean;
  readonly control: Control;
  readonly until: string | undefined;
  readonly head: Delivery | undefined;
}): DestinationState {
  const { isKnown, control, until, head } = given;
  if (!isKnown) return 'unknown';
  if (control.paused !== undefined) return 'paused';
  if (head?.state === 'held') return 'held';
  if (control.failures > 0) return 'away';
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
