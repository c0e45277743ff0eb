/** What people do about destinations and their queues. Each is one commit, with who did it and why. */
import { fail } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import type { Principal } from '../../security/principal.ts';
import type { Commit, Store } from '../../store/store.ts';
import { intervention } from './audit.ts';
import {
  putControl,
  readControl,
  tryCommit,
  unpaused,
  unretried,
  type Control,
} from './control.ts';
import {
  put,
  readDelivery,
  remove,
  removeBytes,
  unsettled,
  type DeliveryList,
  type KeptDelivery,
} from './delivery.ts';

export interface Intervention {
  readonly store: Store;
  readonly now: Date;
  readonly principal: Principal;
  readonly destination: string;
  /** Why, in the person's own words; no patient data. */
  readonly reason: string;
}

/** Nothing is sent until it is resumed; a message on its way may still be answered. */
export async function pause(given: Intervention): Promise<void> {
  const { principal, reason, now } = given;
  const paused = { by: principal.display, reason, at: now.toISOString() };
  await change(given, 'pause', async (control) => ({ control: { ...control, paused } }));
}

/** Sends again, at once also where it waits for a next try. */
export async function resume(given: Intervention): Promise<void> {
  await change(given, 'resume', async (found) => ({
    control: unretried(unpaused(found)),
  }));
}

/** What is held, or waits for a next try, is sent again, before what came after it. */
export async function retry(given: Intervention, id: string): Promise<void> {
  await change(given, 'retry', async (found) => {
    const control = unretried(found);
    const { list, kept } = await find(given, id);
    if (kept.delivery.parts === 0) {
      fail(
        'not-supported',
        'There is no message to send: correct the map, and write the resource again',
      );
    }
    if (kept.delivery.state === 'inflight' && control.paused === undefined) onItsWay();
    const delivery = { ...unsettled(kept.delivery), state: 'queued', errors: 0 } as const;
    const state =
      list === 'queue'
        ? [{ ...put('queue', delivery), expectRevision: kept.revision }]
        : [remove(list, kept), put('queue', delivery)];
    return { control, state, kept };
  });
}

/** It is never sent: taken out of the queue, with the reason. */
export async function skip(given: Intervention, id: string): Promise<void> {
  await change(given, 'skip', async (control) => {
    const { list, kept } = await find(given, id);
    if (kept.delivery.state === 'inflight' && control.paused === undefined) onItsWay();
    const settledAt = given.now.toISOString();
    const lastError = `Skipped by ${given.principal.display}: ${given.reason}`;
    const delivery = {
      ...unsettled(kept.delivery),
      state: 'skipped',
      settledAt,
      lastError,
    } as const;
    const state = [remove(list, kept), put('done', delivery), ...removeBytes(delivery)];
    return { control: { ...control, skipped: control.skipped + 1 }, state, kept };
  });
}

function onItsWay(): never {
  fail('write-conflict', 'The message is on its way; wait for its outcome, or pause and try again');
}

async function find(
  { store, destination }: Intervention,
  id: string,
): Promise<{ readonly list: DeliveryList; readonly kept: KeptDelivery }> {
  for (const list of ['queue', 'aside'] as const) {
    const kept = await readDelivery(store, { destination, id }, list);
    if (kept !== undefined) return { list, kept };
  }
  return fail('not-found', 'No such message waits for this destination');
}

/** Works it out anew where the sender changed something meanwhile. */
async function change(
  given: Intervention,
  what: string,
  work: (control: Control) => Promise<{
    readonly control: Control;
    readonly state?: Commit['state'];
    readonly kept?: KeptDelivery;
  }>,
): Promise<void> {
  const { store, now, principal, destination, reason } = given;
  const query = `destination/${destination}/${what}?reason=${encodeURIComponent(reason)}`;
  for (let count = 0; count < limits.commitAttemptsMax; count += 1) {
    const kept = await readControl(store, destination);
    const { control, state = [], kept: row } = await work(kept.control);
    const about = row?.delivery ?? { id: destination, cause: `Destination/${destination}` };
    const audit = [intervention(about, { at: now, principal, query })];
    const all = [putControl(destination, kept, control), ...state];
    if ((await tryCommit(store, { now, state: all, audit })) !== undefined) return;
  }
  fail('write-conflict', 'The queue kept moving; try again');
}
