/**
 * The FHIR interface against limits measured in the same run: `weir bench rest [--size 1k|10k|100k] [--json FILE]`. A
 * server in a process of its own, called over loopback as apps call it. 1 k takes two minutes, 100 k a quarter of an hour.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { tablesOf, type RestFigures, type SizeFigures } from './rest/figures.ts';
import { measureCalls, type CallFigures } from './rest/measure.ts';
import { patientOf, resourcesPerPatient, transactionOf } from './rest/patients.ts';
import { startBufferServer, startWeir, type BenchServer } from './rest/server.ts';
import { shapes, type ShapeRequest } from './rest/shapes.ts';
import { storeCreates } from './rest/store-limit.ts';
import { measureMachine } from './store/machine.ts';
import { tableAsText } from './store/table.ts';

/** The sizes, in patients, at which a load of the size asked for stops to be called. */
const stopsBySize: Readonly<Record<string, readonly number[]>> = {
  '1k': [1_000],
  '10k': [1_000, 10_000],
  '100k': [1_000, 10_000, 100_000],
};
const levels = [1, 16, 64] as const;
const patientsPerTransaction = 100;

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '1k' },
    seconds: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
});
const stops = stopsBySize[values.size];
const seconds = Number(values.seconds);
if (stops === undefined || !(seconds > 0)) {
  console.error(`--size is one of ${Object.keys(stopsBySize).join(', ')}, --seconds a number`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
try {
  const figures = await measure(stops);
  for (const table of tablesOf(figures)) console.log(tableAsText(table));
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(figures, null, 2));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(stops: readonly number[]): Promise<RestFigures> {
  const takenAt = new Date().toISOString();
  const machine = measureMachine(folder);
  progress('limits');
  const creates = [...(await storeCreates(folder, levels))].map(([inFlight, perSecond]) => ({
    inFlight,
    perSecond,
  }));
  const read = await bufferReads();
  const server = await startWeir(join(folder, 'data'));
  try {
    return { takenAt, machine, limits: { read, creates }, sizes: await grow(server, stops) };
  } finally {
    await server.close();
  }
}

async function bufferReads(): Promise<CallFigures[]> {
  const server = await startBufferServer(JSON.stringify(patientOf(1)));
  const figures = await atEachLevel(server, () => ({ method: 'GET', path: '/' }));
  await server.close();
  return figures;
}

async function grow(server: BenchServer, stops: readonly number[]): Promise<SizeFigures[]> {
  const sizes: SizeFigures[] = [];
  let loaded = 0;
  for (const patients of stops) {
    progress(`loading ${String(patients)} patients`);
    const loadedPerSecond = await load(server, loaded, patients);
    loaded = patients;
    await server.atRest();
    const found = [];
    for (const { shape, request } of shapes) {
      progress(`${shape} at ${String(patients)}`);
      let n = patients;
      const calls = await atEachLevel(server, () => request((n += 1), patients));
      found.push({ shape, calls });
    }
    sizes.push({ patients, loadedPerSecond, memoryMiB: server.memoryMiB(), shapes: found });
  }
  return sizes;
}

async function atEachLevel(server: BenchServer, next: () => ShapeRequest): Promise<CallFigures[]> {
  const figures: CallFigures[] = [];
  for (const connections of levels) {
    figures.push(await measureCalls(server, { connections, seconds }, next));
  }
  return figures;
}

/** Resources a second, two transactions at a time. */
async function load(server: BenchServer, from: number, to: number): Promise<number> {
  const begun = performance.now();
  let next = from;
  const client = async (): Promise<void> => {
    while (next < to) {
      const first = next;
      next += patientsPerTransaction;
      const body = JSON.stringify(transactionOf(first, next));
      const answer = await fetch(server.base, { method: 'POST', headers: server.headers, body });
      if (answer.status !== 200) throw new Error(await answer.text());
      await answer.arrayBuffer();
    }
  };
  await Promise.all([client(), client()]);
  return ((to - from) * resourcesPerPatient * 1_000) / (performance.now() - begun);
}

function progress(what: string): void {
  process.stderr.write(`${what} ...\n`);
}
