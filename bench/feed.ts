/**
 * HL7 v2 in, over MLLP, against the limits of this machine in the same run:
 * `weir bench feed [--size small|full] [--json FILE]`. Small takes some minutes; full has a sustained run of ten
 * minutes, a journal of a million rows and a queue of a hundred thousand messages.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import {
  tablesOf,
  type AckFigures,
  type DrainFigures,
  type FeedFigures,
  type JournalFigures,
  type SustainedFigures,
} from './feed/figures.ts';
import { fillJournal, measureJournal } from './feed/journal.ts';
import { measureParsing } from './feed/parsing.ts';
import { send, startBare, startWeir, type Receiver } from './feed/processes.ts';
import { measureMachine } from './store/machine.ts';
import { tableAsText } from './store/table.ts';

interface Size {
  readonly ackSeconds: number;
  readonly parseMs: number;
  readonly sustainedSeconds: number;
  readonly journalRows: number;
  readonly queued: number;
}
const sizes: Readonly<Record<string, Size>> = {
  small: {
    ...{ ackSeconds: 3, parseMs: 1_000, sustainedSeconds: 20 },
    ...{ journalRows: 20_000, queued: 1_000 },
  },
  full: {
    ...{ ackSeconds: 5, parseMs: 3_000, sustainedSeconds: 600 },
    ...{ journalRows: 1_000_000, queued: 100_000 },
  },
};

const { values } = parseArgs({
  options: { size: { type: 'string', default: 'small' }, json: { type: 'string' } },
});
const size = sizes[values.size];
if (size === undefined) {
  console.error(`--size is one of ${Object.keys(sizes).join(', ')}`);
  process.exit(2);
}
const people = 2_000;
/** A receiver that did next to nothing for so long rests. */
const restMs = 300;
const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
try {
  const figures = await measure(size);
  for (const table of tablesOf(figures)) console.log(tableAsText(table));
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(figures, null, 2));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(given: Size): Promise<FeedFigures> {
  const takenAt = new Date().toISOString();
  const machine = measureMachine(folder);
  progress('answers');
  const acks = await measureAcks(given.ackSeconds);
  progress('parsing');
  const parsing = measureParsing(given.parseMs);
  progress('sustained');
  const sustained = await measureSustained(given.sustainedSeconds);
  progress('a long journal');
  const journal = await measureLongJournal(given.journalRows);
  progress('draining');
  const drain = await measureDrain(given.queued);
  return { takenAt, machine, acks, parsing, sustained, journal, drain };
}

/** Lap by lap against the three receivers, which all run throughout; a warm-up comes first. */
async function measureAcks(seconds: number): Promise<readonly AckFigures[]> {
  const bare = await startBare(join(folder, 'bare.db'));
  const committed = await startWeir(newFolder('committed'));
  const journaled = await startWeir(newFolder('journaled'), ['--site', journaledSite()]);
  let first = 0;
  const lap = async (to: Receiver, connections: number) => {
    const count = 4_000 * connections;
    const before = to.cpuMs();
    const sending = { connections, kind: 'mixed', first, count, people, seconds } as const;
    first += count;
    const client = await send(to.mllp, sending);
    await resting(to);
    return { client, cpuMs: (to.cpuMs() - before) / client.answered };
  };
  for (const to of [bare, committed, journaled]) await lap(to, 16);
  const figures: AckFigures[] = [];
  for (const connections of [1, 8, 64]) {
    const limit = await lap(bare, connections);
    const safe = await lap(journaled, connections);
    const whole = await lap(committed, connections);
    figures.push({
      connections,
      bare: limit.client,
      journaled: safe.client,
      committed: whole.client,
      bareCpuMs: limit.cpuMs,
      committedCpuMs: whole.cpuMs,
    });
  }
  await Promise.all([bare, committed, journaled].map(async (one) => one.close()));
  return figures;
}

/** Waits until a receiver has worked off what it had answered for. */
async function resting(receiver: Receiver): Promise<void> {
  for (let before = -1000; receiver.cpuMs() - before > 20;) {
    before = receiver.cpuMs();
    await wait(restMs);
  }
}

async function measureSustained(seconds: number): Promise<SustainedFigures> {
  const data = newFolder('sustained');
  const weir = await startWeir(data);
  const memoryMiB: number[] = [];
  const timer = setInterval(() => memoryMiB.push(weir.memoryMiB()), seconds * 100);
  const before = weir.cpuMs();
  const count = 1_500 * seconds;
  const sending = { connections: 64, kind: 'mixed', first: 0, count, people, seconds } as const;
  const client = await send(weir.mllp, sending);
  clearInterval(timer);
  const cpuMs = (weir.cpuMs() - before) / client.answered;
  await weir.close();
  return { seconds, client, cpuMs, memoryMiB, states: await statesIn(data) };
}

/** Rows of the journal by state. */
async function statesIn(data: string): Promise<SustainedFigures['states']> {
  const store = await openSqliteStore({ file: join(data, 'weir.db') });
  const counts = await store.journal.counts();
  await store.close();
  return Object.fromEntries(counts.map(({ state, count }) => [state, count]));
}

async function measureLongJournal(rows: number): Promise<JournalFigures> {
  const data = newFolder('journal');
  const file = join(data, 'weir.db');
  await fillJournal(file, { rows, state: 'processed', people });
  const weir = await startWeir(data);
  const { startMs } = weir;
  await weir.close();
  return measureJournal(file, { rows, people, startMs });
}

/** What waits in the journal is processed behind the open ports: the server rests when it is done. */
async function measureDrain(messages: number): Promise<DrainFigures> {
  const empty = await startWeir(newFolder('empty'));
  await empty.close();
  const data = newFolder('drain');
  await fillJournal(join(data, 'weir.db'), { rows: messages, state: 'received', people });
  const begun = performance.now();
  const weir = await startWeir(data);
  await resting(weir);
  const drainMs = performance.now() - begun - empty.startMs - restMs;
  await weir.close();
  const { received = 0, processed = 0 } = await statesIn(data);
  if (received > 0 || processed < messages) {
    throw new Error(`Of ${messages} messages ${received} wait and ${processed} are processed`);
  }
  return { messages, perSecond: (messages / drainMs) * 1_000 };
}

function journaledSite(): string {
  const site = newFolder('site');
  mkdirSync(join(site, 'feeds'));
  // What no other feed takes: all.
  const feed = 'feed: default\ntitle: All\nack: journaled\n';
  writeFileSync(join(site, 'feeds', 'default.feed.yaml'), feed);
  return site;
}

function newFolder(name: string): string {
  const made = join(folder, name);
  mkdirSync(made);
  return made;
}

function progress(text: string): void {
  console.error(text);
}
