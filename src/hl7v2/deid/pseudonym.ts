import { createHmac } from 'node:crypto';

/** How a value is replaced: by a word that can be spoken, or by letters for letters and digits for digits. */
export type PseudonymKind = 'name' | 'identifier' | 'address' | 'phone' | 'string';

const consonants = 'bdfgklmnprstvz';
const vowels = 'aeiou';
/** Tries until a replacement holds nothing that was there; then what may be short by chance is let pass. */
const triesMax = 40;

/**
 * Replacements by a keyed hash: the same value of a kind gets the same one, two identifiers never share one, and without the
 * key nobody gets from one to the other. One for each folder.
 */
export class Pseudonyms {
  readonly #key: Uint8Array;
  /** What must not come out again, folded. */
  readonly #secrets = new Set<string>();
  /** Of these: names, and numbers that are long enough to be nothing else. */
  readonly #tellings = new Set<string>();
  readonly #made = new Map<string, string>();
  readonly #taken = new Set<string>();

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Learns a value that is to be replaced, before any is: a replacement must not be somebody's name. */
  learn(kind: PseudonymKind, text: string): void {
    const parts = [text, ...wordsOf(text)].map(fold).filter((part) => part.length >= 3);
    for (const part of parts) this.#secrets.add(part);
    if (kind === 'name')
      for (const part of parts) if (/\p{L}/u.test(part)) this.#tellings.add(part);
    if (kind === 'identifier' && text.length >= 5) this.#tellings.add(fold(text));
  }

  /** Whether a word is a name or a number of somebody. */
  isTelling(word: string): boolean {
    return this.#tellings.has(fold(word));
  }

  /** A text that is kept, without the names and numbers of people that stand in it. */
  cleaned(text: string): string {
    return text.replace(/[\p{L}\p{M}\p{N}]+/gu, (word) => {
      if (!this.isTelling(word)) return word;
      return this.of(/\p{N}/u.test(word) ? 'identifier' : 'name', word);
    });
  }

  /** From 0 to `below`, the same for the same text. */
  number(text: string, below: number): number {
    return new DataView(this.#digest('number', text, 0).buffer).getUint32(0) % below;
  }

  of(kind: PseudonymKind, text: string): string {
    const domain = kind === 'identifier' || kind === 'string' ? 'identifier' : kind;
    const key = `${domain} ${domain === 'name' ? fold(text) : text}`;
    let made = this.#made.get(key);
    if (made === undefined) {
      made = this.#make(domain, domain === 'name' ? fold(text) : text);
      this.#made.set(key, made);
      this.#taken.add(`${domain} ${made}`);
    }
    return domain === 'name' ? inCaseOf(text, made) : made;
  }

  #make(domain: string, text: string): string {
    let made = text;
    for (let attempt = 0; attempt < 10 * triesMax; attempt += 1) {
      // Of one letter or digit there are too few: it grows.
      const longer = attempt < triesMax ? '' : '0'.repeat(Math.floor(attempt / triesMax));
      made = this.#attempt(domain, text + longer, attempt);
      const isTaken = domain === 'identifier' && this.#taken.has(`${domain} ${made}`);
      if (made !== text && !isTaken && !this.#tells(made, attempt < triesMax)) return made;
    }
    return made;
  }

  #attempt(domain: string, text: string, attempt: number): string {
    const bytes = this.#stream(domain, text, attempt);
    if (domain !== 'name') return scrambled(text, bytes);
    return text.replace(/\p{L}[\p{L}\p{M}]*/gu, (word) =>
      word.length < 3 ? scrambled(word, bytes) : spoken(word.length, bytes),
    );
  }

  /** Whether it holds what was there. */
  #tells(made: string, isStrict: boolean): boolean {
    const folded = fold(made);
    if ([folded, ...wordsOf(folded)].some((word) => this.#secrets.has(word))) return true;
    const shortest = isStrict ? 3 : 6;
    for (let from = 0; from + shortest <= folded.length; from += 1) {
      for (let to = from + shortest; to <= folded.length; to += 1) {
        if (this.#secrets.has(folded.slice(from, to))) return true;
      }
    }
    return false;
  }

  /** As many bytes as one asks for. */
  #stream(domain: string, text: string, attempt: number): () => number {
    let block = 0;
    let bytes = new Uint8Array();
    let at = 0;
    return () => {
      if (at >= bytes.length) {
        bytes = this.#digest(`${domain} ${String(attempt)}`, text, block);
        block += 1;
        at = 0;
      }
      at += 1;
      return bytes[at - 1] ?? 0;
    };
  }

  #digest(domain: string, text: string, block: number): Uint8Array<ArrayBuffer> {
    const input = `${domain}\0${text}\0${String(block)}`;
    return Uint8Array.from(createHmac('sha256', this.#key).update(input).digest());
  }
}

/** The words of letters and digits within a text. */
function wordsOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

function fold(text: string): string {
  return text.trim().toLowerCase();
}

/** Letters for letters, digits for digits, the rest as it is; a number keeps its length, zeros before it too. */
function scrambled(text: string, byte: () => number): string {
  let isBegun = false;
  return text.replace(/[\p{L}\p{N}]/gu, (character) => {
    if (!/\p{N}/u.test(character)) {
      isBegun = true;
      const letter = String.fromCharCode(97 + (byte() % 26));
      return character === character.toLowerCase() ? letter : letter.toUpperCase();
    }
    if (!isBegun && character === '0') return '0';
    const digit = isBegun ? byte() % 10 : 1 + (byte() % 9);
    isBegun = true;
    return String(digit);
  });
}

/** Syllables, about as long as the word. */
function spoken(length: number, byte: () => number): string {
  const syllables = Math.min(Math.max(Math.round(length / 2), 2), 5);
  return Array.from({ length: syllables }, () => {
    const consonant = consonants[byte() % consonants.length] ?? '';
    return consonant + (vowels[byte() % vowels.length] ?? '');
  }).join('');
}

/** `DOE` is written in capitals, `Doe` with one. */
function inCaseOf(text: string, made: string): string {
  if (text === text.toLowerCase()) return made;
  if (text === text.toUpperCase()) return made.toUpperCase();
  return made.replace(/\p{L}+/gu, (word) => word.charAt(0).toUpperCase() + word.slice(1));
}
