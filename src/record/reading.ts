import type { IdentifiedResource, Resource } from '../fhir/resource.ts';
import { isFields, listOf, textOf } from './same.ts';

/** `Type/id`. */
export function referenceTo(resource: IdentifiedResource): string {
  return `${resource.resourceType}/${resource.id}`;
}

/** The value at a dotted path; of a list on the way, the first item. */
export function at(value: unknown, path: string): unknown {
  let place = value;
  for (const part of path.split('.')) {
    if (Array.isArray(place)) place = (place as unknown[])[0];
    place = isFields(place) ? place[part] : undefined;
  }
  return place;
}

/** The string at a dotted path; empty where there is none. */
export function textAt(value: unknown, path: string): string {
  const found = at(value, path);
  return typeof found === 'string' ? found : '';
}

/** Epoch milliseconds of the first of these elements that holds a date or time; undefined where none does. */
export function timeAt(resource: Resource, paths: readonly string[]): number | undefined {
  for (const path of paths) {
    const time = Date.parse(textAt(resource, path));
    if (!Number.isNaN(time)) return time;
  }
  return undefined;
}

/** What a CodeableConcept is called: its text, a display, or the bare code. */
export function conceptText(concept: unknown): string {
  return (
    textOf(concept, 'text') || textAt(concept, 'coding.display') || textAt(concept, 'coding.code')
  );
}

/** What tells one code from another: system and code of the first coding, else the text. */
export function conceptId(concept: unknown): string {
  const code = textAt(concept, 'coding.code');
  return code === '' ? textOf(concept, 'text') : `${textAt(concept, 'coding.system')}|${code}`;
}

/** The literal references of a list (or single) element. */
export function referencesAt(resource: Resource, element: string): readonly string[] {
  const value = resource[element];
  return (Array.isArray(value) ? listOf(value) : [value])
    .map((item) => textOf(item, 'reference'))
    .filter((reference) => reference !== '');
}

/** Newest first by these elements; what has no time goes last, ties by id. */
export function newestFirst(
  resources: readonly IdentifiedResource[],
  paths: readonly string[],
): IdentifiedResource[] {
  const time = (resource: Resource): number => timeAt(resource, paths) ?? -Infinity;
  return resources.toSorted((a, b) => {
    const [timeA, timeB] = [time(a), time(b)];
    return timeA === timeB ? compareText(a.id, b.id) : timeB > timeA ? 1 : -1;
  });
}

/** By code unit, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
