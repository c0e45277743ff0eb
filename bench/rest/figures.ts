import { sizeText, slopeOf, type Verdict } from '../store/figures.ts';
import type { MachineFigures } from '../store/machine.ts';
import { ms, rate, type Table } from '../store/table.ts';
import { machineTable, verdictTable } from '../store/tables.ts';
import type { CallFigures } from './measure.ts';

/** All that one run found; what `--json` writes. */
export interface RestFigures {
  /** ISO 8601. */
  readonly takenAt: string;
  readonly machine: MachineFigures;
  readonly limits: {
    /** Fastify that answers every GET with the bytes of a Patient. */
    readonly read: readonly CallFigures[];
    readonly creates: readonly { readonly inFlight: number; readonly perSecond: number }[];
  };
  readonly sizes: readonly SizeFigures[];
}

export interface SizeFigures {
  readonly patients: number;
  /** Resources a second in transactions of 500, two at a time, on the way to this size. */
  readonly loadedPerSecond: number;
  readonly memoryMiB: number;
  readonly shapes: readonly { readonly shape: string; readonly calls: readonly CallFigures[] }[];
}

const budgets = { read: 0.35, searches: 3_000, searchP99Ms: 10, create: 0.4, slope: 0.1 } as const;

export function tablesOf(figures: RestFigures): Table[] {
  return [
    verdictTable(verdictsOf(figures), 'At 10 k patients where there are as many.'),
    limitTable(figures),
    ...figures.sizes.map(sizeTable),
    growthTable(figures),
    machineTable(figures),
  ];
}

function limitTable({ limits }: RestFigures): Table {
  return {
    title: 'Limits',
    note: 'Measured in the same run: Fastify that answers every GET with the bytes of one Patient, and creates of the store alone, called without HTTP.',
    head: ['connections', 'Fastify, same bytes', 'p50 / p99', 'creates, store alone'],
    rows: limits.read.map(({ connections, perSecond, p50Ms, p99Ms }) => [
      String(connections),
      rate(perSecond),
      `${ms(p50Ms)} / ${ms(p99Ms)}`,
      rate(createsOf(limits, connections)),
    ]),
  };
}

function sizeTable({ patients, shapes, loadedPerSecond, memoryMiB }: SizeFigures): Table {
  const levels = shapes[0]?.calls.map(({ connections }) => connections) ?? [];
  return {
    title: `${sizeText(patients)} patients`,
    note: `Calls a second (p50 / p99), over loopback with a token, audited, durable where they write. Loaded at ${rate(loadedPerSecond)} resources a second; ${memoryMiB.toFixed(0)} MiB resident at the end.`,
    head: ['call', ...levels.map((level) => `${String(level)} connections`), 'failed'],
    rows: shapes.map(({ shape, calls }) => [
      shape,
      ...calls.map((call) => `${rate(call.perSecond)} (${ms(call.p50Ms)} / ${ms(call.p99Ms)})`),
      String(calls.reduce((sum, { failed }) => sum + failed, 0)),
    ]),
  };
}

function growthTable({ sizes }: RestFigures): Table {
  return {
    title: 'Growth',
    note: 'Slope of log p50 over log size, one connection: 0 is flat, 1 linear.',
    head: ['call', 'slope'],
    rows: growths(sizes).map(({ shape, slope }) => [shape, slope.toFixed(2)]),
  };
}

function growths(sizes: readonly SizeFigures[]) {
  const shapes = sizes[0]?.shapes.map(({ shape }) => shape) ?? [];
  return shapes.map((shape) => {
    const points = sizes.flatMap(({ patients, shapes: found }) => {
      const call = found.find((one) => one.shape === shape)?.calls[0];
      return call === undefined ? [] : [{ size: patients, ms: call.p50Ms }];
    });
    return { shape, slope: points.length < 2 ? NaN : slopeOf(points) };
  });
}

export function verdictsOf(figures: RestFigures): Verdict[] {
  const { limits, sizes } = figures;
  const at = sizes.find(({ patients }) => patients === 10_000) ?? sizes.at(-1);
  if (at === undefined) return [];
  const callsOf = (shape: string) => at.shapes.find((one) => one.shape === shape)?.calls ?? [];
  const reads = callsOf('read').map((call): Verdict => {
    const limit = limits.read.find(({ connections }) => connections === call.connections);
    const what = `read, ${String(call.connections)} connections, of Fastify`;
    return atLeast(what, call.perSecond / (limit?.perSecond ?? NaN), budgets.read);
  });
  const creates = callsOf('create').map((call): Verdict => {
    const what = `create, ${String(call.connections)} connections, of the store alone`;
    return atLeast(what, call.perSecond / createsOf(limits, call.connections), budgets.create);
  });
  const searches = callsOf('family search, 50 hits')
    .slice(-2)
    .map((call): Verdict => ({
      what: `search with 50 hits, ${String(call.connections)} connections`,
      figure: `${rate(call.perSecond)} per s, p99 ${ms(call.p99Ms)}`,
      budget: `>= ${rate(budgets.searches)} per s, p99 < ${String(budgets.searchP99Ms)} ms`,
      met: call.perSecond >= budgets.searches && call.p99Ms < budgets.searchP99Ms,
    }));
  const slopes = growths(sizes).map(({ shape, slope }): Verdict => ({
    what: `slope of ${shape}`,
    figure: slope.toFixed(2),
    budget: `<= ${String(budgets.slope)}`,
    met: Number.isNaN(slope) ? undefined : slope <= budgets.slope,
  }));
  return [...reads, ...creates, ...searches, ...slopes];
}

function atLeast(what: string, ratio: number, budget: number): Verdict {
  return { what, figure: ratio.toFixed(2), budget: `>= ${String(budget)}`, met: ratio >= budget };
}

function createsOf({ creates }: RestFigures['limits'], connections: number): number {
  return creates.find(({ inFlight }) => inFlight === connections)?.perSecond ?? NaN;
}
