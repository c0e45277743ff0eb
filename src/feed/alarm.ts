/** What an alarm is about: one of each kind per feed. */
export type AlarmKind = 'age' | 'errors' | 'queue' | 'silence' | 'stopped';

/** When a feed is in trouble; from its file, with defaults (docs/reference/feeds.md). */
export interface AlarmSettings {
  /** Age of the oldest message that is not settled. */
  readonly ageMs: number;
  /** Share of messages that fail, of at least `errorsMin` within `errorWindowMs`. */
  readonly errorRate: number;
  readonly errorsMin: number;
  readonly errorWindowMs: number;
  /** Messages that are not settled. */
  readonly queueDepth: number;
  readonly silence: Silence;
}

/**
 * How long a feed may be silent: never an alarm; learned from how often it speaks at each hour of the week; or by rows, of which the
 * first that has the hour counts, and where none has it silence is as it should be.
 */
export type Silence = 'off' | 'learned' | readonly SilenceRow[];

export interface SilenceRow {
  /** 1 is Monday, 7 Sunday. */
  readonly days: readonly number[];
  /** Hours of the day, from 0, the last not included. */
  readonly from: number;
  readonly until: number;
  readonly everyMs: number;
}

/** What is seen of a feed at one moment. */
export interface Observation {
  readonly at: Date;
  /** Messages of the journal, and those of them that failed or are parked, since ever. */
  readonly total: number;
  readonly failed: number;
  readonly unsettled: number;
  /** Arrival of the oldest that is not settled. */
  readonly oldestAt?: Date;
  /** Why it is stopped, by the journal row of the message that failed. */
  readonly stop?: { readonly message: string; readonly resuming?: boolean };
  /** How many messages should have come since the last one did (alarm-rhythm.ts), and how many are too many. */
  readonly missed: number;
  readonly missedMax: number;
  readonly lastAt: Date;
}

/** What was counted at a moment, kept for the length of the window. */
export interface Sample {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly total: number;
  readonly failed: number;
}

/** The alarms that hold now, with what is wrong as a sentence without full stop; no patient data. */
export function alarmsOf(
  settings: AlarmSettings,
  seen: Observation,
  samples: readonly Sample[],
): ReadonlyMap<AlarmKind, string> {
  const found = new Map<AlarmKind, string>();
  const { at, unsettled, oldestAt, stop } = seen;
  const ageMs = oldestAt === undefined ? 0 : at.getTime() - oldestAt.getTime();
  if (ageMs > settings.ageMs) {
    found.set('age', `A message waits for ${span(ageMs)} to be processed`);
  }
  if (unsettled > settings.queueDepth) {
    found.set('queue', `${String(unsettled)} messages wait to be processed`);
  }
  const rate = errorRate(settings, seen, samples);
  if (rate !== undefined && rate.share > settings.errorRate) {
    const share = `${String(Math.round(100 * rate.share))} %`;
    const text = `${share} of ${String(rate.total)} messages failed in ${span(settings.errorWindowMs)}`;
    found.set('errors', text);
  }
  if (seen.missed > seen.missedMax) {
    const silentMs = at.getTime() - seen.lastAt.getTime();
    found.set('silence', `No message for ${span(silentMs)}, which is longer than it should be`);
  }
  if (stop !== undefined && stop.resuming !== true) {
    found.set('stopped', `The feed is stopped since message ${stop.message} failed`);
  }
  return found;
}

/** Of the window; undefined where too little came to say. */
function errorRate(
  { errorsMin, errorWindowMs }: AlarmSettings,
  { at, total, failed }: Observation,
  samples: readonly Sample[],
): { readonly share: number; readonly total: number } | undefined {
  const from = at.getTime() - errorWindowMs;
  const first = samples.findLast((sample) => sample.at <= from) ?? samples[0];
  if (first === undefined) return undefined;
  // Retention and retries take away from what was counted.
  const arrived = Math.max(0, total - first.total);
  const lost = Math.max(0, failed - first.failed);
  if (lost < errorsMin || arrived === 0) return undefined;
  return { share: Math.min(1, lost / arrived), total: arrived };
}

/** `2 h 5 min`. */
function span(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  const [days, hours, rest] = [
    Math.floor(minutes / 1440),
    Math.floor(minutes / 60) % 24,
    minutes % 60,
  ];
  const parts = [
    [days, 'd'],
    [hours, 'h'],
    [rest, 'min'],
  ] as const;
  const said = parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${String(count)} ${unit}`);
  return said.slice(0, 2).join(' ') || 'less than a minute';
}
