/** Separators and escapes of search values (http://hl7.org/fhir/R4/search.html#escaping). */

/** Splits at a separator that no backslash escapes; the escapes stay. */
export function splitValues(text: string, separator: ',' | '|' | '$'): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === separator) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** Takes the backslash before `,`, `|`, `$` and `\` away; any other stays. */
export function unescape(text: string): string {
  return text.includes('\\') ? text.replace(/\\([,|$\\])/g, '$1') : text;
}
