import type { Resource } from '../fhir/resource.ts';
import { isFields, listOf, textOf } from './same.ts';

/** http://hl7.org/fhir/R4/valueset-link-type.html */
export type LinkType = 'replaced-by' | 'replaces' | 'seealso';

/** One of a Patient's links to another. */
export interface PersonLink {
  /** `Patient/p1`. */
  readonly other: string;
  readonly type: LinkType;
}

/** The links of a Patient that name another one by a literal reference. */
export function linksOf(person: Resource): readonly PersonLink[] {
  return listOf(person['link']).flatMap((link) => {
    const other = isFields(link) ? textOf(link['other'], 'reference') : '';
    return other === '' ? [] : [{ other, type: textOf(link, 'type') as LinkType }];
  });
}

/** The Patient with one more link; the same where it has it. */
export function withLink(person: Resource, { other, type }: PersonLink): Resource {
  const there = linksOf(person).some((link) => link.other === other && link.type === type);
  if (there) return person;
  const link = [...listOf(person['link']), { other: { reference: other }, type }];
  return { ...person, link };
}

/** The Patient without any link of that type to another one; the same where it has none. */
export function withoutLink(person: Resource, { other, type }: PersonLink): Resource {
  const { link, ...rest } = person;
  const all = listOf(link);
  const kept = all.filter(
    (each) =>
      !(isFields(each) && textOf(each['other'], 'reference') === other) ||
      textOf(each, 'type') !== type,
  );
  if (kept.length === all.length) return person;
  return kept.length === 0 ? rest : { ...rest, link: kept };
}
