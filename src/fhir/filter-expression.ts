/**
 * The grammar of `_filter` (http://hl7.org/fhir/R4/search_filter.html), without a meaning yet:
 *
 *     filter   = test / filter ("and" / "or") filter / "not" "(" filter ")" / "(" filter ")"
 *     test     = path operator value
 *     path     = "_has:" Type ":" reference ":" path / name [":" Type] ["[" filter "]"] ["." path]
 *     value    = JSON string / what has no white space, ")" or "]"
 *
 * `and` and `or` go from left to right and neither binds closer.
 */
import { limits } from '../limits.ts';
import { errorIssue, type Issue } from './issue.ts';
import type { IssueCode } from './issue-table.ts';

const filterOperators = [
  ...(['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'lt', 'ge', 'le', 'ap'] as const),
  ...(['sa', 'eb', 'pr', 'po', 'ss', 'sb', 'in', 'ni', 're'] as const),
] as const;

export type FilterOperator = (typeof filterOperators)[number];

export type FilterExpression =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly FilterExpression[] }
  | { readonly kind: 'not'; readonly part: FilterExpression }
  | FilterTest;

export interface FilterTest {
  readonly kind: 'test';
  readonly path: FilterPath;
  readonly operator: FilterOperator;
  readonly value: string;
  /** Where the value begins: UTF-16 units from 0. */
  readonly at: number;
}

/** One name of a path; `at` is where it begins. */
export type FilterPath =
  | {
      readonly kind: 'name';
      readonly name: string;
      readonly at: number;
      /** The type that the reference leads to, where it is said. */
      readonly type?: string;
      /** What the resource that the reference leads to fulfils besides. */
      readonly filter?: FilterExpression;
      readonly next?: FilterPath;
    }
  | {
      readonly kind: 'has';
      readonly type: string;
      readonly name: string;
      readonly at: number;
      readonly next: FilterPath;
    };

/** Reads a filter; the issue says at which character it is none. */
export function parseFilterExpression(text: string): FilterExpression | { readonly issue: Issue } {
  if (text.length > limits.searchFilterCharsMax) {
    const most = String(limits.searchFilterCharsMax);
    return { issue: errorIssue('limit', `_filter has more than ${most} characters`) };
  }
  try {
    return new FilterReader(text).whole();
  } catch (error) {
    if (error instanceof FilterFault) return { issue: filterIssue(error) };
    throw error;
  }
}

/** A fault at a place of a filter, while it is read. */
export class FilterFault extends Error {
  readonly at: number;
  readonly code: IssueCode;

  constructor(at: number, message: string, code: IssueCode = 'search-value') {
    super(message);
    this.at = at;
    this.code = code;
  }
}

/** The issue of a fault; characters are counted from 1. */
export function filterIssue({ at, message, code }: FilterFault): Issue {
  return errorIssue(code, `_filter, character ${String(at + 1)}: ${message}`);
}

class FilterReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): FilterExpression {
    const filter = this.#filter(1);
    this.#space();
    if (this.#at < this.#text.length) this.#fail('expected "and", "or" or the end');
    this.#bound(depthOf(filter));
    return filter;
  }

  #filter(depth: number): FilterExpression {
    let filter = this.#term(depth);
    for (;;) {
      const kind = this.#word('and') ? 'and' : this.#word('or') ? 'or' : undefined;
      if (kind === undefined) return filter;
      const parts = filter.kind === kind ? filter.parts : [filter];
      filter = { kind, parts: [...parts, this.#term(depth)] };
    }
  }

  #bound(depth: number): void {
    if (depth <= limits.searchFilterDepthMax) return;
    const most = String(limits.searchFilterDepthMax);
    throw new FilterFault(this.#at, `nested deeper than ${most} (searchFilterDepthMax)`, 'limit');
  }

  #term(depth: number): FilterExpression {
    this.#bound(depth);
    this.#space();
    const isNot = this.#match(/not(?=[\s(])/y) !== undefined;
    this.#space();
    if (this.#match(/\(/y) === undefined) {
      if (isNot) this.#fail('expected "(" after "not"');
      return this.#test(depth);
    }
    const part = this.#filter(depth + 1);
    this.#space();
    if (this.#match(/\)/y) === undefined) this.#fail('expected ")", "and" or "or"');
    this.#space();
    return isNot ? { kind: 'not', part } : part;
  }

  #test(depth: number): FilterTest {
    const path = this.#path(depth);
    this.#need(/\s+/y, 'expected a space and an operator');
    const before = this.#at;
    const operator = this.#match(/[a-z]{2}(?=\s)/y);
    if (!isOperator(operator)) {
      this.#at = before;
      this.#fail(`expected an operator, one of ${filterOperators.join(' ')}, and a space`);
    }
    this.#space();
    const at = this.#at;
    return { kind: 'test', path, operator, value: this.#value(), at };
  }

  #path(depth: number): FilterPath {
    this.#bound(depth);
    const at = this.#at;
    if (this.#match(/_has:/y) !== undefined) {
      const type = this.#need(/[A-Za-z]+/y, 'expected a resource type');
      this.#need(/:/y, 'expected ":" and a reference parameter');
      const name = this.#need(nameForm, 'expected a reference parameter');
      this.#need(/:/y, 'expected ":" and a search parameter');
      return { kind: 'has', type, name, at, next: this.#path(depth + 1) };
    }
    const name = this.#need(nameForm, 'expected the name of a search parameter');
    const isTyped = this.#match(/:/y) !== undefined;
    const type = isTyped ? this.#need(/[A-Za-z]+/y, 'expected a resource type') : undefined;
    const isFiltered = this.#match(/\[/y) !== undefined;
    const filter = isFiltered ? this.#bracketed(depth + 1) : undefined;
    const goesOn = this.#match(/\./y) !== undefined;
    if (filter !== undefined && !goesOn) this.#fail('expected "." and a name after "]"');
    return {
      ...{ kind: 'name', name, at },
      ...(type === undefined ? {} : { type }),
      ...(filter === undefined ? {} : { filter }),
      ...(goesOn ? { next: this.#path(depth + 1) } : {}),
    };
  }

  #bracketed(depth: number): FilterExpression {
    const filter = this.#filter(depth);
    this.#space();
    this.#need(/\]/y, 'expected "]", "and" or "or"');
    return filter;
  }

  #value(): string {
    const at = this.#at;
    if (this.#text[at] !== '"') return this.#need(/[^\s)\]]+/y, 'expected a value');
    const quoted = this.#need(/"(?:[^"\\]|\\.)*"/sy, 'expected the end of the text: "');
    try {
      return JSON.parse(quoted) as string;
    } catch {
      throw new FilterFault(at, 'this is not a JSON string');
    }
  }

  /** A word by itself, with the space around it. */
  #word(word: 'and' | 'or'): boolean {
    return (
      this.#match(word === 'and' ? /\s*\band(?=[\s(]|$)/y : /\s*\bor(?=[\s(]|$)/y) !== undefined
    );
  }

  #space(): void {
    this.#match(/\s+/y);
  }

  #need(form: RegExp, otherwise: string): string {
    return this.#match(form) ?? this.#fail(otherwise);
  }

  /** What is here, if it has the form; moves behind it. */
  #match(form: RegExp): string | undefined {
    form.lastIndex = this.#at;
    const found = form.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #fail(message: string): never {
    throw new FilterFault(this.#at, message);
  }
}

/** How deep a tree of it is. */
function depthOf(filter: FilterExpression): number {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return 1 + Math.max(...filter.parts.map(depthOf));
    case 'not':
      return 1 + depthOf(filter.part);
    case 'test':
      return depthOfPath(filter.path);
  }
}

function depthOfPath(path: FilterPath): number {
  const next = path.next === undefined ? 0 : depthOfPath(path.next);
  const filter = path.kind === 'name' && path.filter ? depthOf(path.filter) : 0;
  return 1 + Math.max(next, filter);
}

const nameForm = /[A-Za-z_][\w-]*/y;

function isOperator(text: string | undefined): text is FilterOperator {
  return (filterOperators as readonly (string | undefined)[]).includes(text);
}
