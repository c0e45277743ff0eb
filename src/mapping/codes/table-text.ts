import { isMap, isScalar, parseDocument, type Node, type Pair, type YAMLMap } from 'yaml';

/** A row to write into a table. */
export interface NewRow {
  /** The sender's code. */
  readonly code: string;
  /** Absent: known, and makes nothing. */
  readonly target?: {
    readonly code: string | boolean;
    readonly display?: string;
    readonly system?: string;
  };
}

/**
 * The text of a mapping file with rows written into one of its tables (`name`; undefined: the file is the table), in place of
 * those of the same codes. Every other line stays as it is, comments too. An overlay that has no such table gets it.
 */
export function withRows(text: string, name: string | undefined, rows: readonly NewRow[]): string {
  return rows.reduce((now, row) => withRow(now, name, row), text);
}

function withRow(text: string, name: string | undefined, row: NewRow): string {
  const body = bodyOf(text);
  const tables = name === undefined ? undefined : mapIn(body, 'tables');
  const own = name === undefined ? body : tables && mapIn(tables, name);
  if (own === undefined) return withTable(text, { tables, name: name ?? '' }, row);
  const rows = pairOf(own, 'rows');
  if (rows !== undefined && !isMap(rows.value)) return withFirstRow(text, rows.key as Node, row);
  const table = mapIn(own, 'rows') ?? own;
  const known = pairOf(table, row.code);
  if (known === undefined) return withNewRow(text, table, row);
  const [from, to] = rangeOf(known.value as Node);
  return text.slice(0, from) + rowText(row.target) + text.slice(to);
}

/** The pins of an overlay (`base: [adt-a01@1]`), with those that it lacks. */
export function withPins(text: string, pins: readonly string[]): string {
  const document = parseDocument(text, { version: '1.2', schema: 'core' });
  const { base = [] } = document.toJS() as { readonly base?: readonly string[] | string };
  const said = [base].flat();
  const missing = pins.filter((pin) => !said.some((each) => mapOf(each) === mapOf(pin)));
  const node = pairOf(bodyOf(text), 'base')?.value;
  if (missing.length === 0 || node === undefined) return text;
  const [from, to] = rangeOf(node as Node);
  const after = /\s*$/.exec(text.slice(from, to))?.[0] ?? '';
  return `${text.slice(0, from)}[${[...said, ...missing].join(', ')}]${after}${text.slice(to)}`;
}

function mapOf(pin: string): string {
  return pin.split('@')[0] ?? pin;
}

function bodyOf(text: string): YAMLMap {
  const { contents } = parseDocument(text, { version: '1.2', schema: 'core' });
  if (isMap(contents)) return contents;
  throw new Error('A mapping file is a map');
}

function mapIn(map: YAMLMap, key: string): YAMLMap | undefined {
  const value = pairOf(map, key)?.value;
  return isMap(value) ? value : undefined;
}

/** By the key as it is written: `1` and `"1"` are one. */
function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find(
    ({ key: own }) => isScalar(own) && (own.source ?? String(own.value)) === key,
  );
}

function rangeOf(node: Node): readonly [number, number] {
  const [from = 0, to = 0] = node.range ?? [];
  return [from, to];
}

/** Before `else`, which comes last, or at the end. */
function withNewRow(text: string, table: YAMLMap, row: NewRow): string {
  const line = `${yamlText(row.code)}: ${rowText(row.target)}`;
  const otherwise = pairOf(table, 'else')?.key as Node | undefined;
  if (table.flow === true) {
    const [from] = rangeOf(otherwise ?? (table.items[0]?.key as Node));
    if (table.items.length === 0)
      return text.slice(0, rangeOf(table)[0] + 1) + ` ${line} ` + text.slice(rangeOf(table)[0] + 1);
    return `${text.slice(0, from)}${line}, ${text.slice(from)}`;
  }
  const first = table.items[0]?.key as Node | undefined;
  const indent = first === undefined ? '  ' : indentAt(text, rangeOf(first)[0]);
  const at = otherwise === undefined ? endOf(text, table) : lineStart(text, rangeOf(otherwise)[0]);
  return text.slice(0, at) + `${indent}${line}\n` + text.slice(at);
}

/** Below a `rows:` that has none yet. */
function withFirstRow(text: string, key: Node, row: NewRow): string {
  const [from] = rangeOf(key);
  const at = text.indexOf('\n', from) + 1;
  const line = `${indentAt(text, from)}  ${yamlText(row.code)}: ${rowText(row.target)}\n`;
  return text.slice(0, at) + line + text.slice(at);
}

function withTable(
  text: string,
  { tables, name }: { readonly tables: YAMLMap | undefined; readonly name: string },
  { code, target }: NewRow,
): string {
  const end = text.endsWith('\n') ? text : `${text}\n`;
  const row = `${yamlText(code)}: ${rowText(target)}\n`;
  if (tables === undefined) return `${end}tables:\n  ${name}:\n    ${row}`;
  const first = tables.items[0]?.key as Node | undefined;
  if (tables.flow === true || first === undefined) {
    throw new Error('`tables` must be written with a line for each table');
  }
  const indent = indentAt(text, rangeOf(first)[0]);
  const at = endOf(end, tables);
  return `${end.slice(0, at)}${indent}${name}:\n${indent}  ${row}${end.slice(at)}`;
}

/** After the last line of a map in block style. */
function endOf(text: string, map: YAMLMap): number {
  const last = map.items.at(-1);
  const value = last?.value;
  if (isMap(value) && value.flow !== true) return endOf(text, value);
  const [, to] = rangeOf((value ?? last?.key ?? map) as Node);
  const after = text.indexOf('\n', Math.max(to - 1, 0));
  return after < 0 ? text.length : after + 1;
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

function indentAt(text: string, at: number): string {
  return ' '.repeat(at - lineStart(text, at));
}

function rowText(target: NewRow['target']): string {
  if (target === undefined) return '{ drop: true }';
  const { code, display, system } = target;
  if (typeof code === 'boolean') return String(code);
  if (display === undefined && system === undefined && !isWord(code)) return yamlText(code);
  const parts = [
    `code: ${yamlText(code)}`,
    ...(display === undefined ? [] : [`display: ${yamlText(display)}`]),
    ...(system === undefined ? [] : [`system: ${yamlText(system)}`]),
  ];
  return `{ ${parts.join(', ')} }`;
}

/** Words that a row cannot be called by alone. */
function isWord(code: string): boolean {
  return ['error', 'keep', 'drop'].includes(code);
}

/** As YAML reads it back as the same text, within braces too. */
export function yamlText(text: string): string {
  const isPlain =
    /^(?:[A-Za-z][\w.:/-]*[\w/]|[A-Za-z]|\d+-\d+|[A-Za-z][\w./-]*(?: [A-Za-z0-9][\w./-]*)+)$/.test(
      text,
    ) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}
