import type { SearchQuery } from '../../fhir/search-ast.ts';
import { fail } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import { readSearchCursor, writeSearchCursor, type SearchCursor } from '../cursor.ts';
import type { SortValue } from '../../fhir/search-match.ts';
import { comparePlaces, type Place } from '../order.ts';
import type { SearchPage } from '../store.ts';
import type { Dictionary } from './dictionary.ts';
import { both, fragment, never, oneOf, type Fragment } from './fragment.ts';
import { inTable } from './index-table.ts';
import type { Leaf } from './leaf.ts';
import { PastPlaces } from './past-place.ts';
import type { Reads } from './reads.ts';
import { SearchPlanner, type SearchPlan, type Start } from './search-plan.ts';
import { afterCursor, orderBy, sortExpression } from './sort-value.ts';
import type { SqlValue, Statements } from './statements.ts';

/**
 * One page of a search.
 *
 * A walk is pinned to the newest version's position at its first page (`snapshot`). It returns what was live
 * then, is live now and matches now: in creation order, or by sort values. Creation order never
 * changes, so a cursor into it is enough. Sort values change, so a resource written since the snapshot
 * stands where it stood then (past-place.ts), which is behind or before the cursor for good.
 */
export class Searches {
  readonly #statements: Statements;
  readonly #planner: SearchPlanner;
  readonly #past: PastPlaces;
  readonly #reads: Reads;

  constructor(statements: Statements, names: Dictionary, reads: Reads) {
    this.#statements = statements;
    this.#planner = new SearchPlanner(statements, names);
    this.#past = new PastPlaces(statements, names);
    this.#reads = reads;
  }

  /** `newest` is the newest version's position: the snapshot of a walk that begins. */
  page(query: SearchQuery, newest: number): SearchPage {
    const cursor =
      query.cursor === undefined ? undefined : readSearchCursor(query.cursor, query.sort.length);
    if (cursor !== undefined && query.sort.length > 0) refuseDrift(newest - cursor.snapshot);
    const plan = this.#planner.plan(query);
    const total = cursor === undefined ? this.#total(query, plan) : cursor.total;
    const counted = total === null ? {} : { total };
    if (query.count === 0 || plan.where === never) return { matches: [], ...counted };
    const places =
      query.sort.length === 0
        ? this.#inCreationOrder(query, plan, cursor)
        : this.#sorted(query, plan, cursor);
    const page = places.slice(0, query.count);
    const matches = page.flatMap(({ ordinal }) => this.#reads.byRid(ordinal) ?? []);
    const last = page.at(-1);
    if (places.length <= query.count || last === undefined) return { matches, ...counted };
    const snapshot = cursor?.snapshot ?? newest;
    return { matches, ...counted, next: writeSearchCursor({ snapshot, total, ...last }) };
  }

  /** Up to one row more than the page takes. */
  #inCreationOrder(query: SearchQuery, plan: SearchPlan, cursor?: SearchCursor): Place[] {
    const where =
      cursor === undefined
        ? plan.where
        : both(plan.where, fragment('r.live_since <= ?', cursor.snapshot));
    const { start } = plan;
    const [source, rid] =
      start?.stream === undefined
        ? [resources(start), 'r.rid']
        : [streamFrom(start.stream), 'x.rid'];
    const after =
      cursor === undefined ? where : both(where, fragment(`${rid} > ?`, cursor.ordinal));
    const rows = this.#query<[number]>(
      `SELECT DISTINCT ${rid} FROM ${source.sql} ${after.sql} ORDER BY ${rid} LIMIT ?`,
      [source, after, fragment('', query.count + 1)],
    );
    return rows.map(([ordinal]) => ({ ordinal, values: [] }));
  }

  #sorted(query: SearchQuery, plan: SearchPlan, cursor?: SearchCursor): Place[] {
    const { sort, count } = query;
    const leaves = this.#planner.leaves(query.types);
    const keys = sort.map((key) => sortExpression(leaves, key));
    const columns = keys.map((sql, at) => `, ${sql} AS k${at}`).join('');
    const source = resources(plan.start);
    const unchanged =
      cursor === undefined ? plan.where : both(plan.where, fragment('r.pos <= ?', cursor.snapshot));
    const after = cursor === undefined ? undefined : afterCursor(sort, cursor);
    const rows = this.#query<[number, ...SortValue[]]>(
      `WITH place AS ${after === undefined ? '' : 'MATERIALIZED'} (
         SELECT r.rid AS rid${columns} FROM ${source.sql} ${unchanged.sql})
       SELECT * FROM place WHERE ${after?.sql ?? '1'} ORDER BY ${orderBy(sort)} LIMIT ?`,
      [source, unchanged, after ?? fragment(''), fragment('', count + 1)],
    );
    const places = rows.map(([ordinal, ...values]): Place => ({ ordinal, values }));
    if (cursor === undefined) return places;
    const moved = this.#changedSince(cursor, query.types, plan)
      .map((rid) => this.#past.place(rid, cursor.snapshot, sort, leaves))
      .filter((place) => comparePlaces(sort, place, cursor) > 0);
    return [...places, ...moved].sort((a, b) => comparePlaces(sort, a, b)).slice(0, count + 1);
  }

  /** Resources of the walk that were written since its snapshot and still match. */
  #changedSince({ snapshot }: SearchCursor, types: readonly string[], plan: SearchPlan): number[] {
    const written = both(
      oneOf('v.type', this.#planner.typeIds(types)),
      fragment('v.pos > ?', snapshot),
    );
    const changed = both(fragment('r.live_since <= ?', snapshot), plan.where);
    const rows = this.#query<[number]>(
      `SELECT r.rid FROM version v INDEXED BY version_type
       CROSS JOIN resource r ON r.rid = v.rid AND r.pos = v.pos
       WHERE ${written.sql} AND ${changed.sql}`,
      [written, changed],
    );
    return rows.map(([rid]) => rid);
  }

  /** Null where it is not asked for. */
  #total(query: SearchQuery, plan: SearchPlan): number | null {
    if (query.total === 'none') return null;
    if (plan.where === never) return 0;
    if (query.where.op === 'and' && query.where.nodes.length === 0) {
      const types = oneOf('type', this.#planner.typeIds(query.types));
      const sql = `SELECT coalesce(sum(live), 0) FROM tally WHERE ${types.sql}`;
      return this.#query<[number]>(sql, [types])[0]?.[0] ?? 0;
    }
    const source = resources(plan.start);
    const sql = `SELECT count(*) FROM ${source.sql} ${plan.where.sql}`;
    return this.#query<[number]>(sql, [source, plan.where])[0]?.[0] ?? 0;
  }

  #query<Row extends readonly SqlValue[]>(sql: string, parts: readonly Fragment[]): Row[] {
    const values = parts.flatMap((part) => part.values);
    return this.#statements.query<Row>(sql, values);
  }
}

function refuseDrift(versions: number): void {
  if (versions <= limits.searchDriftMax) return;
  fail('cursor-invalid', 'Too much was written since this search began; begin it anew');
}

/** Reads an index in rid order and looks each resource up. */
function streamFrom({ table, params, where }: Leaf): Fragment {
  const rows = both(oneOf('x.param', params), where(inTable));
  return {
    sql: `ix_${table} x CROSS JOIN resource r ON r.rid = x.rid WHERE ${rows.sql} AND`,
    values: rows.values,
  };
}

function resources(start: Start | undefined): Fragment {
  if (start === undefined) return { sql: 'resource r WHERE', values: [] };
  return { sql: `resource r WHERE r.rid IN (${start.rids.sql}) AND`, values: start.rids.values };
}
