import type { SearchNode, SearchQuery } from '../../fhir/search-ast.ts';
import { fail } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import { readSearchCursor, writeSearchCursor, type SearchCursor } from '../cursor.ts';
import type { SortValue } from '../../fhir/search-match.ts';
import { comparePlaces, type Place } from '../order.ts';
import type { SearchPage } from '../store.ts';
import type { Dictionary } from './dictionary.ts';
import { FirstPages, type FirstPage } from './first-pages.ts';
import { always, both, fragment, never, oneOf, type Fragment } from './fragment.ts';
import { dated, inTable } from './index-table.ts';
import type { Leaf } from './leaf.ts';
import { PastPlaces } from './past-place.ts';
import type { Reads } from './reads.ts';
import {
  isShort,
  SearchPlanner,
  sourceOf,
  type Guard,
  type SearchPlan,
  type Start,
} from './search-plan.ts';
import { SearchTotals, type KnownTotal } from './search-totals.ts';
import { afterCursor, orderBy, sortExpression } from './sort-value.ts';
import { boundOf, walkOf, type SortedWalk } from './sorted-walk.ts';
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
  readonly #totals: SearchTotals;
  readonly #firstPages = new FirstPages();
  readonly #guard: Guard | undefined;
  /** Sorted walks that began before this position cannot be gone on with. */
  readonly #walksFrom: number;

  /** `guard` is asked of every resource looked at, before any other condition. */
  constructor(statements: Statements, names: Dictionary, reads: Reads, guard?: Guard) {
    this.#guard = guard;
    this.#walksFrom =
      statements.value<number>("SELECT value FROM counter WHERE name = 'walks'")() ?? 0;
    this.#statements = statements;
    this.#planner = new SearchPlanner(statements, names);
    this.#past = new PastPlaces(statements, names);
    this.#reads = reads;
    this.#totals = new SearchTotals(statements, this.#planner, guard);
  }

  plan(query: SearchQuery): SearchPlan {
    return this.#planner.plan(query, this.#guard);
  }

  /** Whether a page may take more than some thousand resources to read. */
  isLong(query: SearchQuery, plan: SearchPlan): boolean {
    const { types, where, sort, total } = query;
    const known = this.#firstPages.find(query, plan);
    const isCounted = total === 'none' || this.#totals.known(plan) !== undefined;
    if (known !== undefined && (isCounted || holdsAll(query, known.places.length))) return false;
    if (readsBodies(where)) return true;
    if (plan.isShort || this.#totals.live(types) < limits.searchProbeRows) return false;
    if (conditions(where) > 0 && !isCounted) return true;
    if (sort.length > 0) return !this.#isNear(query, plan);
    return conditions(where) > 0 && (plan.start?.stream === undefined || conditions(where) > 1);
  }

  /**
   * Whether reading in the order of the sort leads to a full page soon: the index holds just what is asked for, or
   * everything is, or so many of the resources that even if half as many came at first as later, it is not far.
   */
  #isNear(query: SearchQuery, plan: SearchPlan): boolean {
    const { types, where, count } = query;
    const walk = this.#walk(query, plan);
    if (walk === undefined || walk.isNarrow) return walk !== undefined;
    const asked = conditions(where);
    if (asked === 0) return true;
    const looked = ((count + 1) * this.#totals.live(types)) / (plan.start?.rows ?? 1);
    return asked === 1 && looked <= limits.searchProbeRows / 2;
  }

  /** `newest` is the newest version's position: the snapshot of a walk that begins. */
  page(query: SearchQuery, newest: number, plan = this.plan(query)): SearchPage {
    const cursor =
      query.cursor === undefined ? undefined : readSearchCursor(query.cursor, query.sort.length);
    if (cursor !== undefined && query.sort.length > 0) {
      refuseDrift(cursor.snapshot < this.#walksFrom ? Infinity : newest - cursor.snapshot);
    }
    const places = this.#places(query, plan, cursor);
    const total = this.#total(query, plan, { cursor, found: places.length });
    const counted = total === null ? {} : { total };
    const page = places.slice(0, query.count);
    const matches = this.#reads.byRids(page.map(({ ordinal }) => ordinal));
    const last = page.at(-1);
    if (places.length <= query.count || last === undefined) return { matches, ...counted };
    const snapshot = cursor?.snapshot ?? newest;
    return { matches, ...counted, next: writeSearchCursor({ snapshot, total, ...last }) };
  }

  /** A page, and what was found out for it, to be learned by another connection. */
  taughtPage(query: SearchQuery, newest: number): TaughtPage {
    const plan = this.plan(query);
    const page = this.page(query, newest, plan);
    const first = this.#firstPages.find(query, plan);
    return { page, total: this.#totals.known(plan), first };
  }

  /** What another connection found out: the next who asks is answered without it. */
  learn({ total, first }: Omit<TaughtPage, 'page'>): void {
    if (total !== undefined) this.#totals.learn(total);
    if (first !== undefined) this.#firstPages.learn(first);
  }

  /** Up to one row more than the page takes. */
  #places(query: SearchQuery, plan: SearchPlan, cursor?: SearchCursor): readonly Place[] {
    if (query.count === 0 || plan.where === never) return [];
    const known = this.#firstPages.find(query, plan);
    if (known !== undefined) return known.places;
    const places =
      query.sort.length === 0
        ? this.#inCreationOrder(query, plan, cursor)
        : this.#sorted(query, plan, cursor);
    this.#firstPages.keep(query, plan, places);
    return places;
  }

  #inCreationOrder(query: SearchQuery, plan: SearchPlan, cursor?: SearchCursor): Place[] {
    const { start } = plan;
    const isFew = this.#isFew(query, start);
    const found =
      (cursor === undefined ? this.#fromIndexAlone(query, plan, isFew) : undefined) ??
      this.#fromResources(query, plan, { cursor, start: isFew ? start : undefined });
    return found.map(([ordinal]) => ({ ordinal, values: [] }));
  }

  /** Where the index rows of the start are the answer: what is live now, so nothing for a walk that has begun. */
  #fromIndexAlone(
    { count }: SearchQuery,
    { answer, start }: SearchPlan,
    isFew: boolean,
  ): [number][] | undefined {
    if (answer === undefined || (!isFew && start?.stream === undefined)) return undefined;
    if (start?.few !== undefined) {
      return [...new Set(start.few)]
        .sort((a, b) => a - b)
        .slice(0, count + 1)
        .map((rid) => [rid]);
    }
    const guard = this.#guard?.('found.rid') ?? always;
    return this.#query<[number]>(
      `SELECT DISTINCT found.rid FROM (${answer.sql}) found WHERE ${guard.sql}
       ORDER BY found.rid LIMIT ?`,
      [answer, guard, fragment('', count + 1)],
    );
  }

  #fromResources(
    { count }: SearchQuery,
    plan: SearchPlan,
    {
      cursor,
      start,
    }: { readonly cursor: SearchCursor | undefined; readonly start: Start | undefined },
  ): [number][] {
    const stream = plan.start?.stream;
    const [source, rid] =
      stream === undefined ? [sourceOf(start), 'r.rid'] : [streamFrom(stream), 'x.rid'];
    const after =
      cursor === undefined
        ? plan.where
        : both(
            plan.where,
            fragment('r.live_since <= ?', cursor.snapshot),
            fragment(`${rid} > ?`, cursor.ordinal),
          );
    return this.#query<[number]>(
      `SELECT DISTINCT ${rid} FROM ${source.sql} ${after.sql} ORDER BY ${rid} LIMIT ?`,
      [source, after, fragment('', count + 1)],
    );
  }

  #sorted(query: SearchQuery, plan: SearchPlan, cursor?: SearchCursor): Place[] {
    const { sort, count } = query;
    const leaves = this.#planner.leaves(query.types);
    const walk = this.#walk(query, plan);
    const places =
      walk === undefined
        ? this.#sortAll(query, plan, cursor)
        : this.#walkInOrder({ query, plan, walk }, cursor);
    if (cursor === undefined) return places;
    const moved = this.#changedSince(cursor, query.types, plan)
      .map((rid) => this.#past.place(rid, cursor.snapshot, sort, leaves))
      .filter((place) => comparePlaces(sort, place, cursor) > 0);
    return [...places, ...moved].sort((a, b) => comparePlaces(sort, a, b)).slice(0, count + 1);
  }

  /** An index in the sort's order, where reading on in it until the page is full looks at less than the matches. */
  #walk(query: SearchQuery, { start }: SearchPlan): SortedWalk | undefined {
    const walk = walkOf(this.#planner.leaves(query.types), query);
    if (walk === undefined || start === undefined) return walk;
    const isNarrowed =
      walk.isNarrow && start.node.op === 'token' && start.node.param === dated.token;
    if (isNarrowed) return start.rows > query.count ? walk : undefined;
    if (isShort(start)) return undefined;
    return walk.isNarrow || !this.#isFew(query, start) ? walk : undefined;
  }

  /**
   * Whether reading all that a condition leads to is less work than reading on in order until the page is full:
   * of `live` resources every `live / rows`th is of them, so a page looks at `count * live / rows`.
   */
  #isFew(query: SearchQuery, start: Start | undefined): boolean {
    if (start === undefined || isShort(start)) return start !== undefined;
    const even = Math.ceil(Math.sqrt(this.#totals.live(query.types) * (query.count + 1)));
    return even > limits.searchProbeRows && this.#planner.countRows(start, even) < even;
  }

  /** Reads all that match. */
  #sortAll(query: SearchQuery, plan: SearchPlan, cursor?: SearchCursor): Place[] {
    const { sort, count } = query;
    const source = sourceOf(plan.start);
    const unchanged = unchangedSince(plan, cursor);
    const after = cursor === undefined ? undefined : afterCursor(sort, cursor);
    return this.#placesOf(
      `WITH place AS ${after === undefined ? '' : 'MATERIALIZED'} (
         SELECT ${this.#columns(query)} FROM ${source.sql} ${unchanged.sql})
       SELECT * FROM place WHERE ${after?.sql ?? '1'} ORDER BY ${orderBy(sort)} LIMIT ?`,
      [source, unchanged, after ?? always, fragment('', count + 1)],
    );
  }

  /** Reads on in the index until the page is full; then, if it is not, what lacks the first key. */
  #walkInOrder({ query, plan, walk }: WalkPlan, cursor?: SearchCursor): Place[] {
    const { sort, count } = query;
    const [first] = sort;
    if (first === undefined) return [];
    const unchanged = unchangedSince(plan, cursor);
    const after = cursor === undefined ? always : afterCursor(sort, cursor);
    const columns = this.#columns(query, walk.value);
    const isPast = cursor?.values[0] === null;
    const where = both(walk.where, boundOf(walk, first, cursor), unchanged, after);
    const places = isPast
      ? []
      : this.#placesOf(
          `SELECT DISTINCT ${columns} FROM ${walk.from} WHERE ${where.sql}
           ORDER BY ${orderBy(sort, walk.value)} LIMIT ?`,
          [where, fragment('', count + 1)],
        );
    if (!walk.leavesOut || places.length > count) return places;
    const lacking = both(
      fragment(`${sortExpression(this.#planner.leaves(query.types), first)} IS NULL`),
      unchanged,
      isPast ? after : always,
    );
    const source = sourceOf(plan.start);
    const rest = this.#placesOf(
      `SELECT ${this.#columns(query, 'NULL')} FROM ${source.sql} ${lacking.sql}
       ORDER BY ${orderBy(sort.slice(1), undefined, 1)} LIMIT ?`,
      [source, lacking, fragment('', count + 1 - places.length)],
    );
    return [...places, ...rest];
  }

  /** `ordinal, k0, k1`: a row as #places takes it. */
  #columns({ sort, types }: SearchQuery, firstKey?: string): string {
    const leaves = this.#planner.leaves(types);
    const keys = sort.map((key, at) =>
      at === 0 && firstKey !== undefined ? firstKey : sortExpression(leaves, key),
    );
    return ['r.rid AS ordinal', ...keys.map((sql, at) => `${sql} AS k${at}`)].join(', ');
  }

  #placesOf(sql: string, parts: readonly Fragment[]): Place[] {
    return this.#query<[number, ...SortValue[]]>(sql, parts).map(([ordinal, ...values]) => ({
      ordinal,
      values,
    }));
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

  /** Null where it is not asked for. A first page that holds all of it needs no count. */
  #total(query: SearchQuery, plan: SearchPlan, { cursor, found }: Walked): number | null {
    if (cursor !== undefined) return cursor.total;
    if (query.total === 'none') return null;
    return holdsAll(query, found) ? found : this.#totals.of(query, plan);
  }

  #query<Row extends readonly SqlValue[]>(sql: string, parts: readonly Fragment[]): Row[] {
    const values = parts.flatMap((part) => part.values);
    return this.#statements.query<Row>(sql, values);
  }
}

/** Whether a first page has all that matches. */
function holdsAll({ count }: SearchQuery, found: number): boolean {
  return found > 0 && found <= count;
}

/** A page with what a connection learned by it, as good as the data that it was made from. */
export interface TaughtPage {
  readonly page: SearchPage;
  readonly total: KnownTotal | undefined;
  readonly first: FirstPage | undefined;
}

/** Where a walk stands, and how many places were found from there, one more than the page at most. */
interface Walked {
  readonly cursor: SearchCursor | undefined;
  readonly found: number;
}

interface WalkPlan {
  readonly query: SearchQuery;
  readonly plan: SearchPlan;
  readonly walk: SortedWalk;
}

/** What was written since stands where it stood then: past-place.ts finds that. */
function unchangedSince({ where }: SearchPlan, cursor: SearchCursor | undefined): Fragment {
  return cursor === undefined ? where : both(where, fragment('r.pos <= ?', cursor.snapshot));
}

function conditions(where: SearchQuery['where']): number {
  return where.op === 'and' ? where.nodes.length : 1;
}

/** Whether bodies are read and looked through: that takes long, however few they are. */
function readsBodies(node: SearchNode): boolean {
  switch (node.op) {
    case 'and':
    case 'or':
      return node.nodes.some(readsBodies);
    case 'not':
      return readsBodies(node.node);
    case 'chain':
    case 'has':
      return readsBodies(node.where);
    default:
      return node.op === 'content';
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
