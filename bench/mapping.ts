/**
 * Translations per second on one core, trace on: ADT^A01 (goal 3,000) and ORU^R01 with 8 OBX (goal 1,500), with the
 * base pack, from text to resources: `weir bench mapping [--peers] [--json FILE]`. The limit measured in the same run is parsing and
 * grouping alone, which no map can beat; with `--peers` also LinuxForHealth's converter, which has to be built with Maven first.
 *
 * Processor time of the thread that translates is what counts, here as there, so that other work on the machine does not blur the figures.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { groupSegments } from '../src/hl7v2/grammar.ts';
import type { Message } from '../src/hl7v2/message.ts';
import { parseMessage } from '../src/hl7v2/parse.ts';
import { readMapFiles } from '../src/map-files.ts';
import type { MappingContext } from '../src/mapping/context.ts';
import { compilePack, selectMap, type CompiledPack } from '../src/mapping/pack.ts';
import { runMap } from '../src/mapping/run/run-map.ts';
import { tablesOf, type MappingFigures, type TranslationFigures } from './mapping/figures.ts';
import { benchMessages, type BenchMessage } from './mapping/messages.ts';
import { startLinuxForHealth, type Peer } from './peers/linuxforhealth.ts';
import { measureMachine, type MachineFigures } from './store/machine.ts';
import { tableAsText } from './store/table.ts';

const warmUpRuns = 3_000;
const lapMs = 1_000;
const laps = 3;
/** Some hundred translations: enough for what runs often to be compiled. */
const peerWarmUpMs = 15_000;

const { values } = parseArgs({
  options: { peers: { type: 'boolean', default: false }, json: { type: 'string' } },
});
const context: MappingContext = {
  feed: 'bench',
  zone: 'Europe/Rome',
  receivedAt: '2026-01-01T00:00:00Z',
  authority: ({ namespace, universalId }) => `urn:bench:${namespace || universalId}`,
  settings: {},
};
const none: Lap = { runs: 0, cpuSeconds: 0 };

const figures = await measure();
for (const table of tablesOf(figures)) console.log(tableAsText(table));
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(figures, null, 2));

async function measure(): Promise<MappingFigures> {
  const takenAt = new Date().toISOString();
  const { pack, ...compile } = await compileBasePack();
  const machine = machineFigures();
  const { peer, peerMissing } = values.peers ? openPeer() : {};
  const translations: TranslationFigures[] = [];
  for (const message of benchMessages()) {
    translations.push(await measureOne(message, pack, peer));
  }
  await peer?.close();
  const missing = peerMissing === undefined ? {} : { peerMissing };
  return { takenAt, machine, ...compile, translations, ...missing };
}

type CompileFigures = Pick<MappingFigures, 'compileMs' | 'compileProcessMs'>;

async function compileBasePack(): Promise<CompileFigures & { readonly pack: CompiledPack }> {
  const files = await readMapFiles([{ folder: 'mappings', shownAs: 'mappings' }]);
  const ofThread = process.threadCpuUsage();
  const ofProcess = process.cpuUsage();
  const { pack, issues } = compilePack(files);
  const compileMs = process.threadCpuUsage(ofThread).user / 1_000;
  const compileProcessMs = process.cpuUsage(ofProcess).user / 1_000;
  if (!pack) throw new Error(issues.map(({ message }) => message).join('\n'));
  return { pack, compileMs, compileProcessMs };
}

function machineFigures(): MachineFigures {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
  try {
    return measureMachine(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function openPeer(): { readonly peer?: Peer; readonly peerMissing?: string } {
  try {
    return { peer: startLinuxForHealth() };
  } catch (error) {
    return { peerMissing: error instanceof Error ? error.message : String(error) };
  }
}

/** By turns: a lap of the limit, one of ours, one of the peer's, and again. */
async function measureOne(
  { name, goal, text }: BenchMessage,
  pack: CompiledPack,
  peer: Peer | undefined,
): Promise<TranslationFigures> {
  const ways = { parsed: () => void groupSegments(parsed(text)), ours: () => map(text, pack) };
  for (const way of Object.values(ways)) for (let run = 0; run < warmUpRuns; run += 1) way();
  await peer?.lap(text, peerWarmUpMs);
  const sums = { parsed: none, ours: none, peer: none };
  for (let round = 0; round < laps; round += 1) {
    sums.parsed = added(sums.parsed, lap(ways.parsed));
    sums.ours = added(sums.ours, lap(ways.ours));
    if (peer) sums.peer = added(sums.peer, await peer.lap(text, 3 * lapMs));
  }
  const compared = peer ? { peer: perSecond(sums.peer) } : {};
  return {
    message: name,
    goal,
    parsed: perSecond(sums.parsed),
    ours: perSecond(sums.ours),
    ...compared,
  };
}

function map(text: string, pack: CompiledPack): void {
  const message = parsed(text);
  const chosen = selectMap(pack, message, context.feed);
  if (typeof chosen === 'string') throw new Error(chosen);
  runMap(chosen, message, context);
}

function parsed(text: string): Message {
  const { message } = parseMessage(text);
  if (!message) throw new Error('the fixture is no message');
  return message;
}

interface Lap {
  readonly runs: number;
  readonly cpuSeconds: number;
}

function lap(work: () => void): Lap {
  const start = performance.now();
  const cpu = process.threadCpuUsage();
  let runs = 0;
  for (; performance.now() - start < lapMs; runs += 1) work();
  return { runs, cpuSeconds: process.threadCpuUsage(cpu).user / 1_000_000 };
}

function added(a: Lap, b: Lap): Lap {
  return { runs: a.runs + b.runs, cpuSeconds: a.cpuSeconds + b.cpuSeconds };
}

function perSecond({ runs, cpuSeconds }: Lap): number {
  return runs / cpuSeconds;
}
