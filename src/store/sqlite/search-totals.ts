import { limits } from '../../limits.ts';
import { isUnconditional, type SearchQuery } from '../../fhir/search-ast.ts';
import { always, never, oneOf } from './fragment.ts';
import { KnownAnswers } from './known-answers.ts';
import { sourceOf, type Guard, type SearchPlan, type SearchPlanner } from './search-plan.ts';
import type { Statements } from './statements.ts';

/** A count of matches, as good as the data that it was made from. */
export interface KnownTotal {
  readonly search: string;
  /** What the data looked like: as long as it does, the count holds. */
  readonly stamp: string;
  readonly total: number;
}

/**
 * How many resources match. Counting reads every match, so that it costs more than the page beside it; dashboards
 * and page walks ask for the same count again and again, so what was counted is kept.
 */
export class SearchTotals {
  readonly #statements: Statements;
  readonly #planner: SearchPlanner;
  readonly #guard: Guard | undefined;
  readonly #known = new KnownAnswers<number>(limits.knownTotalsMax);

  constructor(statements: Statements, planner: SearchPlanner, guard: Guard | undefined) {
    this.#statements = statements;
    this.#planner = planner;
    this.#guard = guard;
  }

  /** As it is now, counted where it is not known. */
  of(query: SearchQuery, plan: SearchPlan): number {
    if (plan.where === never) return 0;
    if (isUnconditional(query.where)) return this.live(query.types);
    const known = this.known(plan);
    if (known !== undefined) return known.total;
    const total = this.#count(plan);
    this.learn({ search: plan.name, stamp: plan.stamp, total });
    return total;
  }

  /** Resources of these types. */
  live(types: readonly string[]): number {
    const wanted = oneOf('type', this.#planner.typeIds(types));
    const sql = `SELECT coalesce(sum(live), 0) FROM tally WHERE ${wanted.sql}`;
    return this.#statements.query<[number]>(sql, wanted.values)[0]?.[0] ?? 0;
  }

  /** What was counted; undefined where nothing was. */
  known({ name: search, stamp }: SearchPlan): KnownTotal | undefined {
    const total = this.#known.find(search, stamp);
    return total === undefined ? undefined : { search, stamp, total };
  }

  /** What another connection counted. */
  learn({ search, stamp, total }: KnownTotal): void {
    this.#known.keep(search, stamp, total);
  }

  #count({ answer, start, where }: SearchPlan): number {
    if (answer !== undefined && start?.few !== undefined) return new Set(start.few).size;
    if (answer !== undefined) {
      const guard = this.#guard?.('found.rid') ?? always;
      const sql = `SELECT count(DISTINCT found.rid) FROM (${answer.sql}) found WHERE ${guard.sql}`;
      return this.#first(sql, [...answer.values, ...guard.values]);
    }
    const source = sourceOf(start);
    const sql = `SELECT count(*) FROM ${source.sql} ${where.sql}`;
    return this.#first(sql, [...source.values, ...where.values]);
  }

  #first(...[sql, values]: Parameters<Statements['query']>): number {
    return this.#statements.query<[number]>(sql, values)[0]?.[0] ?? 0;
  }
}
