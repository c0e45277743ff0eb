/** Letters that NFKD leaves whole, though people type them without their stroke or ligature. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ħ: 'h',
  ı: 'i',
  ł: 'l',
  þ: 'th',
};

const asciiOnly = /^[\x20-\x7e]*$/;

/**
 * The form in which strings are compared when case and accents do not count (search of type string,
 * http://hl7.org/fhir/R4/search.html#string): NFKD, marks stripped, lower case, `ß` as `ss` and the like, runs
 * of white space as one blank, ends trimmed. Idempotent: fold(fold(s)) = fold(s).
 */
export function fold(text: string): string {
  if (asciiOnly.test(text)) return oneBlank(text.toLowerCase());
  const letters = decompose(decompose(text).toLowerCase()).replace(
    /[ßæœøđðħıłþ]/g,
    (letter) => plainLetters[letter] ?? letter,
  );
  return oneBlank(letters);
}

/** NFKD without marks; lower-casing can bring marks back (`İ`), so it is done before and after. */
function decompose(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}+/gu, '');
}

function oneBlank(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
