import type { Message, Segment } from '../../hl7v2/message.ts';
import type { LossEntry } from '../result.ts';

/** Fields of MSH that the engine itself reads: separators, time, type, control id, version. */
const engineFields: readonly number[] = [1, 2, 7, 9, 10, 12];

const lastTracked = 30;

/** Which repetitions of which fields some rule has read: a bit per repetition (the last bit for all further ones). */
export class FieldReads {
  readonly #message: Message;
  readonly #masks: number[][] = [];
  /** What was read for resources under way, three numbers each: it counts once they are made. */
  readonly #pending: number[] = [];
  #depth = 0;

  constructor(message: Message) {
    this.#message = message;
  }

  mark(segmentIndex: number, field: number, repetition: number): void {
    const bit = 1 << Math.min(repetition, lastTracked);
    if (((this.#masks[segmentIndex]?.[field] ?? 0) & bit) !== 0) return;
    if (this.#depth === 0) this.#count(segmentIndex, field, bit);
    else this.#pending.push(segmentIndex, field, bit);
  }

  /** Reads from here on are for one resource; gives what {@link end} needs. */
  begin(): number {
    this.#depth += 1;
    return this.#pending.length;
  }

  /** The resource is made, and what was read for it is used; or it was dropped, and nobody has read that. */
  end(begun: number, made: boolean): void {
    this.#depth -= 1;
    const pending = this.#pending;
    for (let at = begun; made && at < pending.length; at += 3) {
      this.#count(pending[at] ?? 0, pending[at + 1] ?? 0, pending[at + 2] ?? 0);
    }
    pending.length = begun;
  }

  #count(segmentIndex: number, field: number, bit: number): void {
    const masks = (this.#masks[segmentIndex] ??= []);
    masks[field] = (masks[field] ?? 0) | bit;
  }

  /** Valued fields with a repetition that nobody read, by position without instances. */
  loss(ignored: ReadonlySet<string>): LossEntry[] {
    const counts = new Map<string, number>();
    for (const segment of this.#message.segments) {
      if (ignored.has(segment.name)) continue;
      const { fieldCount } = segment;
      for (let field = 1; field <= fieldCount; field += 1) {
        if (!segment.hasText(field) || !this.#isLost(segment, field)) continue;
        const position = `${segment.name}-${String(field)}`;
        if (!ignored.has(position)) counts.set(position, (counts.get(position) ?? 0) + 1);
      }
    }
    return [...counts].map(([position, count]) => ({ position, count }));
  }

  #isLost(segment: Segment, field: number): boolean {
    if (segment.name === 'MSH' && engineFields.includes(field)) return false;
    const element = segment.field(field);
    const mask = this.#masks[segment.index]?.[field] ?? 0;
    if (mask === 0) return element.state === 'value';
    const separator = this.#message.encoding.repetition;
    if (separator === '' || !element.raw.includes(separator)) return false;
    return element
      .repetitions()
      .some(
        (one, index) => (mask & (1 << Math.min(index, lastTracked))) === 0 && one.state === 'value',
      );
  }
}
