import { fail } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import type { Store } from '../../store/store.ts';
import { partKey } from './work.ts';

export type Part = readonly [name: string, text: string];

/** A long text cut into pieces that the store's state takes: `name-0`, `name-1` ... Throws `limit`. */
export function cutText(name: string, text: string): readonly Part[] {
  const size = limits.backgroundPartChars;
  const count = Math.ceil(text.length / size);
  if (count > limits.backgroundPartsMax) {
    fail('limit', 'The text is too long to be kept (backgroundPartsMax); ask for less');
  }
  return Array.from({ length: count }, (_, i) => [
    `${name}-${i}`,
    // Lone halves of a pair would not survive the way through the store.
    keepPairs(text, i * size, (i + 1) * size),
  ]);
}

/** The cut pieces in their order, one at a time. */
export async function* joinText(
  store: Store,
  id: string,
  { name, count }: { readonly name: string; readonly count: number },
): AsyncGenerator<string> {
  for (let i = 0; i < count; i++) {
    const entry = await store.state(partKey(id, `${name}-${i}`));
    if (entry === undefined) fail('gone', 'The result has expired');
    yield entry.value;
  }
}

/** Both ends move by one where they would part a surrogate pair. */
function keepPairs(text: string, from: number, to: number): string {
  return text.slice(from + (partsPair(text, from) ? 1 : 0), to + (partsPair(text, to) ? 1 : 0));
}

function partsPair(text: string, at: number): boolean {
  const [before, after] = [text.charCodeAt(at - 1), text.charCodeAt(at)];
  return before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000;
}
