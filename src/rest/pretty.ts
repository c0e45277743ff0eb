/**
 * Indents JSON text by two spaces without parsing it, so that no digit of a decimal changes. The text
 * must be valid JSON without white space between its tokens, as the store keeps it.
 */
export function prettyJson(text: string): string {
  let out = '';
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '"') {
      const end = endOfString(text, i);
      out += text.slice(i, end);
      i = end - 1;
    } else if (char === '{' || char === '[') {
      const empty = text[i + 1] === '}' || text[i + 1] === ']';
      if (!empty) depth += 1;
      out += empty ? `${char}${text[++i]}` : `${char}${line(depth)}`;
    } else if (char === '}' || char === ']') {
      depth -= 1;
      out += `${line(depth)}${char}`;
    } else if (char === ',') {
      out += `,${line(depth)}`;
    } else {
      out += char === ':' ? ': ' : char;
    }
  }
  return out;
}

function line(depth: number): string {
  return `\n${'  '.repeat(depth)}`;
}

/** The position after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i + 1;
}
