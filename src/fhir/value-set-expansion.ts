/** `ValueSet/$expand`: http://hl7.org/fhir/R4/valueset-operation-expand.html. */
import { limits } from '../limits.ts';
import type { Designation } from './code-system.ts';
import { fold } from './fold.ts';
import { fail } from './issue.ts';
import type { Resource } from './resource.ts';
import { ValueSetReader, type Member, type Terminology } from './value-set.ts';

export interface ExpansionOptions {
  /** Beginning of a code, or beginnings of words of a display or designation, without case and accents. */
  readonly filter?: string;
  readonly offset?: number;
  readonly count?: number;
  readonly includeDesignations?: boolean;
  readonly includeDefinition?: boolean;
  readonly activeOnly?: boolean;
  /** A language tag: displays are taken from a designation in it where there is one. */
  readonly displayLanguage?: string;
  /** `false`: codes stand below those that they belong to. */
  readonly excludeNested?: boolean;
}

/** What changes with every expansion. */
export interface ExpansionStamp {
  readonly identifier: string;
  readonly timestamp: string;
}

interface Contains {
  readonly system: string;
  readonly abstract?: true;
  readonly inactive?: true;
  readonly code: string;
  readonly display?: string;
  readonly designation?: readonly Designation[];
  contains?: Contains[];
}

/** The value set with its expansion. Throws what {@link ValueSetReader} does, and `limit` for more codes than may be answered. */
export function expandValueSet(
  valueSet: Resource,
  terminology: Terminology,
  options: ExpansionOptions,
  stamp: ExpansionStamp,
): Resource {
  const all = new ValueSetReader(terminology).members(valueSet);
  const wanted = all.filter((member) => isWanted(member, options));
  const { offset = 0, count } = options;
  if (count === undefined && wanted.length - offset > limits.expansionCodesMax) {
    fail(
      'limit',
      `Too costly: the value set has ${wanted.length} codes; use filter, count, offset`,
    );
  }
  const page = wanted.slice(offset, offset + Math.min(count ?? Infinity, limits.expansionCodesMax));
  const rows = page.map((member) => [member, containsOf(member, options)] as const);
  const contains = isNested(options) ? nested(rows) : rows.map(([, row]) => row);
  const { compose, ...rest } = valueSet;
  return {
    ...rest,
    resourceType: 'ValueSet',
    status: rest['status'] ?? 'unknown',
    ...(options.includeDefinition === true && compose !== undefined ? { compose } : {}),
    expansion: {
      ...stamp,
      total: wanted.length,
      ...(offset > 0 || count !== undefined ? { offset } : {}),
      ...parametersOf(options, page),
      ...(contains.length > 0 ? { contains } : {}),
    },
  };
}

function isWanted(member: Member, { activeOnly, filter = '' }: ExpansionOptions): boolean {
  if (activeOnly === true && member.inactive) return false;
  const words = fold(filter)
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return true;
  if (fold(member.code).startsWith(fold(filter).trim())) return true;
  const texts = [member.display ?? '', ...member.designation.map(({ value }) => value)];
  return texts.some((text) => {
    const own = fold(text).split(/[\s,;:/()[\]-]+/);
    return words.every((word) => own.some((each) => each.startsWith(word)));
  });
}

function containsOf(member: Member, options: ExpansionOptions): Contains {
  const { system, code, abstract, inactive, designation } = member;
  const display = displayIn(member, options.displayLanguage);
  return {
    system,
    ...(abstract ? { abstract: true as const } : {}),
    ...(inactive ? { inactive: true as const } : {}),
    code,
    ...(display === undefined ? {} : { display }),
    ...(options.includeDesignations === true && designation.length > 0 ? { designation } : {}),
  };
}

/** The display in a language, `de` for `de-AT` too; else the one that there is. */
export function displayIn(
  { display, designation }: Pick<Member, 'display' | 'designation'>,
  language: string | undefined,
): string | undefined {
  const tag = language?.toLowerCase();
  if (tag === undefined) return display;
  const speaks = (wanted: string) =>
    designation.find(({ language: own = '' }) => own.toLowerCase() === wanted);
  return (speaks(tag) ?? speaks(tag.replace(/-.*$/, '')))?.value ?? display;
}

function isNested({ excludeNested, filter, count, offset = 0 }: ExpansionOptions): boolean {
  return excludeNested === false && filter === undefined && count === undefined && offset === 0;
}

/** Each below the first of its parents that is in the expansion. */
function nested(rows: readonly (readonly [Member, Contains])[]): readonly Contains[] {
  const key = (system: string, code: string): string => `${system}|${code}`;
  const byKey = new Map(rows.map(([{ system, code }, row]) => [key(system, code), row]));
  const roots: Contains[] = [];
  const placed = new Set<Contains>();
  for (const [{ system, parents }, row] of rows) {
    const parent = parents
      .map((code) => byKey.get(key(system, code)))
      .find((each) => each !== undefined && placed.has(each));
    placed.add(row);
    if (parent) (parent.contains ??= []).push(row);
    else roots.push(row);
  }
  return roots;
}

function parametersOf(options: ExpansionOptions, page: readonly Member[]) {
  const given = Object.entries(options).map(([name, value]) => {
    const kind =
      typeof value === 'boolean' ? 'Boolean' : typeof value === 'number' ? 'Integer' : 'String';
    return { name, [name === 'displayLanguage' ? 'valueCode' : `value${kind}`]: value as unknown };
  });
  const versions = new Set(
    page.flatMap(({ system, version }) => (version === undefined ? [] : [`${system}|${version}`])),
  );
  const parameter = [...given, ...[...versions].map((valueUri) => ({ name: 'version', valueUri }))];
  return parameter.length === 0 ? {} : { parameter };
}
