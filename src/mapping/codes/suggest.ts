import { fold } from '../../fhir/fold.ts';
import { likeness, wordsOf } from './likeness.ts';

/** A code that may be meant, and how somebody came to it. */
export interface Candidate {
  readonly system: string;
  readonly code: string;
  readonly display: string;
  /** Where it stands: `StMaryTests[K]`, or the name of its code system. */
  readonly from: string;
  /** The sender's code that already becomes it, and its name. */
  readonly of?: { readonly code: string; readonly display: string };
}

/** What could be meant, from 0 to 1; it is a person who says so. */
export interface Suggestion {
  readonly system: string;
  readonly code: string;
  readonly display: string;
  readonly score: number;
  readonly why: string;
}

/** Below, a suggestion costs more time than it saves. */
const scoreMin = 0.5;
const suggestionsMax = 3;

/**
 * The most likely meanings of a sender's code, best first: by the likeness of its name to theirs and to those of codes that
 * already have one, and by the code itself.
 */
export function suggest(
  asked: { readonly code: string; readonly display: string },
  candidates: readonly Candidate[],
  scoreAtLeast: number = scoreMin,
): readonly Suggestion[] {
  const words = wordsOf(asked.display === '' ? asked.code : asked.display);
  const code = fold(asked.code);
  const best = new Map<string, Suggestion>();
  for (const candidate of candidates) {
    const found = rate({ words, code, isNamed: asked.display !== '' }, candidate);
    if (found.score < scoreAtLeast) continue;
    const key = `${candidate.system}|${candidate.code}`;
    const known = best.get(key);
    if (known !== undefined && known.score >= found.score) continue;
    const { system, code: target, display } = candidate;
    best.set(key, { system, code: target, display, ...found });
  }
  return [...best.values()].sort((a, b) => b.score - a.score).slice(0, suggestionsMax);
}

interface Asked {
  readonly words: readonly string[];
  readonly code: string;
  readonly isNamed: boolean;
}

function rate(
  asked: Asked,
  candidate: Candidate,
): { readonly score: number; readonly why: string } {
  const { display, from, of } = candidate;
  const ways = [
    { score: likeness(asked.words, wordsOf(display)), why: `like ${quoted(display)} (${from})` },
    { ...byCode(asked, { code: candidate.code, display }), why: `the same code in ${from}` },
  ];
  if (of !== undefined) {
    const score = likeness(asked.words, wordsOf(of.display));
    ways.push({ score, why: `like ${quoted(of.display)}, which is ${from}` });
    ways.push({ ...byCode(asked, of), why: `the same code as ${from}` });
  }
  const best = ways.reduce((one, other) => (other.score > one.score ? other : one));
  return { score: Math.round(best.score * 100) / 100, why: best.why };
}

/** The same code says something of itself; with a name that is another it says little. */
function byCode(
  { words, code, isNamed }: Asked,
  other: { readonly code: string; readonly display: string },
): { readonly score: number } {
  if (code !== fold(other.code)) return { score: 0 };
  if (!isNamed || other.display === '') return { score: code.length > 2 ? 0.8 : 0.6 };
  return { score: 0.4 + 0.6 * likeness(words, wordsOf(other.display)) };
}

function quoted(text: string): string {
  return `"${text}"`;
}
