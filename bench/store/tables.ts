import { sizeText, slopeOf, verdictsOf, type StoreFigures, type Verdict } from './figures.ts';
import { ms, rate, type Table } from './table.ts';
import type { Spread } from './sample.ts';

/** The figures of a run, a table each. */
export function tablesOf(figures: StoreFigures): Table[] {
  return [
    machineTable(figures),
    groupCommitTable(figures),
    loadTable(figures),
    searchTable(figures),
    reopenTable(figures),
    verdictTable(verdictsOf(figures), budgetNote),
  ];
}

export function machineTable({
  machine,
  takenAt,
}: Pick<StoreFigures, 'machine' | 'takenAt'>): Table {
  const { cpu, cores, memoryGiB, node, sqlite, loadBefore, syncP50Ms, syncP99Ms } = machine;
  return {
    title: 'Machine',
    note: 'Both sides write with `journal_mode=WAL` and `synchronous=FULL`: an answered commit is on the disk.',
    head: ['what', 'value'],
    rows: [
      ['taken at', takenAt],
      ['processor', `${cpu}, ${cores} cores, ${memoryGiB} GiB`],
      ['Node, SQLite', `${node}, ${sqlite}`],
      ['load before the run', loadBefore.toFixed(1)],
      ['4 KiB write and fdatasync, p50 and p99', `${ms(syncP50Ms)} and ${ms(syncP99Ms)}`],
    ],
  };
}

function groupCommitTable({ groupCommit }: StoreFigures): Table {
  return {
    title: 'Group commit',
    note: 'Resources a second, each a commit of its own; bare SQLite puts as many into one transaction. Middle (least to greatest) of three laps, taken in turn.',
    head: ['in flight', 'bare, body only', 'bare, body and 15 index rows', 'store', 'of bare'],
    rows: groupCommit.map(({ inFlight, bareBody, bareIndexed, store }) => [
      String(inFlight),
      spreadText(bareBody),
      spreadText(bareIndexed),
      spreadText(store),
      (store.median / bareIndexed.median).toFixed(2),
    ]),
  };
}

function loadTable({ load }: StoreFigures): Table {
  return {
    title: 'Bulk load',
    note: 'Resources a second on the way: Bundles of 250, two in flight, against bare SQLite with 15 index rows and 500 to a transaction, in turn and at the same size. Processor time is of all threads, a thousand resources.',
    head: ['stretch', 'bare', 'store', 'of bare', 'CPU bare', 'CPU store', 'CPU to bare'],
    rows: load.map(({ from, to, barePerSecond, storePerSecond, bareCpuMs, storeCpuMs }) => [
      `${sizeText(from)} to ${sizeText(to)}`,
      rate(barePerSecond),
      rate(storePerSecond),
      (storePerSecond / barePerSecond).toFixed(2),
      ...[bareCpuMs, storeCpuMs].map((spent) => ms((spent / (to - from)) * 1_000)),
      `${(storeCpuMs / bareCpuMs).toFixed(2)} x`,
    ]),
  };
}

function searchTable({ searches, reopen }: StoreFigures): Table {
  const shapes = searches[0]?.shapes.map(({ shape }) => shape) ?? [];
  return {
    title: 'Searches',
    note: 'p50 / p99 of 300 calls with values that are there, pages of at most 50 of the type Observation (found: the middle); slope is that of log time over log size: 0 is flat, 1 linear. The last column is the first call of a fresh process on the largest size.',
    head: ['shape', ...searches.map(({ size }) => sizeText(size)), 'found', 'slope', 'first call'],
    rows: shapes.map((shape) => {
      const at = searches.map(({ size, shapes }) => ({
        size,
        ...(shapes.find((found) => found.shape === shape) ?? none),
      }));
      const failed = at.reduce((sum, { failed }) => sum + failed, 0);
      return [
        failed === 0 ? shape : `${shape} (${failed} calls failed)`,
        ...at.map(({ p50Ms, p99Ms }) => `${ms(p50Ms)} / ${ms(p99Ms)}`),
        at.map(({ found }) => found).join(', '),
        slopeOf(at.map(({ size, p50Ms }) => ({ size, ms: p50Ms }))).toFixed(2),
        ms(reopen.firstCallMs[shape] ?? NaN),
      ];
    }),
  };
}

const none = { p50Ms: NaN, p99Ms: NaN, found: 0, failed: 0 };

function reopenTable({ reopen, disk, load }: StoreFigures): Table {
  const { readyMs, openedMiB, searchedMiB, writtenMiB } = reopen;
  const bodyBytes = load.reduce((sum, stretch) => sum + stretch.bodyBytes, 0);
  const perResource = (bytes: number): string => `${(bytes / disk.resources).toFixed(0)} bytes`;
  return {
    title: 'Disk, start and memory',
    note: 'Memory is what is resident in a fresh process that opens the loaded file, searches it and writes to it.',
    head: ['what', 'value'],
    rows: [
      ['resources', sizeText(disk.resources)],
      ['body, as it came', perResource(bodyBytes)],
      ['on disk, with index and change feed', perResource(disk.fileBytes)],
      ['on disk, of the body', `${(disk.fileBytes / bodyBytes).toFixed(2)} x`],
      ['ready after opening', `${readyMs.toFixed(0)} ms`],
      ['memory, opened', `${openedMiB.toFixed(0)} MiB`],
      ['memory, after 3,000 searches', `${searchedMiB.toFixed(0)} MiB`],
      ['memory, after 2,000 commits more', `${writtenMiB.toFixed(0)} MiB`],
    ],
  };
}

const budgetNote = 'Ratios to limits of the same run; they travel between machines, rates do not.';

/** What is asked, and whether it is so. */
export function verdictTable(verdicts: readonly Verdict[], note: string): Table {
  return {
    title: 'Budgets',
    note,
    head: ['what', 'figure', 'budget', 'verdict'],
    rows: verdicts.map(({ what, figure, budget, met }) => [
      what,
      figure,
      budget,
      met === undefined ? 'run is too small' : met ? 'met' : 'not met',
    ]),
  };
}

function spreadText({ median, min, max }: Spread): string {
  return `${rate(median)} (${rate(min)} to ${rate(max)})`;
}
