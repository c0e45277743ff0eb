import type { CoveredRow } from './cover-guide.ts';
import type { Cover } from './cover-row.ts';
import type { Deviation } from './guide-notes.ts';
import { rowId, type GuideRow } from './guide-row.ts';
import { rowPattern } from './row-pattern.ts';

/** A row of the guide and what became of it: covered, left on purpose, or not accounted for. */
export type AccountedRow = { readonly row: GuideRow; readonly id: string } & (
  | { readonly status: 'covered'; readonly cover: Cover }
  | { readonly status: 'deviation'; readonly reason: string }
  | { readonly status: 'open' }
);

export interface Account {
  readonly rows: readonly AccountedRow[];
  /** Patterns of deviations that no uncovered row has (any more). */
  readonly idle: readonly string[];
}

/** Every row with its cover or the first deviation that names it. */
export function accountFor(covered: readonly CoveredRow[], deviations: readonly Deviation[]): Account {
  const used = new Set<string>();
  const patterns = deviations.flatMap(({ rows, reason }) =>
    rows.map((text) => ({ text, reason, matches: rowPattern(text) })),
  );
  const rows = covered.map(({ row, cover }): AccountedRow => {
    const id = rowId(row);
    if (cover) return { row, id, status: 'covered', cover };
    const found = patterns.find(({ matches }) => matches(id));
    if (!found) return { row, id, status: 'open' };
    used.add(found.text);
    return { row, id, status: 'deviation', reason: found.reason };
  });
  return { rows, idle: patterns.map(({ text }) => text).filter((text) => !used.has(text)) };
}

/** How many rows of one sheet, one kind or the whole guide are what. */
export interface Count {
  readonly name: string;
  readonly rows: number;
  readonly covered: number;
  readonly deviations: number;
  readonly open: number;
}

/** Counts by kind, then by sheet, in the order of the rows. */
export function countsOf({ rows }: Account): { readonly kinds: readonly Count[]; readonly sheets: readonly Count[]; readonly all: Count } {
  const byKind = grouped(rows, ({ row }) => row.kind);
  const bySheet = grouped(rows, ({ row }) => `${row.kind} ${row.sheet}`);
  return { kinds: counts(byKind), sheets: counts(bySheet), all: count('all', rows) };
}

function grouped(
  rows: readonly AccountedRow[],
  keyOf: (row: AccountedRow) => string,
): ReadonlyMap<string, readonly AccountedRow[]> {
  return Map.groupBy(rows, keyOf);
}

function counts(groups: ReadonlyMap<string, readonly AccountedRow[]>): Count[] {
  return [...groups].map(([name, rows]) => count(name, rows));
}

function count(name: string, rows: readonly AccountedRow[]): Count {
  const of = (status: AccountedRow['status']): number => rows.filter((row) => row.status === status).length;
  return { name, rows: rows.length, covered: of('covered'), deviations: of('deviation'), open: of('open') };
}
