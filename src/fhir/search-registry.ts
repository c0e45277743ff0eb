/**
 * Search parameters of a site, beside R4's own: SearchParameter resources, checked and made known to the process.
 *
 *     const { parameters, issues } = compileSearchParameters(resources);
 *     registerSearchParameters(parameters);
 *
 * From then on `extractIndex` indexes by them, `parseSearch` searches and sorts by them, and the CapabilityStatement
 * lists them. What was written before has no entries of them: write its index again (`extractIndex` of the stored
 * resource, and a change `index` of the store port). search-fingerprint.ts tells whether that is due.
 */
import {
  addSearchParameters,
  isResourceType,
  resourceTypes,
  searchParameters,
  type SearchParameterDefinition,
} from './definitions.ts';
import { errorIssue, type Issue } from './issue.ts';
import type { Resource } from './resource.ts';
import { compileCompositePath, compileSearchPath, unknownElement } from './search-path.ts';

/** A checked parameter; plain JSON. */
export interface CustomSearchParameter extends SearchParameterDefinition {
  readonly url: string;
  /** Resource types; `Resource` and `DomainResource` are all of theirs. */
  readonly base: readonly string[];
  readonly expression: string;
}

/**
 * Checks SearchParameter resources (http://hl7.org/fhir/R4/searchparameter.html). A resource with a fault gives an
 * issue, whose `expression` is the place in the list as `[3].base`, and no parameter: a wrong expression or one that
 * names an unknown element, an unknown base, a type that cannot be indexed, a code that another parameter of
 * the same base has. One that repeats a parameter of R4 (equal type and expression for the same base) gives neither.
 */
export function compileSearchParameters(resources: readonly Resource[]): {
  readonly parameters: readonly CustomSearchParameter[];
  readonly issues: readonly Issue[];
} {
  const parameters: CustomSearchParameter[] = [];
  const issues: Issue[] = [];
  const sources = resources.map((resource) => resource as SearchParameterSource);
  for (const [at, source] of sources.entries()) {
    const read = readParameter(source, sources);
    const faults = 'faults' in read ? read.faults : faultsOf(read, parameters);
    issues.push(...faults.map(({ member, text }) => issueAt(at, source, member, text)));
    if ('faults' in read || faults.length > 0) continue;
    const base = read.base.filter((name) => !repeatsOwn(read, name));
    if (base.length > 0) parameters.push({ ...read, base });
  }
  return { parameters, issues };
}

let registered: readonly CustomSearchParameter[] = [];

/** Makes these the site's parameters, in place of any that were registered before. */
export function registerSearchParameters(parameters: readonly CustomSearchParameter[]): void {
  const byBase = new Map<string, SearchParameterDefinition[]>();
  for (const parameter of parameters) {
    for (const base of parameter.base) {
      const list = byBase.get(base) ?? [];
      byBase.set(base, list);
      list.push({ ...parameter, expression: partFor(base, parameter.expression) ?? '' });
    }
  }
  registered = [...parameters];
  addSearchParameters(byBase);
}

/** What is registered; a new list after each registration. */
export function customSearchParameters(): readonly CustomSearchParameter[] {
  return registered;
}

/** What is read of the resource; each may be anything. */
interface SearchParameterSource extends Resource {
  readonly url?: unknown;
  readonly code?: unknown;
  readonly type?: unknown;
  readonly base?: unknown;
  readonly expression?: unknown;
  readonly target?: unknown;
  readonly component?: unknown;
}

interface Fault {
  readonly member: string;
  readonly text: string;
}

function issueAt(at: number, source: SearchParameterSource, member: string, text: string): Issue {
  const name = typeof source.url === 'string' ? source.url : (source.id ?? `at ${String(at)}`);
  const diagnostics = `SearchParameter ${name}: ${text}`;
  return errorIssue('search-parameter', diagnostics, { expression: [`[${String(at)}].${member}`] });
}

const indexed: ReadonlySet<string> = new Set([
  'string',
  'token',
  'date',
  'number',
  'quantity',
  'uri',
  'reference',
  'composite',
]);

/** Codes end at `:` and `.` in the search grammar, and those with `_` in front are the specification's. */
const codeForm = /^[A-Za-z][\w-]{0,63}$/;

function readParameter(
  source: SearchParameterSource,
  all: readonly SearchParameterSource[],
): CustomSearchParameter | { readonly faults: readonly Fault[] } {
  const { url, code, type, expression, id = '' } = source;
  const base = texts(source.base);
  const target = texts(source.target);
  const faults: Fault[] = [];
  const need = (holds: boolean, member: string, text: string): void => {
    if (!holds) faults.push({ member, text });
  };
  need(source.resourceType === 'SearchParameter', 'resourceType', 'is no SearchParameter');
  need(typeof url === 'string' && url !== '', 'url', 'a url is needed');
  need(
    typeof code === 'string' && codeForm.test(code),
    'code',
    'a code is letters, digits, "-" and "_", beginning with a letter',
  );
  need(typeof type === 'string' && indexed.has(type), 'type', 'this type cannot be indexed');
  need(base.length > 0 && base.every(isBase), 'base', 'base names a type that FHIR R4 has not');
  need(
    typeof expression === 'string' && expression !== '',
    'expression',
    'an expression is needed',
  );
  if (faults.length > 0) return { faults };
  const parameter = { code, id, url, type, base, expression } as CustomSearchParameter;
  const targeted = target.length === 0 ? parameter : { ...parameter, target };
  if (type !== 'composite') return targeted;
  const component = componentsOf(source, base, all);
  if (component !== undefined) return { ...targeted, component };
  return { faults: [{ member: 'component', text: 'a component is no parameter of every base' }] };
}

function texts(value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return items.filter((item) => typeof item === 'string');
}

function isBase(name: string): boolean {
  return name === 'Resource' || name === 'DomainResource' || isResourceType(name);
}

/** Components by the code of their definition, R4's or of the same list; undefined where one is not known. */
function componentsOf(
  source: SearchParameterSource,
  base: readonly string[],
  all: readonly SearchParameterSource[],
): SearchParameterDefinition['component'] {
  const items = Array.isArray(source.component) ? (source.component as readonly unknown[]) : [];
  const parts = items.map((item) => {
    const { definition, expression } = (item ?? {}) as Readonly<Record<string, unknown>>;
    const url = typeof definition === 'string' ? definition.replace(/\|.*$/, '') : '';
    const code = all.find((other) => other.url === url)?.code ?? ownCode(url, base);
    return typeof code === 'string' && typeof expression === 'string'
      ? ([code, expression] as const)
      : undefined;
  });
  const known = parts.filter((part) => part !== undefined);
  return known.length === parts.length && known.length > 1 ? known : undefined;
}

function ownCode(url: string, base: readonly string[]): string | undefined {
  const id = url.replace('http://hl7.org/fhir/SearchParameter/', '');
  const [first = ''] = base;
  return [...searchParameters(first).values()].find((p) => p.url === undefined && p.id === id)
    ?.code;
}

function faultsOf(
  parameter: CustomSearchParameter,
  others: readonly CustomSearchParameter[],
): readonly Fault[] {
  return parameter.base.flatMap((base) => {
    const clash = clashOf(parameter, base, others);
    if (clash !== undefined) return [{ member: 'code', text: clash }];
    const fault = expressionFault(parameter, base);
    return fault === undefined ? [] : [{ member: 'expression', text: fault }];
  });
}

function clashOf(
  parameter: CustomSearchParameter,
  base: string,
  others: readonly CustomSearchParameter[],
): string | undefined {
  const { code } = parameter;
  const types = typesBelow(base);
  const other = others.find(
    (known) => known.code === code && known.base.some((name) => overlap(typesBelow(name), types)),
  );
  if (other !== undefined) return `${other.url} has the code ${code} for ${base} already`;
  const own = types.some((type) => ownParameter(type, code) !== undefined);
  return own && !repeatsOwn(parameter, base)
    ? `FHIR R4 has a search parameter ${code} for ${base} already, with another meaning`
    : undefined;
}

function typesBelow(base: string): readonly string[] {
  return base === 'Resource' || base === 'DomainResource' ? resourceTypes() : [base];
}

function overlap(some: readonly string[], others: readonly string[]): boolean {
  return some.some((type) => others.includes(type));
}

function ownParameter(type: string, code: string): SearchParameterDefinition | undefined {
  const found = searchParameters(type).get(code);
  return found?.url === undefined ? found : undefined;
}

function repeatsOwn({ code, type, expression }: CustomSearchParameter, base: string): boolean {
  const own = ownParameter(base, code);
  const plain = (text = ''): string => text.replace(/[\s()]/g, '');
  return own?.type === type && plain(own.expression) === plain(partFor(base, expression));
}

/** What is wrong with the expression for one base; undefined if nothing is. */
function expressionFault(
  { expression, component }: CustomSearchParameter,
  base: string,
): string | undefined {
  const part = partFor(base, expression);
  if (part === undefined) return `the expression says nothing of ${base}`;
  const [example = base] = typesBelow(base);
  const unknown = unknownElement(example, part);
  if (unknown !== undefined) return `FHIR R4 has no element ${unknown}`;
  try {
    const expressions = component?.map(([, path]) => path) ?? [];
    const probe = { resourceType: example };
    if (component) compileCompositePath(example, part, expressions)(probe, () => undefined);
    else compileSearchPath(example, part)(probe, () => undefined);
    return undefined;
  } catch {
    return `the expression for ${base} is no FHIRPath that can be indexed by`;
  }
}

/** Of a union over several types the parts that speak of this one or of none; undefined if there are none. */
function partFor(base: string, expression: string): string | undefined {
  const parts = expression.split(' | ').filter((part) => {
    const [head = ''] = /^\w+/.exec(part.trim().replace(/^\(+/, '')) ?? [];
    return head === base || !isBase(head);
  });
  return parts.length === 0 ? undefined : parts.join(' | ');
}
