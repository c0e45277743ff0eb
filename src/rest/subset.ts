import { typeDefinition } from '../fhir/definitions.ts';
import { stringify } from '../fhir/json.ts';
import type { ParsedSearch } from '../fhir/search-parse.ts';
import type { JsonObject } from '../fhir/resource.ts';
import { isObject, jsonOf } from './body.ts';

/**
 * A resource as `_elements` and `_summary` want it (http://hl7.org/fhir/R4/search.html#summary): top-level
 * elements are kept or left out; mandatory ones, `id` and `meta` always stay, and SUBSETTED says that it is not
 * the whole. Without either the text goes through as it is.
 */
export function subsetText(
  body: string,
  { summary, elements }: Pick<ParsedSearch, 'summary' | 'elements'>,
): string {
  const whole = summary === undefined || summary === 'false' || summary === 'count';
  if (whole && elements === undefined) return body;
  const resource = jsonOf(body);
  if (!isObject(resource)) return body;
  const type = resource['resourceType'] as string;
  const keep = whole ? namesOf(type, elements ?? []) : summaryNames(type, summary);
  const kept = Object.entries(resource).filter(([key]) => keep(key.replace(/^_/, '')));
  return stringify(tagged(Object.fromEntries(kept)));
}

type Keep = (key: string) => boolean;

function namesOf(type: string, elements: readonly string[]): Keep {
  const names = new Set(elements.map((name) => name.replace(new RegExp(`^${type}\\.`), '')));
  return (key) => names.has(key) || isAlwaysKept(type, key);
}

function summaryNames(type: string, summary: ParsedSearch['summary']): Keep {
  if (summary === 'data') return (key) => key !== 'text';
  if (summary === 'text') return (key) => key === 'text' || isAlwaysKept(type, key);
  return (key) => isAlwaysKept(type, key) || elementOf(type, key)?.summary === true;
}

function isAlwaysKept(type: string, key: string): boolean {
  return ['resourceType', 'id', 'meta'].includes(key) || (elementOf(type, key)?.min ?? 0) > 0;
}

function elementOf(type: string, key: string) {
  const definition = typeDefinition(type);
  const choice = [...(definition?.elements.keys() ?? [])].find(
    (path) => path.endsWith('[x]') && !path.includes('.') && key.startsWith(path.slice(0, -3)),
  );
  return definition?.elements.get(key) ?? definition?.elements.get(choice ?? '');
}

function tagged(resource: Readonly<Record<string, unknown>>): object {
  const meta = (resource['meta'] ?? {}) as JsonObject;
  const tags = Array.isArray(meta['tag']) ? (meta['tag'] as readonly unknown[]) : [];
  return { ...resource, meta: { ...meta, tag: [...tags, subsetted] } };
}

const subsetted = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'SUBSETTED',
};
