import { canonicalText, isFields, listOf, textOf } from './same.ts';

/**
 * What makes two items of a list the same thing said differently, such as the home phone with another
 * number. Items that are equal as a whole are paired first, these keys only pair what is left.
 */
function itemKey(element: string, item: unknown): string {
  const key = keysByElement.get(element)?.(item) ?? referenceKey(item);
  return key === '' ? canonicalText(item) : key;
}

/** Pairs each item of `from` with the index of at most one item of `to`; -1 where it has none. */
export function pairItems(
  element: string,
  from: readonly unknown[],
  to: readonly unknown[],
): readonly number[] {
  const partners = from.map(() => -1);
  const taken = new Set<number>();
  for (const keyOf of [canonicalText, (item: unknown) => itemKey(element, item)]) {
    const free = new Map<string, number[]>();
    to.forEach((item, index) => {
      if (taken.has(index)) return;
      const key = keyOf(item);
      free.set(key, [...(free.get(key) ?? []), index]);
    });
    from.forEach((item, index) => {
      if (partners[index] !== -1) return;
      const partner = free.get(keyOf(item))?.shift();
      if (partner === undefined) return;
      partners[index] = partner;
      taken.add(partner);
    });
  }
  return partners;
}

const keysByElement: ReadonlyMap<string, (item: unknown) => string> = new Map(
  Object.entries({
    identifier: (item) => joined(textOf(item, 'system'), textOf(item, 'value')),
    telecom: (item) => joined(textOf(item, 'system'), textOf(item, 'use')),
    name: (item) => `use:${textOf(item, 'use')}`,
    address: (item) => `use:${textOf(item, 'use')}|${textOf(item, 'type')}`,
    contact: (item) => conceptsKey(field(item, 'relationship')),
    communication: (item) => conceptKey(field(item, 'language')),
    component: (item) => conceptKey(field(item, 'code')),
    participant: (item) =>
      joined(
        referenceKey(field(item, 'actor')) || referenceKey(field(item, 'individual')),
        conceptsKey(field(item, 'type')),
      ),
    location: (item) => referenceKey(field(item, 'location')),
    diagnosis: (item) => referenceKey(field(item, 'condition')),
    performer: (item) => referenceKey(field(item, 'actor')) || referenceKey(item),
    coverage: (item) => referenceKey(field(item, 'coverage')),
    link: (item) => referenceKey(field(item, 'other')),
    class: (item) => conceptKey(field(item, 'type')),
    tag: codingKey,
    security: codingKey,
    coding: codingKey,
    extension: (item) => textOf(item, 'url'),
    contained: (item) => textOf(item, 'id'),
  }),
);

function field(item: unknown, name: string): unknown {
  return isFields(item) ? item[name] : undefined;
}

function joined(...parts: readonly string[]): string {
  return parts.every((part) => part === '') ? '' : parts.join('|');
}

function codingKey(item: unknown): string {
  return joined(textOf(item, 'system'), textOf(item, 'code'));
}

function conceptKey(concept: unknown): string {
  const coding = codingKey(listOf(field(concept, 'coding'))[0]);
  return coding === '' ? textOf(concept, 'text') : coding;
}

function conceptsKey(concepts: unknown): string {
  return listOf(concepts).map(conceptKey).join(',');
}

/** The target of a Reference; its identifier or display where it is not literal. */
function referenceKey(item: unknown): string {
  const literal = textOf(item, 'reference');
  if (literal !== '') return literal;
  const identifier = field(item, 'identifier');
  const logical = joined(textOf(identifier, 'system'), textOf(identifier, 'value'));
  return isFields(identifier) && logical !== '' ? logical : '';
}
