/**
 * An HL7 v2 message, read lazily: a segment is split into fields when one is first asked for, a field
 * into repetitions, components and subcomponents when touched. Escapes are decoded once, after
 * splitting (HL7 v2.5.1 chapter 2.7). Positions are kept, so that any value can say where it stood.
 */

/** MSH-1 and MSH-2; `truncation` is the fifth character of v2.7. An absent character never separates. */
export interface EncodingCharacters {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
  readonly truncation: string;
}

/** `null` is HL7's `""`: delete what is stored. `absent`: nothing was said, keep what is stored. */
export type ValueState = 'absent' | 'null' | 'value';

/**
 * A place in a message at any level. Every accessor answers for any place: what is not there has
 * state `absent`, text `''`, and no repetitions.
 */
export interface Element {
  /** Such as `PID[0]-3[1].4.1`; segment and repetition indexes from 0, the rest from 1 as HL7 counts. */
  readonly position: Position;
  /** Which level of the message it is at; a component that is not split further stays a component. */
  readonly level: 'field' | 'repetition' | 'component' | 'subcomponent';
  /** Undecoded text between the delimiters. */
  readonly raw: string;
  readonly state: ValueState;
  /** Decoded text of the first leaf: `A&B^C` gives `A`. Empty for absent and null. */
  readonly text: string;
  /** Of a field: its repetitions, without trailing empty ones. Of anything else: itself, if it is not absent. */
  repetitions(): readonly Element[];
  /** Of a field: of its first repetition. From 1. */
  component(number: number): Element;
  /** Of a component (or of the first component of a field). From 1. */
  subcomponent(number: number): Element;
  /** The text of a component, or of a subcomponent where this is a component: without a place being made for it. */
  partText(number: number): string;
}

export interface Position {
  /** Segment name. */
  readonly segment: string;
  /** Index of the segment in the message, from 0. */
  readonly segmentIndex: number;
  readonly field?: number;
  readonly repetition?: number;
  readonly component?: number;
  readonly subcomponent?: number;
}

export interface Segment {
  readonly name: string;
  /** Index in the message, from 0. */
  readonly index: number;
  /** The segment's text without its terminator. */
  readonly raw: string;
  /** Number of the last field that is there. For MSH, field 1 is the separator, field 2 the other characters. */
  readonly fieldCount: number;
  field(number: number): Element;
  /** The text of a component of a field's first repetition; without a place being made for it. From 1. */
  text(field: number, component?: number): string;
  /** Whether there is any text in a field, be it separators alone. */
  hasText(number: number): boolean;
}

export interface Message {
  readonly encoding: EncodingCharacters;
  readonly segments: readonly Segment[];
  /** The first segment of that name. */
  segment(name: string): Segment | undefined;
  /** MSH-9 as `ADT^A01`; the trigger is left away where there is none. */
  readonly type: string;
  /** MSH-9.3, or derived from MSH-9.1 and MSH-9.2 where absent. */
  readonly structure: string;
  /** MSH-10. */
  readonly controlId: string;
  /** MSH-12.1; empty where absent. */
  readonly version: string;
}
