import type { SearchQuery } from '../../fhir/search-ast.ts';
import { limits } from '../../limits.ts';
import type { Place } from '../order.ts';
import { KnownAnswers } from './known-answers.ts';
import type { SearchPlan } from './search-plan.ts';

/** Where a first page ends up, as good as the data that it was found in. */
export interface FirstPage {
  /** The condition, the order and the length. */
  readonly asked: string;
  readonly stamp: string;
  readonly places: readonly Place[];
}

/** First pages are kept as long as they hold: pages and worklists are asked for again and again. */
export class FirstPages {
  readonly #known = new KnownAnswers<readonly Place[]>(limits.knownPagesMax);

  /** Undefined where it is not known, and where a later page is asked for. */
  find(query: SearchQuery, plan: SearchPlan): FirstPage | undefined {
    if (query.cursor !== undefined) return undefined;
    const asked = nameOf(query, plan);
    const places = this.#known.find(asked, plan.stamp);
    return places === undefined ? undefined : { asked, stamp: plan.stamp, places };
  }

  /** A page that is too long, or not the first, is not kept. */
  keep(query: SearchQuery, plan: SearchPlan, places: readonly Place[]): void {
    if (query.cursor !== undefined || places.length > limits.knownPagePlacesMax) return;
    this.learn({ asked: nameOf(query, plan), stamp: plan.stamp, places });
  }

  /** What another connection found. */
  learn({ asked, stamp, places }: FirstPage): void {
    this.#known.keep(asked, stamp, places);
  }
}

function nameOf({ sort, count }: SearchQuery, plan: SearchPlan): string {
  const order = sort.map(({ kind, param, descending }) => [kind, param, descending]);
  return `${JSON.stringify([count, ...order])} ${plan.name}`;
}
