import { setTimeout as sleep } from 'node:timers/promises';
import type { ReaderDesk } from '../../../src/feed/destination/change-reader.ts';
import { deliveriesOf, queued, type Delivery } from '../../../src/feed/destination/delivery.ts';
import type { Destination } from '../../../src/feed/destination/destination.ts';
import { startDestinations, type Destinations } from '../../../src/feed/destination/start.ts';
import { defaultEncoding } from '../../../src/hl7v2/encoding.ts';
import type { Store } from '../../../src/store/store.ts';

/** Quick to try again, so that a test need not wait. */
export function destinationTo(port: number, change: Partial<Destination> = {}): Destination {
  return {
    name: 'ris',
    title: 'The RIS',
    host: '127.0.0.1',
    port,
    sending: { application: 'WEIR', facility: 'HUB' },
    receiving: { application: 'RIS', facility: 'HOSP' },
    version: '2.5.1',
    processingId: 'P',
    encoding: defaultEncoding,
    authorities: new Map(),
    sends: [],
    passes: [],
    feeds: [],
    echo: false,
    ack: 'original',
    connectTimeoutMs: 2_000,
    answerTimeoutMs: 150,
    retry: { firstMs: 10, mostMs: 40, errorsMax: 2, breakAfter: 3 },
    whenHeld: 'block',
    maintenance: [],
    ...change,
  };
}

let count = 0;
const newId = (): string => `id-${String((count += 1)).padStart(8, '0')}`;

/** Destinations at work on a store. */
export function sendTo(
  store: Store,
  destinations: readonly Destination[],
  change: Partial<ReaderDesk> = {},
): Destinations & { readonly told: string[] } {
  const told: string[] = [];
  const keep = (_: object, text: string): void => void told.push(text);
  const running = startDestinations({
    store,
    destinations,
    clock: () => new Date(),
    newId,
    log: { info: keep, warn: keep, error: keep },
    compose: async () => undefined,
    ...change,
  });
  return { ...running, told };
}

/** Queues messages by their MSH-10, each in a commit of its own; gives their ids. */
export async function queue(
  store: Store,
  destination: string,
  controlIds: readonly string[],
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const controlId of controlIds) {
    const id = newId();
    ids.push(id);
    const text = `MSH|^~\\&|WEIR|HUB|RIS|HOSP|20260501||ADT^A31|${controlId}|P|2.5.1\rPID|1||M1\r`;
    const state = queued({
      ...{ id, destination, controlId, messageType: 'ADT^A31', cause: 'Patient/p/_history/1' },
      queuedAt: '2026-05-01T10:00:00Z',
      bytes: Buffer.from(text),
    });
    await store.commit({ now: new Date(), origin: 'test', changes: [], state });
  }
  return ids;
}

export async function listed(
  store: Store,
  list: 'queue' | 'aside' | 'done' = 'queue',
  destination = 'ris',
): Promise<readonly Delivery[]> {
  return (await deliveriesOf(store, destination, list)).map(({ delivery }) => delivery);
}

/** Waits for what will come; the test's own time limit ends it otherwise. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(3);
}
