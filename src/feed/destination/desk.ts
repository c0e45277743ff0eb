import type { Store } from '../../store/store.ts';
import type { Log } from '../log.ts';
import type { Destination } from './destination.ts';

/** What those who serve destinations work with. */
export interface DestinationDesk {
  readonly store: Store;
  readonly clock: () => Date;
  /** Time-ordered and unique. */
  readonly newId: () => string;
  readonly log: Log;
  readonly destinations: readonly Destination[];
  /** No other process has this store open: whoever held the lease is dead. */
  readonly isAlone?: boolean;
}
