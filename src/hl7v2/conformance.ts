import { limits } from '../limits.ts';
import { componentDefinition, fieldDefinition, knownSegment, tableCodes } from './dictionary.ts';
import type { FieldDefinition } from './dictionary.ts';
import { canonicalStructure, groupSegments, isGroup, type GroupNode } from './grammar.ts';
import type { Element, Message, Segment } from './message.ts';
import { formatPosition } from './path.ts';
import { primitiveFault } from './primitive.ts';
import { structureGrammar, type GrammarNode } from './structure-grammar.ts';

/**
 * What is wrong with a message by HL7's own definitions:
 * - `structure`: a segment that is missing, misplaced, unknown or one too many
 * - `undefined`: a field or component that the version does not have
 * - `required`, `cardinality`, `length`, `type`, `table`: of a field or component
 */
export type ConformanceKind =
  'structure' | 'undefined' | 'required' | 'cardinality' | 'length' | 'type' | 'table';

export interface ConformanceFault {
  /** Such as `PID-3.4`, or `OBX[7]-5` where there are several such segments (its index in the message, from 0). */
  readonly position: string;
  readonly kind: ConformanceKind;
  /** A sentence without full stop; of the message at most a short code. */
  readonly text: string;
}

/** The versions that can be told apart; 2.9 is read as 2.8, whose definitions it keeps. */
const versions: ReadonlySet<string> = new Set(
  '2.1 2.2 2.3 2.3.1 2.4 2.5 2.5.1 2.6 2.7 2.7.1 2.8 2.8.1 2.8.2 2.9'.split(' '),
);

/**
 * Holds a message against HL7's definitions of its version (MSH-12): its structure, and each field and component by optionality,
 * repetitions, length (up to v2.6, which limits them), data type and HL7's own tables. Tables that HL7 leaves to the
 * site are not looked at. Z segments are known to their senders alone. Never throws; at most
 * limits.conformanceFaultsMax faults.
 */
export function checkConformance(message: Message): readonly ConformanceFault[] {
  const check = new Check(message);
  check.version();
  check.structure();
  for (const segment of message.segments) {
    if (check.isFull) break;
    check.segment(segment);
  }
  return check.faults;
}

class Check {
  readonly faults: ConformanceFault[] = [];
  readonly #message: Message;
  /** Absent: the newest definitions. */
  readonly #version: string | undefined;
  readonly #several: ReadonlySet<string>;

  constructor(message: Message) {
    this.#message = message;
    this.#version = versions.has(message.version) ? message.version : undefined;
    const names = message.segments.map(({ name }) => name);
    this.#several = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  }

  get isFull(): boolean {
    return this.faults.length >= limits.conformanceFaultsMax;
  }

  version(): void {
    if (this.#version !== undefined) return;
    const is = this.#message.version === '' ? 'is empty' : 'is no version from 2.1 to 2.9';
    this.#fault('MSH-12', 'table', `${is}; the newest definitions are used`);
  }

  structure(): void {
    const root = groupSegments(this.#message, ({ location = '', text }) => {
      const index = Number(/\[(\d+)\]/.exec(location)?.[1] ?? -1);
      const segment = this.#message.segments[index];
      const position = segment === undefined ? location : this.#place(segment);
      this.#fault(position, 'structure', segment === undefined ? text : this.#stood(segment, text));
    });
    const grammar = structureGrammar(canonicalStructure(this.#message));
    if (grammar !== undefined) this.#missing(root, grammar);
  }

  /** With what stands before it, so that one sees where. */
  #stood(segment: Segment, text: string): string {
    const before = this.#message.segments[segment.index - 1];
    const where = before === undefined ? 'at the start' : `after ${this.#place(before)}`;
    const unknown = knownSegment(segment.name) ? '' : ', and no segment of HL7';
    return `${text.slice(segment.name.length + 1)}${unknown} (${where})`;
  }

  /** Segments and groups that must be there. */
  #missing(group: GroupNode, grammar: GrammarNode): void {
    for (const child of grammar.children ?? []) {
      const inner = group.groups.filter(({ name }) => name === child.name);
      for (const each of inner) this.#missing(each, child);
      const isThere =
        child.children === undefined
          ? group.segments.some(({ name }) => child.first.has(name))
          : inner.length > 0;
      if (!child.required || isThere) continue;
      const place = firstSegment(group);
      const within = group.parent === undefined ? '' : ` in ${group.name}`;
      const what = child.children === undefined ? child.name : `the group ${child.name}`;
      this.#fault(
        place === undefined ? 'MSH' : this.#place(place),
        'structure',
        `${what} is missing${within}`,
      );
    }
  }

  segment(segment: Segment): void {
    if (segment.name.startsWith('Z') || !knownSegment(segment.name)) return;
    const last = Math.max(segment.fieldCount, this.#lastRequired(segment.name));
    for (let number = segment.name === 'MSH' ? 3 : 1; number <= last; number += 1) {
      if (this.isFull) return;
      this.#field(segment, number);
    }
  }

  #lastRequired(name: string): number {
    let last = 0;
    for (let number = 1; number <= limits.conformanceFieldsMax; number += 1) {
      if (fieldDefinition(name, number, this.#version)?.required === true) last = number;
    }
    return last;
  }

  #field(segment: Segment, number: number): void {
    const field = segment.field(number);
    const position = this.#place(segment, field);
    const definition = fieldDefinition(segment.name, number, this.#version);
    if (definition === undefined) {
      if (field.state === 'absent') return;
      this.#fault(position, 'undefined', `is no field of ${this.#version ?? 'HL7'}`);
      return;
    }
    if (field.state === 'absent') {
      if (definition.required) this.#fault(position, 'required', `${definition.name} is missing`);
      return;
    }
    const repetitions = field.repetitions();
    const { repetitionsMax } = definition;
    if (repetitionsMax !== undefined && repetitions.length > repetitionsMax) {
      const most = `may come ${String(repetitionsMax)} times`;
      this.#fault(position, 'cardinality', `${most} and comes ${String(repetitions.length)} times`);
    }
    const dataType = definition.dataType === 'VARIES' ? segment.field(2).text : definition.dataType;
    for (const repetition of repetitions) {
      if (this.isFull) return;
      this.#value(segment, repetition, { ...definition, dataType });
    }
  }

  /** A repetition, component or subcomponent. */
  #value(segment: Segment, element: Element, definition: FieldDefinition): void {
    if (element.state !== 'value') return;
    const { dataType, table } = definition;
    this.#length(segment, element, definition);
    if (componentDefinition(dataType, 1) !== undefined && element.level !== 'subcomponent') {
      this.#components(segment, element, dataType);
      return;
    }
    const position = this.#place(segment, element);
    const separator = this.#separatorBelow(element);
    if (separator !== '' && element.raw.includes(separator)) {
      this.#fault(
        position,
        'type',
        `is ${dataType || 'of no known type'}, which has no components`,
      );
    }
    const fault = primitiveFault(dataType, element.text);
    if (fault !== undefined) this.#fault(position, 'type', `is no ${dataType}: ${fault}`);
    if (table !== undefined && dataType === 'ID') this.#table(position, element.text, table);
  }

  #components(segment: Segment, element: Element, dataType: string): void {
    const separator = this.#separatorBelow(element);
    const count = separator === '' ? 1 : element.raw.split(separator).length;
    const isComponent = element.level === 'component';
    const last = Math.max(count, this.#lastRequiredComponent(dataType));
    for (let number = 1; number <= last && !this.isFull; number += 1) {
      const part = isComponent ? element.subcomponent(number) : element.component(number);
      const definition = componentDefinition(dataType, number, this.#version);
      const position = this.#place(segment, part);
      if (definition === undefined) {
        // A type may be newer than the version: then nothing is known of its parts.
        const isKnown = componentDefinition(dataType, 1, this.#version) !== undefined;
        if (isKnown && part.state !== 'absent') {
          this.#fault(position, 'undefined', `is no component of ${dataType}`);
        }
      } else if (part.state === 'absent') {
        if (definition.required) this.#fault(position, 'required', `${definition.name} is missing`);
      } else this.#value(segment, part, definition);
    }
  }

  #lastRequiredComponent(dataType: string): number {
    let last = 0;
    for (let number = 1; number <= limits.conformanceFieldsMax; number += 1) {
      const definition = componentDefinition(dataType, number, this.#version);
      if (definition === undefined) break;
      if (definition.required) last = number;
    }
    return last;
  }

  #length(segment: Segment, element: Element, { lengthMax }: FieldDefinition): void {
    const length = element.raw.length;
    if (lengthMax === undefined || length <= lengthMax || !this.#limitsLengths()) return;
    const text = `has ${String(length)} characters, more than ${String(lengthMax)}`;
    this.#fault(this.#place(segment, element), 'length', text);
  }

  #limitsLengths(): boolean {
    return this.#version !== undefined && this.#version < '2.7';
  }

  #table(position: string, code: string, table: number): void {
    const codes = tableCodes(table);
    if (codes === undefined || codes.has(code) || isLocalCode(table, code)) return;
    const name = `table ${String(table).padStart(4, '0')}`;
    const shown = /^[\w.+-]{1,20}$/.test(code) ? `has no ${code}` : 'has no such code';
    this.#fault(position, 'table', `${name} ${shown}`);
  }

  #separatorBelow({ level }: Element): string {
    const { component, subcomponent } = this.#message.encoding;
    if (level === 'subcomponent') return '';
    return level === 'component' ? subcomponent : component;
  }

  #place(segment: Segment, element?: Element): string {
    const { name, index } = segment;
    const path = formatPosition(element?.position ?? { segment: name, segmentIndex: index });
    return this.#several.has(name) ? path : path.replace(/^(\w+)\[\d+\]/, '$1');
  }

  #fault(position: string, kind: ConformanceKind, text: string): void {
    if (!this.isFull) this.faults.push({ position, kind, text });
  }
}

/** Names of coding systems may be HL7's own tables and local ones (tables 0396 and 0203 say so). */
function isLocalCode(table: number, code: string): boolean {
  return table === 396 && /^(?:HL7\d{4}|99\w+|L)$/.test(code);
}

function firstSegment(group: GroupNode): Segment | undefined {
  for (const child of group.children) {
    const found = isGroup(child) ? firstSegment(child) : child;
    if (found !== undefined) return found;
  }
  return undefined;
}
