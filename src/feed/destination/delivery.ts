/**
 * A message that a destination is owed: a small document of the store's state for each, and its bytes beside it in
 * pieces. It is written in the commit that causes it, and stands in one of three lists: `queue` (in order), `aside`
 * (held, and out of the way) and `done`. Ids grow with time, so that the order of keys is that of arrival.
 */
import { limits } from '../../limits.ts';
import type { StateChange, StateEntry, Store } from '../../store/store.ts';

export type DeliveryList = 'queue' | 'aside' | 'done';

/** `queued`: not yet sent, or safe to send again. `inflight`: sent, and what became of it is not known. */
export type DeliveryState = 'queued' | 'inflight' | 'held' | 'acknowledged' | 'skipped';

export interface Delivery {
  readonly id: string;
  readonly destination: string;
  /** MSH-10: the same, however often it is sent. */
  readonly controlId: string;
  /** `ORU^R01`. */
  readonly messageType: string;
  /** What it comes from: `Message/<journal id>`, or `Type/id/_history/v`. */
  readonly cause: string;
  /** The person it is about, as `Patient/id`. */
  readonly patient?: string;
  /** An instant. */
  readonly queuedAt: string;
  readonly state: DeliveryState;
  /** How often it was sent. */
  readonly attempts: number;
  /** Of those, how often it was answered AE or CE. */
  readonly errors: number;
  readonly lastError?: string;
  /** An instant. */
  readonly nextRetryAt?: string;
  /** MSA-1 of the last answer. */
  readonly ackCode?: string;
  /** An instant: when it was acknowledged, held or skipped. */
  readonly settledAt?: string;
  /** Elements of the resources that the message could not say. */
  readonly loss: readonly string[];
  /** In how many pieces its bytes are kept. */
  readonly parts: number;
}

/** A delivery as it is stored. */
export interface KeptDelivery {
  readonly delivery: Delivery;
  readonly revision: number;
}

/** What a new delivery is made of. */
export interface NewDelivery extends Pick<
  Delivery,
  'id' | 'destination' | 'controlId' | 'messageType' | 'cause' | 'queuedAt'
> {
  readonly bytes: Uint8Array;
  readonly patient?: string;
  readonly loss?: readonly string[];
}

/** A delivery that waits for nothing: neither a next try nor an outcome. */
export function unsettled({ nextRetryAt: _, settledAt: __, ...delivery }: Delivery): Delivery {
  return delivery;
}

/** The changes that queue a message. A second commit with the same id is refused. */
export function queued({ bytes, ...given }: NewDelivery): readonly StateChange[] {
  const text = Buffer.from(bytes).toString('base64');
  const size = limits.deliveryPartChars;
  const parts = Math.ceil(text.length / size);
  const delivery: Delivery = {
    ...given,
    loss: (given.loss ?? []).slice(0, limits.reportRowsMax),
    state: 'queued',
    attempts: 0,
    errors: 0,
    parts,
  };
  return [
    { ...put('queue', delivery), expectRevision: 0 },
    ...Array.from({ length: parts }, (_, part) => ({
      key: partKey(delivery, part),
      value: text.slice(part * size, (part + 1) * size),
    })),
  ];
}

/** A message that could not be made: put aside, so that somebody sees it. It has no bytes to send. */
export function unmade(
  given: Pick<Delivery, 'id' | 'destination' | 'cause' | 'queuedAt' | 'lastError'>,
): StateChange {
  const nothing = { controlId: '', messageType: '', attempts: 0, errors: 0, loss: [], parts: 0 };
  return put('aside', { ...nothing, ...given, state: 'held', settledAt: given.queuedAt });
}

/** Writes a delivery into a list. */
export function put(list: DeliveryList, delivery: Delivery): StateChange {
  return { key: deliveryKey(list, delivery), value: JSON.stringify(delivery) };
}

/** Takes a delivery out of a list; refused where it is no longer as it was read. */
export function remove(list: DeliveryList, { delivery, revision }: KeptDelivery): StateChange {
  return { key: deliveryKey(list, delivery), expectRevision: revision };
}

/** Removes the bytes. */
export function removeBytes(delivery: Delivery): readonly StateChange[] {
  return Array.from({ length: delivery.parts }, (_, part) => ({ key: partKey(delivery, part) }));
}

/** The bytes as they are sent. */
export async function bytesOf(store: Store, delivery: Delivery): Promise<Uint8Array> {
  const parts: string[] = [];
  for (let part = 0; part < delivery.parts; part += 1) {
    const entry = await store.state(partKey(delivery, part));
    if (entry === undefined) throw new Error(`Delivery ${delivery.id} has lost a piece`);
    parts.push(entry.value);
  }
  return Buffer.from(parts.join(''), 'base64');
}

/** The deliveries of a list, oldest first; at most limits.statePageMax. */
export async function deliveriesOf(
  store: Store,
  destination: string,
  list: DeliveryList,
): Promise<readonly KeptDelivery[]> {
  return (await store.states(listPrefix(list, destination))).map(keptDelivery);
}

export async function readDelivery(
  store: Store,
  place: { readonly destination: string; readonly id: string },
  list: DeliveryList,
): Promise<KeptDelivery | undefined> {
  const entry = await store.state(deliveryKey(list, place));
  return entry && keptDelivery(entry);
}

function keptDelivery({ value, revision }: StateEntry): KeptDelivery {
  return { delivery: JSON.parse(value) as Delivery, revision };
}

export function deliveryKey(
  list: DeliveryList,
  { destination, id }: Pick<Delivery, 'destination' | 'id'>,
): string {
  return `${listPrefix(list, destination)}${id}`;
}

function listPrefix(list: DeliveryList, destination: string): string {
  return `delivery|${destination}|${list}|`;
}

function partKey({ destination, id }: Delivery, part: number): string {
  return `delivery-bytes|${destination}|${id}|${String(part).padStart(4, '0')}`;
}
