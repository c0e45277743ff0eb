import { parse } from 'yaml';
import { rowId, type GuideRow, type GuideSheet } from './guide-row.ts';
import { rowPattern } from './row-pattern.ts';

/** Rows of the guide that the pack does not follow, and why. */
export interface Deviation {
  /** Patterns of row names. */
  readonly rows: readonly string[];
  readonly reason: string;
}

/** A fault of the guide itself: what a cell says, and what is meant. */
export interface GuideFault {
  readonly rows: readonly string[];
  readonly column: FaultColumn;
  readonly says: string;
  readonly means: string;
  readonly why: string;
}

const faultColumns = ['target', 'condition', 'assignment', 'map', 'vocabulary'] as const;

type FaultColumn = (typeof faultColumns)[number];

/** Reads `deviations.yaml`. Throws an Error that names the entry, where one has not its shape. */
export function readDeviations(text: string): readonly Deviation[] {
  return entries(text, 'deviations').map((entry, index) => ({
    rows: texts(entry['rows'], `deviation ${String(index + 1)}: rows`),
    reason: oneText(entry['reason'], `deviation ${String(index + 1)}: reason`),
  }));
}

/** Reads `guide-faults.yaml`. Throws an Error that names the entry, where one has not its shape. */
export function readGuideFaults(text: string): readonly GuideFault[] {
  return entries(text, 'faults').map((entry, index) => {
    const name = `fault ${String(index + 1)}`;
    const column = faultColumns.find((one) => one === entry['column']);
    if (!column) throw new Error(`${name}: column is one of ${faultColumns.join(', ')}`);
    return {
      rows: texts(entry['rows'], `${name}: rows`),
      column,
      says: typeof entry['says'] === 'string' ? entry['says'] : '',
      means: typeof entry['means'] === 'string' ? entry['means'] : '',
      why: oneText(entry['why'], `${name}: why`),
    };
  });
}

function entries(text: string, key: string): Record<string, unknown>[] {
  const document: unknown = parse(text);
  const list = isRecord(document) ? document[key] : undefined;
  if (!Array.isArray(list) || !list.every(isRecord)) throw new Error(`The file needs a list \`${key}\``);
  return list;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function texts(value: unknown, name: string): readonly string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.map((one) => oneText(one, name));
}

function oneText(value: unknown, name: string): string {
  if (typeof value !== 'string' || value.trim() === '') throw new Error(`${name} is missing`);
  return value.trim();
}

/** The guide with its faults put right, and the faults that no cell of it has (any more). */
export function corrected(
  sheets: readonly GuideSheet[],
  faults: readonly GuideFault[],
): { readonly sheets: readonly GuideSheet[]; readonly unseen: readonly GuideFault[] } {
  const seen = new Set<GuideFault>();
  const matchers = faults.map((fault) => ({ fault, patterns: fault.rows.map(rowPattern) }));
  const correct = (row: GuideRow): GuideRow => {
    const id = rowId(row);
    return matchers.reduce((before, { fault, patterns }) => {
      if (row[fault.column] !== fault.says || !patterns.some((matches) => matches(id))) return before;
      seen.add(fault);
      return { ...before, [fault.column]: fault.means };
    }, row);
  };
  return {
    sheets: sheets.map((sheet) => ({ ...sheet, rows: sheet.rows.map(correct) })),
    unseen: faults.filter((fault) => !seen.has(fault)),
  };
}
