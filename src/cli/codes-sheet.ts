import type { CodeToDo } from '../mapping/codes/worklist.ts';
import { csvText, readCsv, type CsvCell } from '../ops/csv.ts';

/** The columns of a sheet of codes; the last four are for a person to fill in. */
const sheetColumns = [
  ...(['feed', 'table', 'system', 'code', 'display', 'position', 'element', 'count'] as const),
  ...(['first', 'last', 'example'] as const),
  ...(['target_system', 'target_code', 'target_display', 'drop'] as const),
] as const;
export type SheetColumn = (typeof sheetColumns)[number];

/** One code of a sheet. A column that the sheet has not is an empty cell at its line. */
export interface SheetRow {
  readonly line: number;
  readonly cells: Readonly<Record<SheetColumn, CsvCell>>;
}

/** The open codes as a sheet to fill in, with more columns where somebody has more to say. */
export function codeSheet(
  codes: readonly CodeToDo[],
  more: {
    readonly head: readonly string[];
    readonly cells: (code: CodeToDo) => readonly string[];
  } = {
    head: [],
    cells: () => [],
  },
): string {
  const rows = codes.map((code) => {
    const { feed, table, system, code: text, display, position, element } = code;
    const { count, firstAt, lastAt, example } = code;
    const known = [feed, table, system, text, display, position, element, String(count)];
    return [...known, firstAt, lastAt, example, '', '', '', '', ...more.cells(code)];
  });
  return csvText([[...sheetColumns, ...more.head], ...rows]);
}

/**
 * Reads a sheet by the names of its columns, in any order, `Target Code` as `target_code`; other columns are passed over.
 * `missing`: the column `code` or `target_code` is not there.
 */
export function readCodeSheet(text: string): {
  readonly rows: readonly SheetRow[];
  readonly missing: readonly SheetColumn[];
} {
  const [head = [], ...lines] = readCsv(text);
  const places = new Map(head.map((cell, at) => [columnName(cell.text), at]));
  const missing = (['code', 'target_code'] as const).filter((name) => !places.has(name));
  const rows = lines.map((cells): SheetRow => {
    const line = cells[0]?.line ?? 0;
    const cellOf = (name: SheetColumn): CsvCell =>
      cells[places.get(name) ?? -1] ?? { text: '', line, column: 1 };
    return {
      line,
      cells: Object.fromEntries(
        sheetColumns.map((name) => [name, cellOf(name)]),
      ) as SheetRow['cells'],
    };
  });
  return { rows, missing };
}

function columnName(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_');
}
