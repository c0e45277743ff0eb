import { fail } from '../fhir/issue.ts';
import { formatReference, parseReference } from '../fhir/reference.ts';
import { listReferences, rewriteReferences } from '../fhir/reference-walk.ts';
import type { FoundReference } from '../fhir/reference-walk.ts';
import type { Resource } from '../fhir/resource.ts';
import type { Caller, RestContext } from './call.ts';
import { condition, findOne } from './conditional.ts';
import { parseQuery } from './query-string.ts';

/** The conditional references of a resource, such as `Patient?identifier=s|v`. */
export function conditionalReferences(resource: Resource): readonly FoundReference[] {
  return listReferences(resource).filter(
    ({ reference }) => parseReference(reference)?.kind === 'conditional',
  );
}

/**
 * R4 has conditional references in transactions only, where they are resolved; stored as they are they would lead
 * nowhere. `text` is what the resource was read from, where there is one. Throws `reference-target`.
 */
export function refuseConditionalReferences(resource: Resource, text?: unknown): void {
  if (typeof text === 'string' && !/\?|\\u003f/i.test(text)) return;
  const [first] = conditionalReferences(resource);
  if (first === undefined) return;
  fail(
    'reference-target',
    'A conditional reference is resolved in a transaction only: send the resource in one, or name what is meant by its id',
    { expression: [first.path] },
  );
}

/** What a conditional reference leads to. Throws `reference-target` where that is nothing, `multiple-matches`. */
export async function findReferenced(
  context: RestContext,
  caller: Caller,
  { reference, path }: FoundReference,
): Promise<string> {
  const parsed = parseReference(reference);
  if (parsed?.kind !== 'conditional') return reference;
  const { type, query } = parsed;
  const found = await findOne(context, caller, condition(type, parseQuery(query)));
  if (found !== undefined) return formatReference(found.type, found.id);
  return fail('reference-target', `No ${type} matches the conditional reference`, {
    expression: [path],
  });
}

/** The resource with its conditional references resolved; `known` keeps what was found by their text. */
export async function withResolvedReferences<T extends Resource>(
  context: RestContext,
  caller: Caller,
  resource: T,
  known: Map<string, string>,
): Promise<T> {
  const conditional = conditionalReferences(resource);
  if (conditional.length === 0) return resource;
  for (const one of conditional) {
    if (known.has(one.reference)) continue;
    known.set(one.reference, await findReferenced(context, caller, one));
  }
  return rewriteReferences(resource, (reference) => known.get(reference));
}
