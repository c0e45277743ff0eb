import type { TableRow, TableRule } from '../language/model.ts';
import { ruleId, type MapPlace } from '../map-issue.ts';
import type { SystemCode, Translation } from '../datatypes/convert.ts';

/** A table ready for look-ups. */
export interface CompiledTable {
  readonly name: string;
  /** As it was read, with its rows in order. */
  readonly rule: TableRule;
  /** System of the v2 codes, where they come without one. */
  readonly system: string | undefined;
  readonly find: (code: string) => FoundRow | undefined;
  /** Every code that it can give, for the checker. */
  readonly targets: readonly { readonly code: string; readonly place: MapPlace }[];
  readonly otherwise: 'error' | 'keep' | 'drop' | FoundRow;
}

export interface FoundRow {
  readonly translation: Translation;
  /** `AdministrativeSex[F] tables/sex.map.yaml:7`, for the trace. */
  readonly trace: string;
}

/** Rows are found by the code as it is, else without case. */
export function compileTable(rule: TableRule): CompiledTable {
  const exact = new Map<string, FoundRow>();
  const folded = new Map<string, FoundRow>();
  for (const [code, row] of rule.rows) {
    const found = foundRow(rule, code, row);
    exact.set(code, found);
    if (!folded.has(code.toLowerCase())) folded.set(code.toLowerCase(), found);
  }
  return {
    name: rule.name,
    rule,
    system: rule.system,
    targets: [...rule.rows.values(), ...elseRow(rule)].flatMap(({ code, place }) =>
      code === undefined ? [] : [{ code: String(code), place }],
    ),
    find: (code) => exact.get(code) ?? folded.get(code.toLowerCase()),
    otherwise:
      rule.otherwise.kind === 'code'
        ? foundRow(rule, 'else', rule.otherwise.row)
        : rule.otherwise.kind,
  };
}

function elseRow({ otherwise }: TableRule): TableRow[] {
  return otherwise.kind === 'code' ? [otherwise.row] : [];
}

function foundRow(rule: TableRule, code: string, row: TableRow): FoundRow {
  const trace = `${rule.name}[${code}] ${ruleId(row.place)}`;
  if (row.code === undefined) return { translation: { kind: 'drop' }, trace };
  const system = row.system ?? rule.target;
  return {
    translation: {
      kind: 'row',
      code: row.code,
      ...(row.display !== undefined && { display: row.display }),
      ...(system !== undefined && { system }),
    },
    trace,
  };
}

/** What a look-up found, and whether the code has a row at all. */
export interface Lookup {
  readonly translation: Translation;
  readonly trace?: string;
  /** The code without a row, to be counted. */
  readonly unmapped?: SystemCode;
  readonly refused: boolean;
}

/** Looks the codes up in turn (CWE.1, then CWE.4); the first with a row wins. */
export function lookUp(table: CompiledTable, codes: readonly SystemCode[]): Lookup {
  for (const { code } of codes) {
    const row = table.find(code);
    if (row) return { translation: row.translation, trace: row.trace, refused: false };
  }
  const [first] = codes;
  if (!first) return { translation: { kind: 'drop' }, refused: false };
  const { otherwise } = table;
  if (typeof otherwise === 'object') {
    return {
      translation: otherwise.translation,
      trace: otherwise.trace,
      unmapped: first,
      refused: false,
    };
  }
  const kind = otherwise === 'keep' ? 'keep' : 'drop';
  return { translation: { kind }, unmapped: first, refused: otherwise === 'error' };
}
