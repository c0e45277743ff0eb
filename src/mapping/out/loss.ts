import type { Resource } from '../../fhir/resource.ts';
import { isObject, placeOf, type Place } from './place.ts';

/** Which values of resources a message has said. */
export class Said {
  readonly #places = new Set<string>();

  /** The value, and everything within it. */
  add({ at }: Place): void {
    this.#places.add(at);
  }

  /** Whether it, or something that it is within, was said. */
  has(at: string): boolean {
    if (this.#places.has(at)) return true;
    const cut = Math.max(at.lastIndexOf('.'), at.lastIndexOf('['));
    return cut > 0 && this.has(at.slice(0, cut));
  }
}

/** What is no content of its own: how the resource is kept, and its text for people. */
const unsaid = new Set(['resourceType', 'id', 'meta', 'text', 'contained', 'implicitRules']);

/**
 * The elements of a resource that have a value and were not said, as `Observation.method (2)` with how many there are.
 * No value is told: the list may go into logs and pages.
 */
export function lossOf(
  resource: Resource,
  said: Said,
  ignored: ReadonlySet<string>,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const root = placeOf(resource);
  const visit = (value: unknown, at: string, path: string): void => {
    if (said.has(at) || ignored.has(path)) return;
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(item, `${at}[${String(index)}]`, path);
    } else if (isObject(value)) {
      for (const [key, member] of Object.entries(value)) {
        // What kind of extension it is goes with its value.
        if (key === 'url' && /xtension\[\d+\]$/.test(at)) continue;
        visit(member, at.endsWith(':') ? at + key : `${at}.${key}`, `${path}.${key}`);
      }
    } else if (value !== null && value !== undefined) {
      counts.set(path, (counts.get(path) ?? 0) + 1);
    }
  };
  for (const [key, member] of Object.entries(resource)) {
    if (unsaid.has(key)) continue;
    visit(member, root.at + key, `${resource.resourceType}.${key}`);
  }
  return counts;
}
