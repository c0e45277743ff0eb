import type { GroupCommitFigures } from './group-commit.ts';
import type { StretchFigures } from './load.ts';
import type { MachineFigures } from './machine.ts';
import type { ReopenFigures } from './reopen.ts';
import type { ShapeFigures } from './shapes.ts';

/** All that one run of the store's bench found; what `--json` writes. */
export interface StoreFigures {
  /** ISO 8601. */
  readonly takenAt: string;
  readonly machine: MachineFigures;
  readonly groupCommit: readonly GroupCommitFigures[];
  readonly load: readonly StretchFigures[];
  readonly searches: readonly { readonly size: number; readonly shapes: readonly ShapeFigures[] }[];
  readonly disk: { readonly resources: number; readonly fileBytes: number };
  readonly reopen: ReopenFigures;
}

/** What is asked of a figure, and whether it is so; undefined where the run was too small to tell. */
export interface Verdict {
  readonly what: string;
  readonly figure: string;
  readonly budget: string;
  readonly met: boolean | undefined;
}

/** Ratios that hold on any machine; a run gives them against limits measured beside them. */
const budgets = { create: 0.4, bulk: 0.5, growth: 2, readyMs: 2_000 } as const;

export function verdictsOf(figures: StoreFigures): Verdict[] {
  return [
    ...figures.groupCommit.map(createVerdict),
    ...figures.load.map(bulkVerdict),
    ...growthVerdicts(figures),
    readyVerdict(figures),
  ];
}

function createVerdict({ inFlight, store, bareIndexed }: GroupCommitFigures): Verdict {
  const ratio = store.median / bareIndexed.median;
  return {
    what: `commits, ${inFlight} in flight, of bare SQLite with index rows`,
    figure: ratio.toFixed(2),
    budget: `>= ${budgets.create}`,
    met: ratio >= budgets.create,
  };
}

function bulkVerdict({ from, to, storePerSecond, barePerSecond }: StretchFigures): Verdict {
  const ratio = storePerSecond / barePerSecond;
  return {
    what: `bulk load, ${sizeText(from)} to ${sizeText(to)}, of bare SQLite`,
    figure: ratio.toFixed(2),
    budget: `>= ${budgets.bulk}`,
    met: ratio >= budgets.bulk,
  };
}

function growthVerdicts({ searches }: StoreFigures): Verdict[] {
  const [first] = searches;
  const last = searches.at(-1);
  if (first === undefined || last === undefined) return [];
  return first.shapes.map(({ shape, p50Ms }) => {
    const grown = (last.shapes.find((found) => found.shape === shape)?.p50Ms ?? NaN) / p50Ms;
    return {
      what: `p50 of ${shape}, ${sizeText(last.size)} over ${sizeText(first.size)}`,
      figure: `${grown.toFixed(2)} x`,
      budget: `<= ${budgets.growth} x at 1 M`,
      met: last.size >= 1_000_000 ? grown <= budgets.growth : undefined,
    };
  });
}

function readyVerdict({ reopen, disk }: StoreFigures): Verdict {
  return {
    what: `ready with ${sizeText(disk.resources)} resources`,
    figure: `${reopen.readyMs.toFixed(0)} ms`,
    budget: `< ${budgets.readyMs} ms at 1 M`,
    met: disk.resources >= 1_000_000 ? reopen.readyMs < budgets.readyMs : undefined,
  };
}

/** Slope of log(time) over log(size), by least squares: 0 is flat, 1 is linear. */
export function slopeOf(points: readonly { readonly size: number; readonly ms: number }[]): number {
  const logs = points.map(({ size, ms }) => [Math.log10(size), Math.log10(ms)] as const);
  const mean = (at: 0 | 1): number => logs.reduce((sum, log) => sum + log[at], 0) / logs.length;
  const [meanSize, meanMs] = [mean(0), mean(1)];
  let [above, below] = [0, 0];
  for (const [size, ms] of logs) {
    above += (size - meanSize) * (ms - meanMs);
    below += (size - meanSize) ** 2;
  }
  return above / below;
}

export function sizeText(size: number): string {
  if (size >= 1_000_000) return `${size / 1_000_000} M`;
  return size >= 1_000 ? `${size / 1_000} k` : String(size);
}
