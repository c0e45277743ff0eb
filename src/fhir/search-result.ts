/** The parameters that say how a result is given: `_count`, `_sort`, `_total`, `_summary`, `_elements`, `_contained`, includes. */
import { limits } from '../limits.ts';
import { isResourceType, searchParameters, type SearchParameterDefinition } from './definitions.ts';
import { errorIssue, type Issue } from './issue.ts';
import type { IssueCode } from './issue-table.ts';
import type { SearchQuery, SortKey } from './search-ast.ts';

export type Summary = 'true' | 'text' | 'data' | 'count' | 'false';

/** One `_include` or `_revinclude`. */
export interface Include {
  /** The type that the references are of; `*` for any. */
  readonly sourceType: string;
  /** The reference parameter; `*` for all that the type has. */
  readonly param: string;
  /** Only targets of this type. */
  readonly targetType?: string;
  readonly iterate: boolean;
  /** `_revinclude`: what points at the matches. */
  readonly reverse: boolean;
}

/** Whether resources that others contain are searched: not, only, or besides those that stand alone. */
export type Contained = 'false' | 'true' | 'both';

export interface ResultView {
  readonly contained: Contained;
  /** Of a contained resource that matches: what contains it, or itself. */
  readonly containedType: 'container' | 'contained';
  readonly summary?: Summary;
  readonly elements?: readonly string[];
  readonly includes: readonly Include[];
}

/** What taking a parameter gives: an issue, or the value as it will be executed. */
type Taken = { readonly issue: Issue } | { readonly used: string };

/** Collects result parameters as they come. */
export class ResultOptions {
  sort: readonly SortKey[] = [];
  total: SearchQuery['total'];
  #summary: Summary | undefined;
  #elements: readonly string[] | undefined;
  #contained: Contained = 'false';
  #containedType: ResultView['containedType'] = 'container';
  readonly #warnings: Issue[] = [];
  readonly #includes: Include[] = [];
  readonly #types: SearchQuery['types'];
  readonly #seen = new Set<string>();
  #count: number = limits.searchPageDefault;

  constructor(types: SearchQuery['types'], defaultTotal: SearchQuery['total']) {
    this.#types = types;
    this.total = defaultTotal;
  }

  /** 0 where only the number of matches is asked for. */
  get count(): number {
    return this.#summary === 'count' ? 0 : this.#count;
  }

  /** What was taken otherwise than it was asked. */
  get warnings(): readonly Issue[] {
    return this.#warnings;
  }

  /** What of a resource is shown, and what comes with it. */
  view(): ResultView {
    return {
      ...(this.#summary === undefined ? {} : { summary: this.#summary }),
      ...(this.#elements === undefined ? {} : { elements: this.#elements }),
      contained: this.#contained,
      containedType: this.#containedType,
      includes: this.#includes,
    };
  }

  /** Undefined where the parameter is not one of these. */
  take(name: string, value: string): Taken | undefined {
    const [code = '', modifier] = name.split(':', 2);
    if (code === '_include' || code === '_revinclude') {
      return this.#include(value, code === '_revinclude', modifier);
    }
    const reader = Object.hasOwn(this.#readers, code) ? this.#readers[code] : undefined;
    if (!reader) return undefined;
    if (modifier !== undefined) return refuse('search-modifier', `${code} takes no modifier`);
    if (this.#seen.has(code)) return refuse('search-value', `${code} is given more than once`);
    this.#seen.add(code);
    return reader(value);
  }

  readonly #readers: Readonly<Record<string, (value: string) => Taken>> = {
    _count: (value) => {
      if (!/^\d{1,9}$/.test(value)) {
        return refuse('search-value', '_count is not a number from 0 on');
      }
      this.#count = Math.min(Number(value), limits.searchPageMax);
      if (Number(value) > limits.searchPageMax) {
        const diagnostics = `_count is at most ${String(limits.searchPageMax)} (searchPageMax)`;
        this.#warnings.push({ code: 'limit', severity: 'warning', diagnostics });
      }
      if (this.#count === 0) this.#summary = 'count';
      return { used: String(this.#count) };
    },
    _sort: (value) => this.#sort(value),
    _total: (value) => {
      if (value !== 'none' && value !== 'accurate' && value !== 'estimate') {
        return refuse('search-value', '_total is none, estimate or accurate');
      }
      this.total = value === 'none' ? 'none' : 'accurate';
      return { used: this.total };
    },
    _summary: (value) => {
      if (!isSummary(value)) {
        return refuse('search-value', '_summary is true, text, data, count or false');
      }
      if (this.#summary === undefined) this.#summary = value;
      return { used: value };
    },
    _elements: (value) => {
      const names = value.split(',').filter((name) => name !== '');
      if (names.length > limits.searchValuesMax) {
        const most = String(limits.searchValuesMax);
        return refuse('limit', `_elements has more than ${most} names (searchValuesMax)`);
      }
      if (!names.every((name) => elementForm.test(name))) {
        return refuse('search-value', '_elements is a list of element names');
      }
      this.#elements = names;
      return { used: value };
    },
    _contained: (value) => {
      if (value !== 'true' && value !== 'both' && value !== 'false') {
        return refuse('search-value', '_contained is true, both or false');
      }
      this.#contained = value;
      return { used: value };
    },
    _containedType: (value) => {
      if (value !== 'container' && value !== 'contained') {
        return refuse('search-value', '_containedType is container or contained');
      }
      this.#containedType = value;
      return { used: value };
    },
  };

  #sort(value: string): Taken {
    const keys: SortKey[] = [];
    for (const part of value.split(',')) {
      const descending = part.startsWith('-');
      const code = descending ? part.slice(1) : part;
      const kind = this.#sortKind(code);
      if (kind === undefined) {
        return refuse('search-parameter', '_sort names a parameter that cannot be sorted by');
      }
      keys.push({ param: code, kind, descending });
    }
    if (keys.length > limits.searchSortKeysMax) {
      return refuse(
        'limit',
        `_sort has more than ${String(limits.searchSortKeysMax)} keys (searchSortKeysMax)`,
      );
    }
    this.sort = keys;
    return { used: value };
  }

  #sortKind(code: string): SortKey['kind'] | undefined {
    if (code === '_id') return 'id';
    if (code === '_lastUpdated') return 'lastUpdated';
    const kinds = this.#types.map((type) => searchParameters(type).get(code)?.type);
    const [kind] = kinds;
    if (kind === undefined || kind === 'composite' || kind === 'special') return undefined;
    if (code === '_text' || code === '_content') return undefined;
    return kinds.every((other) => other === kind) ? kind : undefined;
  }

  #include(value: string, reverse: boolean, modifier: string | undefined): Taken {
    if (modifier !== undefined && modifier !== 'iterate' && modifier !== 'recurse') {
      return refuse('search-modifier', 'An include takes the modifier iterate only');
    }
    const [sourceType = '', param = '', targetType, ...more] = value.split(':');
    const isForm = value === '*' || (isResourceType(sourceType) && more.length === 0);
    const definitions = isForm ? includedParameters(sourceType, param) : [];
    if (definitions.length === 0) {
      return refuse(
        'search-parameter',
        'An include is Type:reference-parameter or with :Type; * stands for any parameter',
      );
    }
    if (
      targetType !== undefined &&
      !definitions.some((definition) => isTarget(definition, targetType))
    ) {
      return refuse('search-value', 'The parameter of an include never points to this type');
    }
    this.#includes.push({
      sourceType,
      param: value === '*' ? '*' : param,
      ...(targetType === undefined ? {} : { targetType }),
      iterate: modifier !== undefined,
      reverse,
    });
    return { used: value };
  }
}

/** `name`, `Patient.name`, `name.family`, `value[x]`. */
const elementForm = /^(?:[A-Z]\w*\.)?[a-z]\w*(?:\[x\])?(?:\.[a-z]\w*(?:\[x\])?){0,16}$/;

function isSummary(value: string): value is Summary {
  return ['true', 'text', 'data', 'count', 'false'].includes(value);
}

const anyParameter: SearchParameterDefinition = { code: '*', id: '*', type: 'reference' };

/** The reference parameters that an include names; of `*` one that stands for all. */
function includedParameters(
  sourceType: string,
  param: string,
): readonly SearchParameterDefinition[] {
  if (sourceType === '*') return [anyParameter];
  return [...searchParameters(sourceType).values()].filter(
    ({ code, type }) => type === 'reference' && (param === '*' || code === param),
  );
}

/** Whether a reference parameter may point to a type; a parameter without targets to any. */
function isTarget({ target }: SearchParameterDefinition, type: string): boolean {
  return isResourceType(type) && (target?.includes(type) ?? true);
}

function refuse(code: IssueCode, diagnostics: string): Taken {
  return { issue: errorIssue(code, diagnostics) };
}
