/** What a sender's messages look like, taken from messages themselves: which fields are used, how, and with which codes. */
import { fieldDefinition, knownSegment } from './dictionary.ts';
import type { Element, Message, Segment } from './message.ts';

/** One field over all messages. */
export interface FieldProfile {
  /** `PID-3`. */
  readonly position: string;
  /** As HL7 calls it; absent for fields it does not know. */
  readonly name?: string;
  readonly dataType?: string;
  /** Segments of that name in which it has a value. */
  readonly valued: number;
  /** Segments in which it is `""`. */
  readonly nulls: number;
  readonly repetitionsMax: number;
  /** Characters as they are sent. */
  readonly lengthMax: number;
  /** Components that have a value somewhere. */
  readonly components: readonly number[];
  /** Of a coded field: `code^^system` and how often, most frequent first, a bounded number of them. */
  readonly codes: readonly CountOf[];
  /** Of a field that HL7 does not know: what its values look like, letters as A and digits as 9. */
  readonly shapes: readonly CountOf[];
}

export interface CountOf {
  readonly value: string;
  readonly count: number;
}

export interface SegmentProfile {
  readonly name: string;
  /** Whether HL7 knows it. */
  readonly known: boolean;
  readonly count: number;
  /** Messages that have it. */
  readonly messages: number;
  /** In one message. */
  readonly most: number;
}

export interface Profile {
  readonly messages: number;
  readonly types: readonly CountOf[];
  readonly versions: readonly CountOf[];
  readonly charsets: readonly CountOf[];
  /** `MSH-3|MSH-4`. */
  readonly senders: readonly CountOf[];
  /** Assigning authorities of PID-3. */
  readonly authorities: readonly CountOf[];
  readonly segments: readonly SegmentProfile[];
  /** In the order of segments and numbers. */
  readonly fields: readonly FieldProfile[];
}

/** Distinct values that are counted for one field; what comes after that is counted as `other`. */
export const profileValuesMax = 200;

/** Takes messages one after the other; memory is bounded by what HL7's fields are, not by how many messages come. */
export class Profiler {
  #messages = 0;
  readonly #types = new Counts();
  readonly #versions = new Counts();
  readonly #charsets = new Counts();
  readonly #senders = new Counts();
  readonly #authorities = new Counts();
  readonly #segments = new Map<string, { count: number; messages: number; most: number }>();
  readonly #fields = new Map<string, FieldCounts>();

  add(message: Message, charset: string): void {
    this.#messages += 1;
    this.#types.add(message.type);
    this.#versions.add(message.version);
    this.#charsets.add(charset);
    const header = message.segment('MSH');
    this.#senders.add(`${header?.field(3).text ?? ''}|${header?.field(4).text ?? ''}`);
    for (const id of message.segment('PID')?.field(3).repetitions() ?? []) {
      this.#authorities.add(id.component(4).text);
    }
    const seen = Map.groupBy(message.segments, ({ name }) => name);
    for (const [name, segments] of seen) {
      const counts = this.#segments.get(name) ?? { count: 0, messages: 0, most: 0 };
      counts.count += segments.length;
      counts.messages += 1;
      counts.most = Math.max(counts.most, segments.length);
      this.#segments.set(name, counts);
      for (const segment of segments) this.#addFields(segment, message.version);
    }
  }

  #addFields(segment: Segment, version: string): void {
    for (let number = segment.name === 'MSH' ? 3 : 1; number <= segment.fieldCount; number++) {
      const field = segment.field(number);
      if (field.state === 'absent') continue;
      const position = `${segment.name}-${String(number)}`;
      let counts = this.#fields.get(position);
      if (counts === undefined) {
        counts = new FieldCounts(segment, number, version);
        this.#fields.set(position, counts);
      }
      counts.add(field);
    }
  }

  result(): Profile {
    const known = [...this.#segments.keys()];
    const place = (position: string): number =>
      known.indexOf(position.slice(0, 3)) * 1_000 + Number(position.slice(4));
    return {
      messages: this.#messages,
      types: this.#types.list(),
      versions: this.#versions.list(),
      charsets: this.#charsets.list(),
      senders: this.#senders.list(),
      authorities: this.#authorities.list().filter(({ value }) => value !== ''),
      segments: [...this.#segments].map(([name, counts]) => ({
        name,
        known: knownSegment(name),
        ...counts,
      })),
      fields: [...this.#fields]
        .sort(([a], [b]) => place(a) - place(b))
        .map(([position, counts]) => counts.profile(position)),
    };
  }
}

const codedTypes: ReadonlySet<string> = new Set(['ID', 'IS', 'CE', 'CWE', 'CNE', 'CF']);

class FieldCounts {
  readonly #definition: ReturnType<typeof fieldDefinition>;
  readonly #components = new Set<number>();
  readonly #values = new Counts();
  readonly #isCoded: boolean;
  #valued = 0;
  #nulls = 0;
  #repetitionsMax = 0;
  #lengthMax = 0;

  constructor(segment: Segment, number: number, version: string) {
    this.#definition = fieldDefinition(segment.name, number, version);
    this.#isCoded = codedTypes.has(this.#definition?.dataType ?? '');
  }

  add(field: Element): void {
    if (field.state === 'null') {
      this.#nulls += 1;
      return;
    }
    const repetitions = field.repetitions();
    this.#valued += 1;
    this.#repetitionsMax = Math.max(this.#repetitionsMax, repetitions.length);
    this.#lengthMax = Math.max(this.#lengthMax, field.raw.length);
    for (const one of repetitions) {
      for (let component = 1; component <= componentsLookedAt; component++) {
        if (one.component(component).state === 'value') this.#components.add(component);
      }
      if (this.#isCoded) this.#values.add(codeOf(one));
      else if (this.#definition === undefined) this.#values.add(shapeOf(one.raw));
    }
  }

  profile(position: string): FieldProfile {
    const { name, dataType } = this.#definition ?? {};
    const values = this.#values.list();
    return {
      position,
      ...(name !== undefined && { name }),
      ...(dataType !== undefined && { dataType }),
      valued: this.#valued,
      nulls: this.#nulls,
      repetitionsMax: this.#repetitionsMax,
      lengthMax: this.#lengthMax,
      components: [...this.#components].sort((a, b) => a - b),
      codes: this.#isCoded ? values : [],
      shapes: this.#definition === undefined ? values : [],
    };
  }
}

/** XAD, the longest data type, has 23. */
const componentsLookedAt = 24;

function codeOf(element: Element): string {
  const system = element.component(3).text;
  return system === '' ? element.text : `${element.text}^^${system}`;
}

/** What a value looks like without what it says: it may name a person. */
function shapeOf(raw: string): string {
  return raw.slice(0, 40).replace(/\p{L}/gu, 'A').replace(/\d/g, '9');
}

/** How often each of some values came. */
class Counts {
  readonly #counts = new Map<string, number>();

  add(value: string): void {
    const isNew = !this.#counts.has(value) && this.#counts.size >= profileValuesMax;
    const key = isNew ? 'other' : value;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Most frequent first. */
  list(): readonly CountOf[] {
    return [...this.#counts]
      .map(([value, count]) => ({ value, count }))
      .sort((a, b) => b.count - a.count);
  }
}
