/** How recently a source spoke; one durable state entry per source, written with each message. */
export interface Freshness {
  readonly source: string;
  /** What people call it; the feed's title. */
  readonly title: string;
  /** Arrival of its last message, an instant. */
  readonly lastMessageAt: string;
  /** When the source says its last event happened, an instant. */
  readonly lastEventAt: string;
  readonly lastControlId: string;
  readonly lastMessageType: string;
  /** How often it usually speaks; absent: no expectation, never late. */
  readonly expectedEveryMs?: number;
}

/** `ok` within the expected interval, `late` after one, `down` after three. */
export type FreshnessState = 'ok' | 'late' | 'down';

/** Prefix of the state entries; {@link freshnessKey} gives the whole key. */
export const freshnessPrefix = 'feed|';

export function freshnessKey(source: string): string {
  return freshnessPrefix + source;
}

/** The source's state at `now`. */
export function freshnessState(freshness: Freshness, now: Date): FreshnessState {
  const { expectedEveryMs } = freshness;
  if (expectedEveryMs === undefined) return 'ok';
  const silence = now.getTime() - Date.parse(freshness.lastMessageAt);
  if (silence <= expectedEveryMs) return 'ok';
  return silence <= 3 * expectedEveryMs ? 'late' : 'down';
}

/** Reads the value of a state entry back; undefined where it is none of ours. */
export function readFreshness(value: string): Freshness | undefined {
  const entry = JSON.parse(value) as Partial<Freshness> | null;
  return typeof entry?.source === 'string' && typeof entry.lastMessageAt === 'string'
    ? (entry as Freshness)
    : undefined;
}
