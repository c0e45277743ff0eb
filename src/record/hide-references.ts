import type { Resource } from '../fhir/resource.ts';
import { isFields, listOf } from './same.ts';

/** What stands for a Reference to something that the reader must not know of. */
const hidden = { display: 'Not shown in this view' };

/**
 * The resource with every literal Reference to a hidden type (and its display and identifier, which
 * may say as much) replaced. The same object where there is none.
 */
export function hideReferences<R extends Resource>(resource: R, types: ReadonlySet<string>): R {
  return types.size === 0 ? resource : (withoutReferences(resource, types) as R);
}

function withoutReferences(value: unknown, types: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) {
    const items = listOf(value).map((item) => withoutReferences(item, types));
    return items.every((item, index) => item === listOf(value)[index]) ? value : items;
  }
  if (!isFields(value)) return value;
  const { reference } = value;
  if (typeof reference === 'string' && types.has(targetType(reference))) return hidden;
  const entries = Object.entries(value).map(
    ([name, part]) => [name, withoutReferences(part, types)] as const,
  );
  return entries.every(([name, part]) => part === value[name])
    ? value
    : Object.fromEntries(entries);
}

/** `Type` of `Type/id`, of an absolute URL, with or without a version. */
function targetType(reference: string): string {
  return /([A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}(\/_history\/[^/]+)?$/.exec(reference)?.[1] ?? '';
}
