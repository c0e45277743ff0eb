/**
 * The one search tree. rest/, rules and access policy build it; store/sqlite compiles it to SQL,
 * store/memory and subscriptions evaluate it (fhir/search-match.ts). The implementations must agree
 * on every node: test/contract holds them to it.
 *
 * Dates are closed-open intervals in epoch milliseconds, `[lo, hi)`; an open end is ±Infinity.
 * Numbers searched for are the intervals of their implicit precision
 * (http://hl7.org/fhir/R4/search.html#number); numbers of a resource are closed intervals `[lo, hi]`, a point but
 * for comparators and ranges, with `value` to sort by. search-match.ts states every comparison.
 */
export type Prefix = 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb' | 'ap' | 'co';

export type SearchNode =
  | { readonly op: 'and' | 'or'; readonly nodes: readonly SearchNode[] }
  | { readonly op: 'not'; readonly node: SearchNode }
  | { readonly op: 'id'; readonly ids: readonly string[] }
  /** It is of one of these types: for what is asked of some of a query's types only. */
  | { readonly op: 'type'; readonly types: readonly string[] }
  | ({ readonly op: 'lastUpdated' } & PrefixedInterval)
  | { readonly op: 'missing'; readonly param: string; readonly missing: boolean }
  | SearchLeaf
  /** Every word stands somewhere in the resource (search-text.ts). No index leads there: it is judged by the body. */
  | { readonly op: 'content'; readonly words: readonly Word[] }
  /** Some entry of the leaf's parameter and kind does not fulfil the leaf: "an unequal value". */
  | { readonly op: 'other'; readonly leaf: TextLeaf }
  /** One entry of the parameter fulfils every part, each in its place. */
  | {
      readonly op: 'composite';
      readonly param: string;
      readonly parts: readonly WithoutParam<SearchLeaf>[];
    }
  /** An entry lies within so many meters (fhir/position.ts) of the point, degrees in WGS 84. */
  | {
      readonly op: 'near';
      readonly param: string;
      readonly latitude: number;
      readonly longitude: number;
      readonly meters: number;
    }
  /**
   * A chain: a reference entry of the parameter names, by type and id, a live resource of `type` that fulfils
   * `where`. A version in the reference does not matter; addresses (`url`) are not followed.
   */
  | {
      readonly op: 'chain';
      readonly param: string;
      readonly type: string;
      readonly where: SearchNode;
    }
  /**
   * `_has`: a live resource of `type` fulfils `where` and has a reference entry of `param` that names
   * this one by type and id.
   */
  | {
      readonly op: 'has';
      readonly type: string;
      readonly param: string;
      readonly where: SearchNode;
    };

/** A condition on one value of one parameter; its op is the kind of the entries it speaks of. */
export type SearchLeaf =
  /** `system` absent: any system; null: only values without a system. `code` absent: any code of the system. */
  | {
      readonly op: 'token';
      readonly param: string;
      readonly system?: string | null;
      readonly code?: string;
    }
  /** `value` is the original for exact, and already folded (fold.ts) for all others. */
  | {
      readonly op: 'string';
      readonly param: string;
      readonly match: StringMatch;
      readonly value: string;
    }
  | ({ readonly op: 'date'; readonly param: string } & PrefixedInterval)
  | ({ readonly op: 'number'; readonly param: string; readonly value: number } & PrefixedInterval)
  | ({
      readonly op: 'quantity';
      readonly param: string;
      readonly value: number;
      readonly system?: string;
      readonly code?: string;
    } & PrefixedInterval)
  /** In the canonical units of UCUM; `unit` must be equal. */
  | ({
      readonly op: 'ucum';
      readonly param: string;
      readonly value: number;
      readonly unit: string;
    } & PrefixedInterval)
  | {
      readonly op: 'uri';
      readonly param: string;
      readonly match: 'exact' | 'below' | 'above';
      readonly value: string;
    }
  /** `url` is for absolute references to other servers and canonicals; otherwise id with optional type and version. */
  | {
      readonly op: 'reference';
      readonly param: string;
      readonly type?: string;
      readonly id?: string;
      readonly version?: string;
      readonly url?: string;
    }
  | {
      readonly op: 'referenceIdentifier';
      readonly param: string;
      readonly system?: string | null;
      readonly code?: string;
    };

/** How a text is compared; `gt` and the like by code point. */
export type StringMatch =
  'prefix' | 'exact' | 'contains' | 'suffix' | 'equal' | 'gt' | 'lt' | 'ge' | 'le';

/** A folded word, or the beginning of one. */
export interface Word {
  readonly text: string;
  readonly isBegun: boolean;
}

/** A leaf whose value is a text. */
export type TextLeaf = Extract<SearchLeaf, { readonly op: 'token' | 'string' | 'uri' }>;

/** What is left of each member of a union without its `param`. */
export type WithoutParam<Member> = Member extends unknown ? Omit<Member, 'param'> : never;

export interface PrefixedInterval {
  readonly prefix: Prefix;
  readonly lo: number;
  readonly hi: number;
}

/** One searchable value of one resource; extracted once per write (fhir/search-extract.ts). */
export type IndexEntry =
  | ValueEntry
  /** The values of a composite's components that stand together in one element, in their order. */
  | {
      readonly kind: 'composite';
      readonly param: string;
      readonly parts: readonly WithoutParam<ValueEntry>[];
    }
  /** Degrees in WGS 84. */
  | {
      readonly kind: 'position';
      readonly param: string;
      readonly latitude: number;
      readonly longitude: number;
    };

/** An entry of one value. */
export type ValueEntry =
  | {
      readonly kind: 'token';
      readonly param: string;
      readonly system: string | null;
      readonly code: string;
    }
  | {
      readonly kind: 'string';
      readonly param: string;
      readonly folded: string;
      readonly exact: string;
    }
  | { readonly kind: 'date'; readonly param: string; readonly lo: number; readonly hi: number }
  | {
      readonly kind: 'number';
      readonly param: string;
      readonly lo: number;
      readonly hi: number;
      readonly value: number;
    }
  | {
      readonly kind: 'quantity';
      readonly param: string;
      readonly lo: number;
      readonly hi: number;
      readonly value: number;
      readonly system: string | null;
      readonly code: string | null;
      readonly unit: string | null;
    }
  /** Besides the `quantity` entry, where its code is of UCUM: the same in canonical units. */
  | {
      readonly kind: 'ucum';
      readonly param: string;
      readonly lo: number;
      readonly hi: number;
      readonly value: number;
      readonly unit: string;
    }
  | { readonly kind: 'uri'; readonly param: string; readonly value: string }
  | {
      readonly kind: 'reference';
      readonly param: string;
      readonly type: string | null;
      readonly id: string | null;
      readonly version: string | null;
      readonly url: string | null;
    }
  | {
      readonly kind: 'referenceIdentifier';
      readonly param: string;
      readonly system: string | null;
      readonly code: string;
    };

export interface SortKey {
  /** A search parameter code, `_id` or `_lastUpdated`. */
  readonly param: string;
  readonly kind:
    | 'string'
    | 'token'
    | 'date'
    | 'number'
    | 'quantity'
    | 'uri'
    | 'reference'
    | 'id'
    | 'lastUpdated';
  readonly descending: boolean;
}

/**
 * A whole search. `count` is 0..limits.searchPageMax. `cursor` is what the previous page returned;
 * it pins the snapshot, so what existed throughout a walk is seen exactly once.
 */
export interface SearchQuery {
  readonly types: readonly [string, ...string[]];
  readonly where: SearchNode;
  readonly sort: readonly SortKey[];
  readonly count: number;
  readonly total: 'none' | 'accurate';
  readonly cursor?: string;
}

/** Matches everything of its types. */
export const matchAll: SearchNode = { op: 'and', nodes: [] };

/** Whether a tree is that: nothing was asked for. */
export function isUnconditional(node: SearchNode): boolean {
  return node.op === 'and' && node.nodes.length === 0;
}
