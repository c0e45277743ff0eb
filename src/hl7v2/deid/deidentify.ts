import { parseDateTime } from '../datetime.ts';
import { joinSegments } from '../encode.ts';
import { ElementContext, LazySegment } from '../element.ts';
import { readEncoding } from '../encoding.ts';
import type { Message } from '../message.ts';
import { Persons } from './persons.ts';
import { Pseudonyms, type PseudonymKind } from './pseudonym.ts';
import { capAge, shiftDate } from './shift-date.ts';
import { walkSegment, type Leaf } from './walk.ts';

/** How often something was done at a place. */
export interface DeidChange {
  /** `PID-5.1`. */
  readonly position: string;
  readonly done:
    'replaced' | 'shifted' | 'capped' | 'dropped' | 'cleaned' | 'kept, though it is a name too';
  readonly count: number;
}

export interface DeidOptions {
  /** Whoever has it gets the same replacements from the same messages. */
  readonly key: Uint8Array;
  /** Segments (`ZLB`) and fields (`ZPI-3`) that hold nothing of people, and stay. */
  readonly keep: ReadonlySet<string>;
}

/** What stands in the place of free text. */
const removed = 'REMOVED';
/** All dates of a person go back by one number of whole weeks, at least a year and a week: days of the week stay. */
const weeksMin = 53;
const weeksRange = 104;
/** LOINC: age in years. */
const ages: ReadonlySet<string> = new Set(['30525-0', '21612-7', '29553-5']);
const agePast = 90;

/**
 * Makes fixtures of the messages of a folder (https://www.hhs.gov/hipaa/for-professionals/privacy/special-topics/de-identification/):
 * names, numbers, addresses and telephone numbers are replaced, the same one by the same; dates go back by a constant of
 * the person; free text is dropped; codes, numbers and the whole structure stay. First {@link learn} every message: who is
 * who, and what must not come out again, is known from all of them.
 */
export class Deidentifier {
  readonly #pseudonyms: Pseudonyms;
  readonly #persons = new Persons();
  readonly #keep: ReadonlySet<string>;
  readonly #changes = new Map<string, DeidChange>();

  constructor({ key, keep }: DeidOptions) {
    this.#pseudonyms = new Pseudonyms(key);
    this.#keep = keep;
  }

  learn(message: Message): void {
    this.#persons.learn(message);
    for (const segment of message.segments) {
      walkSegment(segment, message, ({ text, treatment }) => {
        if (isPseudonymKind(treatment)) this.#pseudonyms.learn(treatment, text);
        return undefined;
      });
    }
  }

  /** The message as text, each segment ended by CR. */
  deidentify(message: Message): string {
    const personOf = this.#persons.of(message);
    const at = message.segment('MSH')?.field(7).text ?? '';
    const texts = message.segments.map((segment) => {
      const days = this.#daysOf(personOf(segment.index));
      return walkSegment(segment, message, (leaf) => this.#replace(leaf, { days, at }));
    });
    return joinSegments(texts);
  }

  /** The header of a file or batch (FHS, BHS), which is about nobody. */
  header(text: string): string {
    const { encoding } = readEncoding(text);
    if (encoding === undefined) return text.slice(0, 3);
    const segment = new LazySegment(text, 0, new ElementContext(encoding, () => undefined));
    const about = { days: this.#daysOf(''), at: '' };
    return walkSegment(segment, { encoding, version: '' }, (leaf) => this.#replace(leaf, about));
  }

  #daysOf(person: string): number {
    return -7 * (weeksMin + this.#pseudonyms.number(person, weeksRange));
  }

  /** What was done, place by place. */
  changes(): readonly DeidChange[] {
    return [...this.#changes.values()].sort((a, b) =>
      a.position < b.position ? -1 : a.position > b.position ? 1 : a.done < b.done ? -1 : 1,
    );
  }

  #replace(
    leaf: Leaf,
    { days, at }: { readonly days: number; readonly at: string },
  ): string | undefined {
    const { text, treatment } = leaf;
    if (this.#isKept(leaf)) return undefined;
    switch (treatment) {
      case 'keep':
        return this.#capped(leaf);
      case 'code':
        return this.#code(leaf);
      case 'display':
        return this.#cleaned(leaf);
      case 'result':
        return isResult(text) ? undefined : this.#done(leaf, 'dropped', removed);
      case 'text':
      case 'document':
        return this.#done(leaf, 'dropped', removed);
      case 'birth':
        return this.#birth(leaf, { days, at });
      case 'date':
        return this.#date(leaf, days);
      case 'string':
        return this.#string(leaf, days);
      default:
        return this.#done(leaf, 'replaced', this.#pseudonyms.of(treatment, text));
    }
  }

  #isKept({ position, segment }: Leaf): boolean {
    const [field = ''] = position.split('.');
    return this.#keep.has(segment.name) || this.#keep.has(field) || this.#keep.has(position);
  }

  #code(leaf: Leaf): string | undefined {
    if (!isCode(leaf.text)) return this.#done(leaf, 'dropped', removed);
    if (leaf.text.length >= 3 && this.#pseudonyms.isTelling(leaf.text)) {
      this.#done(leaf, 'kept, though it is a name too', '');
    }
    return undefined;
  }

  #cleaned(leaf: Leaf): string | undefined {
    const text = this.#pseudonyms.cleaned(leaf.text);
    return text === leaf.text ? undefined : this.#done(leaf, 'cleaned', text);
  }

  /** An age in a result. */
  #capped(leaf: Leaf): string | undefined {
    const { position, segment, text } = leaf;
    if (position !== 'OBX-5' || !ages.has(segment.field(3).component(1).text)) return undefined;
    return Number(text) >= agePast ? this.#done(leaf, 'capped', String(agePast)) : undefined;
  }

  #birth(leaf: Leaf, { days, at }: { readonly days: number; readonly at: string }): string {
    const capped = capAge(leaf.text, at);
    if (capped === undefined) return this.#date(leaf, days);
    return this.#done(leaf, 'capped', shiftDate(capped, days) ?? capped);
  }

  #date(leaf: Leaf, days: number): string {
    const shifted = shiftDate(leaf.text, days);
    if (shifted !== undefined) return this.#done(leaf, 'shifted', shifted);
    // Zeros, or what was never a date.
    return /[1-9\p{L}]/u.test(leaf.text) ? this.#text(leaf) : leaf.text;
  }

  /** What nobody knows: a date is shifted, words are free text, a word is replaced. */
  #string(leaf: Leaf, days: number): string {
    const isDate =
      /^(?:19|20)\d{6}/.test(leaf.text) && parseDateTime(leaf.text).value !== undefined;
    const shifted = isDate ? shiftDate(leaf.text, days) : undefined;
    return shifted === undefined ? this.#text(leaf) : this.#done(leaf, 'shifted', shifted);
  }

  #text(leaf: Leaf): string {
    if (!/[\p{L}1-9]/u.test(leaf.text)) return leaf.text;
    if (/\p{L}\S*\s+\S*\p{L}/u.test(leaf.text)) return this.#done(leaf, 'dropped', removed);
    return this.#done(leaf, 'replaced', this.#pseudonyms.of('string', leaf.text));
  }

  #done({ position }: Leaf, done: DeidChange['done'], text: string): string {
    const key = `${position} ${done}`;
    const count = (this.#changes.get(key)?.count ?? 0) + 1;
    this.#changes.set(key, { position, done, count });
    return text;
  }
}

function isPseudonymKind(treatment: Leaf['treatment']): treatment is PseudonymKind {
  return ['name', 'identifier', 'address', 'phone'].includes(treatment);
}

/** Codes are short and of few words; what is not was typed into their field. */
function isCode(text: string): boolean {
  return text.length <= 40 && text.trim().split(/\s+/).length <= 3;
}

/** A result that says nothing but a measure or one of the words that laboratories use for one. */
function isResult(text: string): boolean {
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  return text.length <= 40 && words.every((word) => word.length === 1 || resultWords.has(word));
}

const resultWords: ReadonlySet<string> = new Set([
  ...['positive', 'negative', 'pos', 'neg', 'detected', 'not', 'reactive', 'nonreactive', 'non'],
  ...[
    'normal',
    'abnormal',
    'present',
    'absent',
    'none',
    'seen',
    'trace',
    'small',
    'moderate',
    'large',
  ],
  ...[
    'rare',
    'few',
    'many',
    'occasional',
    'heavy',
    'light',
    'growth',
    'no',
    'yes',
    'true',
    'false',
  ],
  ...['resistant', 'susceptible', 'intermediate', 'sensitive', 'high', 'low', 'clear', 'cloudy'],
  ...['yellow', 'amber', 'red', 'brown', 'turbid', 'hazy', 'straw', 'ab', 'rh', 'indeterminate'],
  ...[
    'equivocal',
    'invalid',
    'pending',
    'final',
    'unknown',
    'hpf',
    'lpf',
    'mg',
    'dl',
    'ml',
    'mmol',
    'ug',
    'ng',
  ],
]);
