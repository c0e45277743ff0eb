/**
 * Full text (http://hl7.org/fhir/R4/search.html#text): a resource is found by the words of its narrative (`_text`), or of
 * all of its texts (`_content`). A word is a run of letters and digits without case and accents (fold.ts). Those of
 * the narrative are indexed as strings of the parameter `_text`; for all others there is no index.
 */
import { limits } from '../limits.ts';
import { fold } from './fold.ts';
import type { IndexEntry, SearchNode, Word } from './search-ast.ts';

/** The words of a text in their order, each once, at most so many; long ones are cut. */
function wordsOf(text: string, most: number): readonly string[] {
  const words = new Set<string>();
  for (const [word] of fold(text).matchAll(/[\p{L}\p{N}]+/gu)) {
    if (words.size >= most) break;
    words.add(word.slice(0, limits.textWordCharsMax).replace(/[\ud800-\udbff]$/, ''));
  }
  return [...words];
}

/** The entries of a resource's narrative. */
export function textEntries(param: string, narrative: unknown): readonly IndexEntry[] {
  const { div } = (narrative ?? {}) as { readonly div?: unknown };
  if (typeof div !== 'string') return [];
  return wordsOf(plainText(div), limits.textWordsMax).map((word) => {
    return { kind: 'string', param, folded: word, exact: word };
  });
}

/** The words of a text that is searched for; one with `*` after it is the beginning of a word. Of a longer text none. */
function askedFor(text: string): readonly Word[] {
  if (text.length > limits.searchFilterCharsMax) return [];
  return text.split(/\s+/).flatMap((part) => {
    const words = wordsOf(part, limits.textWordsMax);
    return words.map((word, at) => {
      return { text: word, isBegun: part.endsWith('*') && at === words.length - 1 };
    });
  });
}

/** Every word of the text stands in the narrative. Undefined where it has none, or is too long. */
export function textNode(param: string, text: string): SearchNode | undefined {
  const nodes = askedFor(text).map(({ text: value, isBegun }): SearchNode => {
    return { op: 'string', param, match: isBegun ? 'prefix' : 'equal', value };
  });
  const [first] = nodes;
  if (first === undefined) return undefined;
  return nodes.length === 1 ? first : { op: 'and', nodes };
}

/** Every word of the text stands anywhere in the resource. Undefined where it has none. */
export function contentNode(text: string): SearchNode | undefined {
  const words = askedFor(text);
  return words.length === 0 ? undefined : { op: 'content', words };
}

/** Whether the texts of a resource, its narrative among them, have all of the words. `body` is its JSON. */
export function contentHas(body: string, words: readonly Word[]): boolean {
  const present = contentWords(body);
  const whole = new Set(present);
  return words.every(({ text, isBegun }) =>
    isBegun ? present.some((word) => word.startsWith(text)) : whole.has(text),
  );
}

/** Counts the changes to what {@link contentWords} gives: an index of it under another one is to be made again. */
export const contentVersion = 1;

/**
 * The words of all texts of a resource, each once, at most limits.contentWordsMax. `body` is its JSON. What is long and
 * has no white space is no text: a picture in base64.
 */
export function contentWords(body: string): readonly string[] {
  const texts: string[] = [];
  gatherTexts(JSON.parse(body), texts);
  return wordsOf(texts.join('\n'), limits.contentWordsMax);
}

function gatherTexts(value: unknown, texts: string[]): void {
  if (typeof value === 'string') {
    if (value.length <= limits.unbrokenTextCharsMax || /\s/.test(value)) texts.push(value);
  } else if (Array.isArray(value)) for (const item of value) gatherTexts(item, texts);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      if (key === 'div' && typeof member === 'string') texts.push(plainText(member));
      else gatherTexts(member, texts);
    }
  }
}

/** Elements within a line, which part no words. */
const inline = new Set(
  'a abbr acronym b bdo big cite code del dfn em font i ins kbd q s samp small span strike strong sub sup tt u var'.split(
    ' ',
  ),
);

/** The text of XHTML, tags and references taken away; what is not well formed is taken as it comes. */
function plainText(xhtml: string): string {
  const [before = '', ...pieces] = xhtml.split('<');
  const texts = pieces.map((piece) => {
    const end = piece.indexOf('>');
    if (end === -1) return ' ';
    const [name = ''] = /^\/?\w*/.exec(piece) ?? [];
    const gap = inline.has(name.replace('/', '')) ? '' : ' ';
    return gap + piece.slice(end + 1);
  });
  return [before, ...texts].join('').replace(/&(#?\w{1,31});/g, (_, name: string) => charOf(name));
}

/** Letters that XHTML has names for are parted from these by a mark that folding takes away: `eacute`, `Ouml`. */
const lettered = /^([A-Za-z])(?:acute|grave|circ|tilde|uml|cedil|ring|caron|slash)$/;
const ligatures: Readonly<Record<string, string>> = {
  ...{ szlig: 'ss', aelig: 'ae', AElig: 'ae', oelig: 'oe', OElig: 'oe', amp: '&' },
};

function charOf(name: string): string {
  if (name.startsWith('#')) {
    const code = /^#[xX]/.test(name) ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10);
    return code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ' ';
  }
  const [, letter] = lettered.exec(name) ?? [];
  return letter ?? (Object.hasOwn(ligatures, name) ? (ligatures[name] ?? ' ') : ' ');
}
