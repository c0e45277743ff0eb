import { limits } from '../../limits.ts';
import type { Store } from '../../store/store.ts';
import { tryCommit, type Control } from './control.ts';
import { deliveriesOf, deliveryKey, type Delivery } from './delivery.ts';

/** How many settled deliveries come between two looks at how many are kept. */
const every = 100;

/** Forgets the oldest settled deliveries past what is kept of them. */
export async function trimDone(
  store: Store,
  given: { readonly control: Control; readonly delivery: Delivery; readonly now: Date },
): Promise<void> {
  const { control, delivery, now } = given;
  if ((control.sent + control.skipped) % every !== 0) return;
  const kept = await deliveriesOf(store, delivery.destination, 'done');
  const old = kept.slice(0, Math.max(0, kept.length - limits.deliveriesKeptMax));
  if (old.length === 0) return;
  const state = old.map((each) => ({ key: deliveryKey('done', each.delivery) }));
  await tryCommit(store, { now, state });
}
