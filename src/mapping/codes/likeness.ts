import { fold } from '../../fhir/fold.ts';

/** Words that names of codes share without saying anything. */
const empty: ReadonlySet<string> = new Set([
  'a',
  'an',
  'and',
  'by',
  'for',
  'in',
  'of',
  'or',
  'the',
  'to',
  'with',
]);

/** The words of a name, folded, without those that say nothing. */
export function wordsOf(name: string): readonly string[] {
  const words = fold(name)
    .split(/[^\p{L}\p{N}%]+/u)
    .filter((word) => word !== '');
  const telling = words.filter((word) => !empty.has(word));
  return telling.length > 0 ? telling : words;
}

/** How alike two names are, from 0 to 1: the share of their words that stand in both, or nearly so. Order does not count. */
export function likeness(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return 0;
  const [few, many] = a.length <= b.length ? [a, b] : [b, a];
  const open = [...many];
  let sum = 0;
  for (const word of few) {
    const scores = open.map((other) => wordLikeness(word, other));
    const best = Math.max(0, ...scores);
    if (best === 0) continue;
    sum += best;
    open.splice(scores.indexOf(best), 1);
  }
  return (2 * sum) / (a.length + b.length);
}

/** 1 for the same word, less for its beginning or a slip, 0 below a half. */
function wordLikeness(a: string, b: string): number {
  if (a === b) return 1;
  if (/\d/.test(a) || /\d/.test(b)) return 0;
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (short.length >= 3 && long.startsWith(short)) return Math.max(0.7, short.length / long.length);
  const dice = pairDice(a, b);
  return dice < 0.5 ? 0 : dice;
}

/** Sørensen-Dice over pairs of letters. */
function pairDice(a: string, b: string): number {
  const pairs = pairsOf(b);
  const all = a.length + b.length - 2;
  if (all <= 0) return 0;
  let shared = 0;
  for (const pair of pairsOf(a)) {
    const at = pairs.indexOf(pair);
    if (at < 0) continue;
    shared += 1;
    pairs.splice(at, 1);
  }
  return (2 * shared) / all;
}

function pairsOf(word: string): string[] {
  return Array.from({ length: Math.max(word.length - 1, 0) }, (_, at) => word.slice(at, at + 2));
}
