import type { MachineFigures } from '../store/machine.ts';
import { ms, rate, type Table } from '../store/table.ts';
import type { ClientFigures } from './client-child.ts';

/** What one run of `weir bench feed` found. */
export interface FeedFigures {
  readonly takenAt: string;
  readonly machine: MachineFigures;
  readonly acks: readonly AckFigures[];
  readonly parsing: readonly ParseFigures[];
  readonly sustained: SustainedFigures;
  readonly journal: JournalFigures;
  readonly drain: DrainFigures;
}

/** Durable answers over so many connections: the limit, a feed that journals first, one that commits first. */
export interface AckFigures {
  readonly connections: number;
  readonly bare: ClientFigures;
  readonly journaled: ClientFigures;
  readonly committed: ClientFigures;
  /** Processor time per message, all threads of the server. */
  readonly bareCpuMs: number;
  readonly committedCpuMs: number;
}

/** Messages a second of processor time: parsed, and PID and all OBX fields read. */
export interface ParseFigures {
  readonly message: string;
  readonly lazySplit: number;
  readonly ours: number;
  readonly medplum: number;
}

export interface SustainedFigures {
  readonly seconds: number;
  readonly client: ClientFigures;
  readonly cpuMs: number;
  readonly memoryMiB: readonly number[];
  /** Rows by state in the end. */
  readonly states: Readonly<Record<string, number>>;
}

export interface JournalFigures {
  readonly rows: number;
  readonly startMs: number;
  /** By what is asked, the 95th percentile. */
  readonly searches: Readonly<Record<string, number>>;
}

export interface DrainFigures {
  readonly messages: number;
  readonly perSecond: number;
}

const heads = {
  acks: [
    ...['connections', 'limit', 'journaled', 'of the limit', 'p99', 'committed', 'of the limit'],
    ...['p99', 'processor per message: limit', 'committed'],
  ],
  parsing: ['message', 'lazy split', 'ours', 'of lazy', '@medplum/core', 'ours is'],
  sustained: ['seconds', 'messages/s', 'p99', 'processor per message', 'memory', 'states'],
};

export function tablesOf(figures: FeedFigures): readonly Table[] {
  const { acks, parsing, sustained, journal, drain } = figures;
  return [
    {
      title: 'Durable answers',
      note:
        'Messages a second. The limit is a bare MLLP server that keeps the frames of one turn in one durable commit and maps nothing. ' +
        '`journaled`: AA once the frame is on the disk, mapped behind it; `committed`: AA once the resources are. Budgets for `journaled`: ' +
        '0.6, 0.5, 0.5; p99 at one connection 5 ms or three syncs.',
      head: heads.acks,
      rows: acks.map((one) => [
        String(one.connections),
        rate(one.bare.perSecond),
        rate(one.journaled.perSecond),
        part(one.journaled.perSecond, one.bare.perSecond),
        ms(one.journaled.p99Ms),
        rate(one.committed.perSecond),
        part(one.committed.perSecond, one.bare.perSecond),
        ms(one.committed.p99Ms),
        ms(one.bareCpuMs),
        ms(one.committedCpuMs),
      ]),
    },
    {
      title: 'Parse and extract',
      note: 'Messages a second of processor time, with PID and every OBX field read. Budgets: 0.4 of a lazy split, 3 times @medplum/core.',
      head: heads.parsing,
      rows: parsing.map(({ message, lazySplit, ours, medplum }) => [
        message,
        rate(lazySplit),
        rate(ours),
        part(ours, lazySplit),
        rate(medplum),
        `${(ours / medplum).toFixed(1)} times`,
      ]),
    },
    {
      title: 'Sustained',
      note: 'Updates and results by turns at 64 connections, `committed`. Memory at ten times of the run; budget: flat, at most 350 MiB, no state but `processed`.',
      head: heads.sustained,
      rows: [
        [
          String(sustained.seconds),
          rate(sustained.client.perSecond),
          ms(sustained.client.p99Ms),
          ms(sustained.cpuMs),
          `${sustained.memoryMiB.map((one) => one.toFixed(0)).join(', ')} MiB`,
          JSON.stringify(sustained.states),
        ],
      ],
    },
    {
      title: 'A long journal',
      note: '95th percentile of a page of 50 rows; budgets: a search 200 ms, a start 2 s, a drain at least at the sustained rate.',
      head: ['rows', 'start', ...Object.keys(journal.searches), 'drain of', 'messages/s'],
      rows: [
        [
          rate(journal.rows),
          ms(journal.startMs),
          ...Object.values(journal.searches).map(ms),
          rate(drain.messages),
          `${rate(drain.perSecond)} (${part(drain.perSecond, sustained.client.perSecond)} of sustained)`,
        ],
      ],
    },
    {
      title: 'The machine',
      note: `Taken at ${figures.takenAt}.`,
      head: ['processor', 'cores', 'load before', 'Node', 'sync p50', 'sync p99'],
      rows: [
        [
          figures.machine.cpu,
          String(figures.machine.cores),
          figures.machine.loadBefore.toFixed(1),
          figures.machine.node,
          ms(figures.machine.syncP50Ms),
          ms(figures.machine.syncP99Ms),
        ],
      ],
    },
  ];
}

const part = (of: number, whole: number): string => (of / whole).toFixed(2);
