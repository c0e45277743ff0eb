import type { Effect, MappedResource, MappingResult } from '../mapping/result.ts';
import type { PersonIdentifier } from '../record/identity.ts';
import { retiredBy } from '../record/merge-numbers.ts';
import { elementsOf, mergePersons, withRetired } from '../record/merge-records.ts';
import { withLink } from '../record/person-links.ts';

/**
 * The resources of a message as its effects on people leave them, were both known: who is merged stands beside the
 * survivor, linked and inactive. What else they do, to records and to what refers to them, shows only in a store.
 */
export function withEffects({
  resources,
  effects = [],
}: Pick<MappingResult, 'resources' | 'effects'>): readonly MappedResource[] {
  const all = new Map(resources.map((mapped) => [mapped.fullUrl, mapped]));
  for (const effect of effects) if (effect.of.identity.kind === 'person') apply(effect, all);
  return [...all.values()];
}

function apply({ kind, ...effect }: Effect, all: Map<string, MappedResource>): void {
  const of = all.get(effect.of.fullUrl) ?? effect.of;
  const into = all.get(effect.into.fullUrl) ?? effect.into;
  const set = (mapped: MappedResource, resource: MappedResource['resource']): void => {
    all.set(mapped.fullUrl, { ...mapped, resource });
  };
  if (kind === 'link') {
    set(into, withLink(into.resource, { other: of.fullUrl, type: 'seealso' }));
    set(of, withLink(of.resource, { other: into.fullUrl, type: 'seealso' }));
  }
  if (kind !== 'merge' && kind !== 'change') return;
  const numbers = retiredBy(numbersOf(of), numbersOf(into));
  if (numbers.own.length === 0) return;
  const retired = elementsOf(of.resource, numbers.retired);
  const merged = mergePersons(
    { reference: into.fullUrl, resource: into.resource },
    { reference: of.fullUrl, resource: of.resource },
  );
  if (kind === 'merge') {
    set(into, withRetired(merged.survivor, retired));
    set(of, merged.prior);
  } else set(into, withRetired(into.resource, retired));
}

function numbersOf({ identity }: MappedResource): readonly PersonIdentifier[] {
  return identity.kind === 'person' ? identity.identifiers : [];
}
