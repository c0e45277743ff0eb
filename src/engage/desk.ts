import type { Share } from '../ops/share.ts';
import type { Store } from '../store/store.ts';
import type { Channel } from './channel.ts';
import type { Log } from './log.ts';
import type { RuleBook } from './rules.ts';
import type { Zones } from './zone.ts';

/** What everyone in this room works with. */
export interface Desk {
  readonly store: Store;
  readonly rules: RuleBook;
  readonly zones: Zones;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly clock: () => Date;
  readonly log: Log;
  /** Of the thread, beside messages and calls. */
  readonly share: Share;
}
