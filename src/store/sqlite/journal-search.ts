import { limits } from '../../limits.ts';
import { readJournalCursor, writeJournalCursor } from '../cursor.ts';
import type { JournalPage, JournalQuery, JournalRemoval, JournalState } from '../store.ts';
import { indexedRow } from './journal-fields.ts';
import { bareColumns, fullColumns } from './journal.ts';
import { toEntry, type JournalRow } from './journal-row.ts';
import type { SqlValue, Statements } from './statements.ts';

/** Where a walk begins: an index whose rows of one value stand in the order of their arrival. */
interface Way {
  readonly from: string;
  readonly at: string;
  readonly row: string;
  /** What holds for all rows of the walk. */
  readonly where: readonly Condition[];
  /** Several values of one index: their rows have to be sorted together. */
  readonly isSorted?: boolean;
}

/** So few are read sooner than the rows of the other conditions are counted. */
const fewRows = 50;

interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/**
 * The journal, searched. A search begins with a condition that has a few rows, else with the one that has the fewest,
 * found by counting no more than a bound of each, and tests the others row by row.
 */
export function openJournalSearch(statements: Statements) {
  const waiting = statements.value<number>(`SELECT max(row) - ${indexedRow} FROM journal`);
  const countOf = ({ from, where }: Way, most: number): number => {
    const { sql, values } = joined(where);
    const counted = `SELECT count(*) FROM (SELECT 1 FROM ${from} ${sql} LIMIT ?)`;
    const rows = statements.query<[number]>(counted, [...values, most]);
    return rows[0]?.[0] ?? 0;
  };
  const isLongTail = (): boolean => (waiting() ?? 0) > limits.searchProbeRows;
  const bestOf = (
    query: JournalQuery,
    most: number,
  ): { readonly way: Way; readonly isLong: boolean } => {
    const ways = waysOf(query);
    const [only = byArrival, ...others] = ways;
    if (others.length === 0 && only.isSorted !== true && !hasRest(query)) {
      return { way: only, isLong: false };
    }
    const few = [only, ...others].find((way) => countOf(way, fewRows) < fewRows);
    if (few !== undefined) return { way: few, isLong: false };
    const counted = [only, ...others].map((way) => ({ way, count: countOf(way, most) }));
    const { way, count } = counted.reduce((best, each) => (each.count < best.count ? each : best));
    return { way, isLong: count >= most };
  };
  const rowsOf = (query: JournalQuery, way: Way): JournalRow[] => {
    const found = statements.objects<JournalRow>(...pageSql(query, way));
    if (!isByField(way)) return found;
    // The last rows are not in the index yet.
    const tail = statements.objects<JournalRow>(...pageSql(query, lastRows));
    const sign = query.oldestFirst === true ? 1 : -1;
    const byArrivalOf = (a: JournalRow, b: JournalRow): number =>
      sign * (a.received_at - b.received_at || a.row - b.row);
    return tail.length === 0 ? found : [...found, ...tail].sort(byArrivalOf);
  };
  const pageOf = (query: JournalQuery, way: Way): JournalPage => {
    const rows = rowsOf(query, way);
    const page = rows.slice(0, query.count);
    const entries = page.map(toEntry);
    const last = page.at(-1);
    if (rows.length <= query.count || last === undefined) return { entries };
    return { entries, next: writeJournalCursor({ at: last.received_at, row: last.row }) };
  };

  return {
    list: (query: JournalQuery): JournalPage =>
      pageOf(query, bestOf(query, limits.journalProbeRows).way),
    /** Nothing where it may take long. */
    shortList(query: JournalQuery): JournalPage | undefined {
      const { way, isLong } = bestOf(query, limits.searchProbeRows);
      if (isLong || (isByField(way) && isLongTail())) return undefined;
      return pageOf(query, way);
    },
    /** The rows that a removal may take, oldest first. */
    removable({ states, before, count }: JournalRemoval): number[] {
      if (states.length === 0) return [];
      const { sql, values } = joined([stateIn(states), arrivedBefore(before)]);
      const index = states.some((state) => state === 'processed') ? 'received' : 'open';
      const text = `SELECT j.row FROM journal j INDEXED BY journal_${index} ${sql}
        ORDER BY j.received_at, j.row LIMIT ?`;
      return statements.query<[number]>(text, [...values, count]).map(([row]) => row);
    },
  };
}

const columns = { at: 'j.received_at', row: 'j.row' };
const lastRows: Way = {
  ...{ from: 'journal j NOT INDEXED', ...columns },
  where: [{ sql: `j.row > ${indexedRow}`, values: [] }],
};
const byArrival: Way = { from: 'journal j INDEXED BY journal_received', ...columns, where: [] };

/** The conditions by which a walk may begin. */
function waysOf({
  controlId,
  patient,
  fields = [],
  state,
  messageType,
  feed,
}: JournalQuery): Way[] {
  const ways: Way[] = [];
  const way = (index: string, where: readonly Condition[], isSorted = false): void => {
    ways.push({ from: `journal j INDEXED BY journal_${index}`, ...columns, where, isSorted });
  };
  if (controlId !== undefined) way('equal', [equal('j.control_id', controlId)], true);
  if (patient !== undefined) way('patient', [equal('j.patient', patient)]);
  for (const field of fields) {
    ways.push({
      from: 'journal_field k',
      at: 'k.at',
      row: 'k.row',
      where: [equal('k.key', field)],
    });
  }
  const states = statesOf(state);
  if (states?.includes('processed') === false && states.length > 0) {
    way('open', [stateIn(states)], states.length > 1);
  }
  if (messageType !== undefined) way('type', [equal('j.message_type', messageType)]);
  if (feed !== undefined) way('feed', [equal('j.feed', feed)]);
  return ways;
}

/** Whether a condition is left that no walk begins by. */
function hasRest({ state }: JournalQuery): boolean {
  return statesOf(state)?.includes('processed') === true;
}

function pageSql(query: JournalQuery, way: Way): [string, SqlValue[]] {
  const { fields = [], bare = false, oldestFirst = false, count } = query;
  const states = statesOf(query.state);
  const conditions = [
    ...way.where,
    ...equals(query, way),
    ...(states === undefined ? [] : [stateIn(states)]),
    ...fields
      .filter((field) => !way.where.some(({ values }) => isKey(way, values, field)))
      .map(has),
    ...within(query, way),
  ];
  const { sql, values } = joined(conditions);
  const journal = way.from.startsWith('journal j') ? '' : 'CROSS JOIN journal j ON j.row = k.row';
  const frame = bare ? '' : 'JOIN journal_frame f ON f.row = j.row';
  const order = oldestFirst ? 'ASC' : 'DESC';
  const text = `SELECT ${bare ? bareColumns : fullColumns} FROM ${way.from} ${journal} ${frame} ${sql}
    ORDER BY ${way.at} ${order}, ${way.row} ${order} LIMIT ?`;
  return [text, [...values, count + 1]];
}

function isByField({ from }: Way): boolean {
  return from === 'journal_field k';
}

function isKey(way: Way, values: readonly SqlValue[], field: string): boolean {
  return isByField(way) && values[0] === field;
}

const columnsByName = {
  feed: 'j.feed',
  messageType: 'j.message_type',
  controlId: 'j.control_id',
  patient: 'j.patient',
} as const;

function equals(query: JournalQuery, { where }: Way): Condition[] {
  return Object.entries(columnsByName).flatMap(([name, column]) => {
    const value = query[name as keyof typeof columnsByName];
    const condition = value === undefined ? [] : [equal(column, value)];
    return condition.filter(({ sql }) => !where.some((known) => known.sql === sql));
  });
}

/** Time and cursor, said of the columns that the walk goes by. */
function within({ from, to, cursor, oldestFirst }: JournalQuery, { at, row }: Way): Condition[] {
  const conditions: Condition[] = [];
  if (from !== undefined) conditions.push({ sql: `${at} >= ?`, values: [from.getTime()] });
  if (to !== undefined) conditions.push({ sql: `${at} < ?`, values: [to.getTime()] });
  if (cursor !== undefined) {
    const place = readJournalCursor(cursor);
    const sign = oldestFirst === true ? '>' : '<';
    conditions.push({ sql: `(${at}, ${row}) ${sign} (?, ?)`, values: [place.at, place.row] });
  }
  return conditions;
}

function equal(column: string, value: SqlValue): Condition {
  return { sql: `${column} = ?`, values: [value] };
}

function arrivedBefore(before: Date): Condition {
  return { sql: 'j.received_at < ?', values: [before.getTime()] };
}

/** Of the row's own fields: as JSON a whole one stands between quotes that are not escaped. */
function has(field: string): Condition {
  return { sql: 'instr(j.fields, ?) > 0', values: [JSON.stringify(field)] };
}

/** Lets the index of unfinished rows answer, which are few among many. */
function stateIn(states: readonly JournalState[]): Condition {
  const list = `j.state IN (${states.map(() => '?').join(', ')})`;
  const sql = states.includes('processed') ? list : `${list} AND j.state <> 'processed'`;
  return { sql, values: states };
}

function statesOf(state: JournalQuery['state']): readonly JournalState[] | undefined {
  return typeof state === 'string' ? [state] : state;
}

function joined(conditions: readonly Condition[]): { sql: string; values: SqlValue[] } {
  const sql = conditions.map((condition) => condition.sql).join(' AND ');
  return {
    sql: sql === '' ? '' : `WHERE ${sql}`,
    values: conditions.flatMap(({ values }) => values),
  };
}
