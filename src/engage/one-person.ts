import type { Resource } from '../fhir/resource.ts';
import { limits } from '../limits.ts';
import { linksOf } from '../record/person-links.ts';

/**
 * The records of one person: the given one, those that it was merged into and those that were merged into them. What is of
 * one of them is of all: a merge turns it to the survivor, most of it at once and the rest soon after.
 * @param reference `Patient/id`; of anything else there is one record
 * @param read the record as it is now; undefined where there is none
 */
export async function recordsOfPerson(
  reference: string,
  read: (reference: string) => Promise<Resource | undefined>,
): Promise<readonly string[]> {
  if (!reference.startsWith('Patient/')) return [reference];
  const found = new Set([reference]);
  let next: readonly string[] = [reference];
  for (let hop = 0; hop < limits.mergeChainMax && next.length > 0; hop += 1) {
    const people = await Promise.all(next.map(read));
    const linked = people.flatMap((person) => (person === undefined ? [] : mergedWith(person)));
    next = [...new Set(linked)].filter((one) => !found.has(one));
    for (const one of next) found.add(one);
  }
  return [...found];
}

function mergedWith(person: Resource): readonly string[] {
  return linksOf(person)
    .filter(({ type }) => type === 'replaced-by' || type === 'replaces')
    .map(({ other }) => other);
}
