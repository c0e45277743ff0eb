/** What belongs to a value set: `ValueSet.compose` (http://hl7.org/fhir/R4/valueset.html#compositions). */
import { limits } from '../limits.ts';
import {
  designationsOf,
  listOf,
  textOf,
  type CodeSystem,
  type Designation,
} from './code-system.ts';
import { conceptFilter, type ConceptTest } from './concept-filter.ts';
import { fail } from './issue.ts';
import { splitCanonical } from './reference.ts';
import type { Resource } from './resource.ts';

/** Code systems and value sets at hand, by canonical URL with or without `|version`. */
export interface Terminology {
  codeSystem(canonical: string): CodeSystem | undefined;
  valueSet(canonical: string): Resource | undefined;
}

export interface Member {
  readonly system: string;
  readonly version?: string;
  readonly code: string;
  readonly display?: string;
  readonly designation: readonly Designation[];
  readonly inactive: boolean;
  readonly abstract: boolean;
  /** Codes right above it in its system. */
  readonly parents: readonly string[];
}

type Members = Readonly<Record<string, unknown>>;

/** An `include` or `exclude`. */
interface Include {
  readonly system: string | undefined;
  readonly version: string | undefined;
  readonly listed: ReadonlyMap<string, Members> | undefined;
  readonly filters: readonly Members[];
  readonly valueSets: readonly string[];
}

/**
 * Reads value sets. Every method throws `not-found` with the name of a code system or value set that is not loaded,
 * `invariant` for value sets that lead back to themselves, `not-supported` for a filter that cannot be applied, and `limit`
 * past limits.expansionWorkMax codes looked at.
 */
export class ValueSetReader {
  readonly #terminology: Terminology;
  readonly #tests = new WeakMap<Include, readonly ConceptTest[]>();
  readonly #parts = new WeakMap<
    Resource,
    { include: readonly Include[]; exclude: readonly Include[] }
  >();
  /** Value sets that are being read, from the outermost on. */
  readonly #open: string[] = [];
  #work = 0;

  constructor(terminology: Terminology) {
    this.#terminology = terminology;
  }

  /** The member with this code; `system` undefined: of any system. */
  find(valueSet: Resource, system: string | undefined, code: string): Member | undefined {
    return this.#within(valueSet, () => {
      const { include, exclude } = this.#read(valueSet);
      for (const each of include) {
        const member = this.#findIn(each, system, code);
        if (!member) continue;
        const { system: own } = member;
        if (!exclude.some((other) => this.#findIn(other, own, member.code))) return member;
      }
      return isComposed(valueSet) ? undefined : findExpanded(valueSet, system, code);
    });
  }

  /** All members, in the order of the definition, each once. */
  members(valueSet: Resource): readonly Member[] {
    return this.#within(valueSet, () => {
      const { include, exclude } = this.#read(valueSet);
      const found = new Map<string, Member>();
      for (const each of include) {
        for (const member of this.#membersOf(each)) {
          this.#count();
          const key = `${member.system}|${member.code}`;
          if (found.has(key)) continue;
          if (exclude.some((other) => this.#findIn(other, member.system, member.code))) continue;
          found.set(key, member);
        }
      }
      return isComposed(valueSet) ? [...found.values()] : expandedMembers(valueSet);
    });
  }

  #membersOf(include: Include): readonly Member[] {
    const { system, listed, valueSets } = include;
    if (system === undefined) {
      const [first, ...others] = valueSets;
      const all = first === undefined ? [] : this.members(this.#valueSet(first));
      return all.filter((member) => this.#isInAll(others, member));
    }
    if (listed) {
      return [...listed.keys()]
        .map((code) => this.#findIn(include, system, code))
        .filter((member) => member !== undefined);
    }
    const codeSystem = this.#codeSystem(include);
    if (codeSystem.content === 'grammar') {
      fail('limit', `Too costly: the codes of ${codeSystem.url} can be checked, not listed`);
    }
    const tests = this.#testsOf(include, codeSystem);
    const found: Member[] = [];
    for (const concept of codeSystem.concepts.values()) {
      this.#count();
      if (!tests.every((test) => test(concept))) continue;
      const member = memberOf(include, codeSystem, concept.code);
      if (this.#isInAll(valueSets, member)) found.push(member);
    }
    return found;
  }

  #findIn(include: Include, system: string | undefined, code: string): Member | undefined {
    this.#count();
    const { valueSets } = include;
    if (include.system === undefined) {
      const [first, ...others] = valueSets;
      const member = first && this.find(this.#valueSet(first), system, code);
      return member && this.#isInAll(others, member) ? member : undefined;
    }
    if (system !== undefined && system !== include.system) return undefined;
    const member = include.listed ? this.#listed(include, code) : this.#filtered(include, code);
    return member && this.#isInAll(valueSets, member) ? member : undefined;
  }

  /** A listed code stands for itself, also where its system is not loaded. */
  #listed(include: Include, code: string): Member | undefined {
    if (!include.listed?.has(code)) return undefined;
    const { system = '', version } = include;
    return memberOf(include, this.#terminology.codeSystem(canonicalOf(system, version)), code);
  }

  #filtered(include: Include, code: string): Member | undefined {
    const codeSystem = this.#codeSystem(include);
    const concept = codeSystem.find(code);
    if (!concept || !this.#testsOf(include, codeSystem).every((test) => test(concept)))
      return undefined;
    return memberOf(include, codeSystem, concept.code);
  }

  #testsOf(include: Include, codeSystem: CodeSystem): readonly ConceptTest[] {
    let tests = this.#tests.get(include);
    if (!tests) {
      tests = include.filters.map((filter) => conceptFilter(codeSystem, filter));
      this.#tests.set(include, tests);
    }
    return tests;
  }

  #isInAll(valueSets: readonly string[], { system, code }: Member): boolean {
    return valueSets.every((url) => this.find(this.#valueSet(url), system, code) !== undefined);
  }

  #codeSystem({ system = '', version }: Include): CodeSystem {
    const canonical = canonicalOf(system, version);
    const found = this.#terminology.codeSystem(canonical);
    if (found && found.content !== 'not-present') return found;
    return fail('not-found', `The code system ${shown(canonical)} is not loaded`);
  }

  #valueSet(canonical: string): Resource {
    const found = this.#terminology.valueSet(canonical);
    return found ?? fail('not-found', `The value set ${shown(canonical)} is not known`);
  }

  #read(valueSet: Resource) {
    let parts = this.#parts.get(valueSet);
    if (!parts) {
      const compose = (valueSet['compose'] ?? {}) as Members;
      const includes = (name: string) => listOf(compose[name]).map(includeOf);
      parts = { include: includes('include'), exclude: includes('exclude') };
      this.#parts.set(valueSet, parts);
    }
    return parts;
  }

  #within<T>(valueSet: Resource, read: () => T): T {
    const url = textOf(valueSet['url']) ?? '';
    if (url !== '' && this.#open.includes(url)) {
      fail('invariant', `The value set ${shown(url)} leads back to itself`);
    }
    if (this.#open.length >= limits.valueSetDepthMax) {
      fail('limit', `Value sets include each other deeper than ${limits.valueSetDepthMax} levels`);
    }
    this.#open.push(url);
    try {
      return read();
    } finally {
      this.#open.pop();
    }
  }

  #count(): void {
    if (++this.#work <= limits.expansionWorkMax) return;
    fail('limit', `Too costly: more than ${limits.expansionWorkMax} codes (expansionWorkMax)`);
  }
}

/** `url|version` as a canonical. */
export function canonicalOf(url: string, version: string | undefined): string {
  return version === undefined || url.includes('|') ? url : `${url}|${version}`;
}

/** A URL of the caller's in a sentence. */
export function shown(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

/** The value sets and code systems that a value set names right away, as canonicals. */
export function namedBy(valueSet: Resource): {
  readonly systems: readonly string[];
  readonly valueSets: readonly string[];
} {
  const compose = (valueSet['compose'] ?? {}) as Members;
  const all = [...listOf(compose['include']), ...listOf(compose['exclude'])].map(includeOf);
  return {
    systems: all.flatMap(({ system, version }) =>
      system === undefined ? [] : [canonicalOf(system, version)],
    ),
    valueSets: all.flatMap(({ valueSets }) => valueSets),
  };
}

function includeOf(source: Members): Include {
  const concepts = source['concept'];
  const valueSets = Array.isArray(source['valueSet']) ? source['valueSet'] : [];
  return {
    system: textOf(source['system']),
    version: textOf(source['version']),
    listed: Array.isArray(concepts)
      ? new Map(listOf(concepts).map((concept) => [String(concept['code']), concept]))
      : undefined,
    filters: listOf(source['filter']),
    valueSets: (valueSets as readonly unknown[]).filter((url) => typeof url === 'string'),
  };
}

function memberOf(include: Include, codeSystem: CodeSystem | undefined, code: string): Member {
  const concept = codeSystem?.concepts.get(code);
  const listed = include.listed?.get(code);
  const version = include.version ?? codeSystem?.version;
  const display = textOf(listed?.['display']) ?? concept?.display;
  return {
    ...(concept ?? unknownConcept),
    system: splitCanonical(include.system ?? '').url,
    ...(version === undefined ? {} : { version }),
    code,
    ...(display === undefined ? {} : { display }),
    designation: [...designationsOf(listed), ...(concept?.designation ?? [])],
  };
}

const unknownConcept = { designation: [], inactive: false, abstract: false, parents: [] };

function isComposed(valueSet: Resource): boolean {
  return valueSet['compose'] !== undefined || valueSet['expansion'] === undefined;
}

function findExpanded(
  valueSet: Resource,
  system: string | undefined,
  code: string,
): Member | undefined {
  return expandedMembers(valueSet).find(
    (member) => member.code === code && (system === undefined || member.system === system),
  );
}

/** A value set that came without a definition has its expansion only. */
function expandedMembers(valueSet: Resource): readonly Member[] {
  const found: Member[] = [];
  const take = (list: readonly Members[]): void => {
    for (const each of list) {
      const [code, display] = [textOf(each['code']), textOf(each['display'])];
      if (code !== undefined) {
        found.push({
          system: textOf(each['system']) ?? '',
          code,
          ...(display === undefined ? {} : { display }),
          designation: [],
          inactive: each['inactive'] === true,
          abstract: each['abstract'] === true,
          parents: [],
        });
      }
      take(listOf(each['contains']));
    }
  };
  take(listOf(((valueSet['expansion'] ?? {}) as Members)['contains']));
  return found;
}
