import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** What /metrics shows. Labels are bounded: feeds, codes, methods; never a patient, never free text. */
export interface Metrics {
  readonly registry: Registry;
  readonly answerSeconds: Histogram;
  readonly messagesRemoved: Counter<'class'>;
  readonly requests: Counter<'method' | 'route' | 'status'>;
  readonly requestSeconds: Histogram<'method' | 'route'>;
}

export interface Reindexing {
  readonly type: string;
  readonly done: number;
  readonly total: number;
}

/** What is counted where it is kept, and read when somebody asks. */
export interface MetricSources {
  readonly journalCounts: () => Promise<
    readonly {
      readonly feed: string;
      readonly state: string;
      readonly ackCode: string;
      readonly count: number;
    }[]
  >;
  readonly resourceCounts: () => Promise<ReadonlyMap<string, number>>;
  /** Alarms of feeds that are raised. */
  readonly alarms: () => Promise<readonly { readonly feed: string; readonly kind: string }[]>;
  /** Types that are being indexed anew. */
  readonly reindexing: () => readonly Reindexing[];
  /** How the receivers of messages stand. */
  readonly destinations: () => Promise<readonly QueueStanding[]>;
}

export interface QueueStanding {
  readonly name: string;
  readonly state: string;
  readonly depth: number;
  readonly aside: number;
  readonly oldestAgeMs: number;
  readonly sent: number;
  readonly failed: number;
  readonly skipped: number;
}

export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'weir_' });
  const messages = new Gauge({
    name: 'weir_journal_messages',
    help: 'Messages in the journal, by feed, state and acknowledgment code',
    labelNames: ['feed', 'state', 'ack'],
    registers,
    collect: async () => {
      messages.reset();
      for (const { feed, state, ackCode, count } of await sources.journalCounts()) {
        messages.set({ feed, state, ack: ackCode }, count);
      }
    },
  });
  const resources = new Gauge({
    name: 'weir_resources',
    help: 'Current resources, by type',
    labelNames: ['type'],
    registers,
    collect: async () => {
      resources.reset();
      for (const [type, count] of await sources.resourceCounts()) resources.set({ type }, count);
    },
  });
  countAlarms(sources, registers);
  const reindexing = new Gauge({
    name: 'weir_reindex_remaining',
    help: 'Resources still to be indexed by changed search parameters, by type',
    labelNames: ['type'],
    registers,
    collect: () => {
      reindexing.reset();
      for (const { type, done, total } of sources.reindexing()) {
        reindexing.set({ type }, Math.max(0, total - done));
      }
    },
  });
  registerDestinations(registers, sources);
  return {
    registry,
    answerSeconds: new Histogram({
      name: 'weir_message_answer_seconds',
      help: 'From the whole frame to its answer',
      buckets,
      registers,
    }),
    messagesRemoved: new Counter({
      name: 'weir_journal_removed_total',
      help: 'Messages that retention removed from the journal, by class',
      labelNames: ['class'],
      registers,
    }),
    requests: new Counter({
      name: 'weir_http_requests_total',
      help: 'HTTP requests answered',
      labelNames: ['method', 'route', 'status'],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'weir_http_request_seconds',
      help: 'Time to answer an HTTP request',
      labelNames: ['method', 'route'],
      buckets,
      registers,
    }),
  };
}

function countAlarms(sources: MetricSources, registers: Registry[]): void {
  const alarms = new Gauge({
    name: 'weir_feed_alarms',
    help: 'Alarms of feeds that are raised, by feed and kind',
    labelNames: ['feed', 'kind'],
    registers,
    collect: async () => {
      alarms.reset();
      for (const { feed, kind } of await sources.alarms()) alarms.set({ feed, kind }, 1);
    },
  });
}

/** Name, help, and the figure of a destination. */
const queueFigures: readonly (readonly [string, string, (each: QueueStanding) => number])[] = [
  ['depth', 'Messages that wait for a destination', ({ depth }) => depth],
  ['aside', 'Messages held and put aside', ({ aside }) => aside],
  ['oldest_age_seconds', 'How long the oldest has waited', ({ oldestAgeMs }) => oldestAgeMs / 1000],
  ['sent_total', 'Messages acknowledged', ({ sent }) => sent],
  ['failed_total', 'Messages held because they were refused', ({ failed }) => failed],
  ['skipped_total', 'Messages taken out of the queue by hand', ({ skipped }) => skipped],
  ['up', '1 where it answers or nothing is known against it, else 0', isUp],
];

function isUp({ state }: QueueStanding): number {
  return state === 'away' || state === 'held' ? 0 : 1;
}

/** One look at the queues serves all gauges of a scrape. */
function registerDestinations(registers: Registry[], { destinations }: MetricSources): void {
  let look: Promise<readonly QueueStanding[]> | undefined;
  const standing = (): Promise<readonly QueueStanding[]> => {
    look ??= destinations().finally(() => {
      look = undefined;
    });
    return look;
  };
  for (const [name, help, figure] of queueFigures) {
    const gauge = new Gauge({
      name: `weir_destination_${name}`,
      help,
      labelNames: ['destination'],
      registers,
      collect: async () => {
        const all = await standing();
        gauge.reset();
        for (const each of all) gauge.set({ destination: each.name }, figure(each));
      },
    });
  }
}
