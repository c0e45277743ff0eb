import type { Resource } from '../../fhir/resource.ts';
import type { Outbound } from '../../ops/outbound.ts';
import type { Share } from '../../ops/share.ts';
import type { Store } from '../../store/store.ts';
import type { Log } from '../log.ts';

/** What those who serve subscriptions work with. */
export interface SubscriptionDesk {
  readonly store: Store;
  readonly clock: () => Date;
  readonly newId: () => string;
  readonly log: Log;
  readonly outbound: Outbound;
  /** What the site brings; the SubscriptionTopics among it are offered. */
  readonly conformance: readonly Resource[];
  /** Absolute address of the FHIR base, without a slash at the end. */
  readonly baseUrl: string;
  /** How long to wait after the first, second ... failure in a row; after the last the subscription is in error. */
  readonly pauses: readonly number[];
  /** Of the thread, beside messages and calls. */
  readonly share: Share;
}

const minuteMs = 60_000;

/** A second at first, then growing to hours: a receiver may be away for a day. */
export const defaultPauses: readonly number[] = [
  1_000,
  5_000,
  30_000,
  ...[2, 10, 30, 60, 120, 240, 480, 480].map((minutes) => minutes * minuteMs),
];
