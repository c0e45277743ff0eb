/**
 * The form in which FHIR compares strings unless told `:exact`: without case, accents and other marks,
 * white space runs as one blank (http://hl7.org/fhir/R4/search.html#string). Letters that no decomposition
 * takes apart are spelled out, so that `Sørensen` is found by `sorensen`.
 */
export function fold(text: string): string {
  if (plain.test(text)) return text;
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[ßæœøđłþðı]/g, (letter) => spelled[letter] ?? letter)
    .replace(/\s+/g, ' ')
    .trim();
}

/** Already folded: the common case for codes and the second fold of a stored value. */
const plain = /^(?:[!-@[-~]| (?=[!-@[-~]))*$/;

const spelled: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ł: 'l',
  þ: 'th',
  ð: 'd',
  ı: 'i',
};
