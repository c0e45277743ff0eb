import type { Store } from '../store/store.ts';
import type { Answers } from './answer.ts';
import type { Router } from './destination/router.ts';
import type { Feed } from './feed.ts';
import type { Log } from './log.ts';
import type { MapMessage } from './map-message.ts';
import type { Frame, Reading } from './reading.ts';

/** What the way of a message needs. */
export interface Pipeline {
  readonly store: Store;
  /** As they are now; a changed site gives others. */
  readonly feeds: () => readonly Feed[];
  readonly map: MapMessage;
  readonly clock: () => Date;
  /** Time-ordered and unique, [A-Za-z0-9-.]{1,64}: UUIDv7 does. */
  readonly newId: () => string;
  readonly log: Log;
  /** What messages owe to destinations; absent: nothing. */
  readonly router?: Router;
  /** Between two steps of a message that nobody waits for; absent: goes on at once. */
  readonly breath?: (() => Promise<void>) | undefined;
}

/**
 * The way of one HL7 message. Resolves with the last answer, undefined where none is asked for; never rejects.
 * Where more is to come after the message is safe, `accepted` is called before, with the accept
 * acknowledgment if one is asked for; a caller without it hears the last answer alone.
 */
export type OnFrame = (frame: Frame, accepted?: Accepted) => Promise<Uint8Array | undefined>;
export type Accepted = (accept: Uint8Array | undefined) => void;

/** How a message takes its turn. */
export interface Turn {
  /** Also where its feed is stopped; absent: not then. */
  readonly passing?: boolean;
  /** Told when it is its turn. */
  readonly begins?: () => void;
}

export type TakeTurn = (reading: Reading, turn?: Turn) => Promise<Answers>;
