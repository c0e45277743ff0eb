import type { ComponentValue } from '../../hl7v2/encode.ts';
import type { Said } from './loss.ts';
import type { OutTable } from './model.ts';
import {
  isObject,
  parseOutPath,
  textOf,
  valuesAt,
  type OutPath,
  type Place,
  type Walk,
} from './place.ts';

/** An assigning authority as HL7 v2 has it. */
export interface HdParts {
  readonly namespace: string;
  readonly universalId: string;
  readonly universalIdType: string;
}

/** What is written about a value besides the value. */
export interface Manner {
  readonly walk: Walk;
  readonly said: Said;
  /** The authority of an identifier's system. */
  readonly authority: (system: string) => HdParts;
  /** The authority of what has no identifier but our own id. */
  readonly own: HdParts;
  /** A FHIR dateTime in the receiver's zone. */
  readonly inZone: (dateTime: string) => string;
  /** 2.51 for 2.5.1. */
  readonly version: number;
  readonly table?: OutTable;
  /** URI of the system whose coding comes first. */
  readonly prefer?: string;
}

/** A value as HL7 v2 writes it: one text, or its components, or lines; undefined where it has nothing to say. */
export type Written = string | readonly ComponentValue[] | { readonly lines: readonly string[] };

/** Writes a value of one FHIR type as one v2 type. */
export type Write = (place: Place, manner: Manner) => Written | undefined;

const paths = new Map<string, OutPath>();

/** The places at a path of our own converters. */
export function at(path: string, place: Place, { walk }: Pick<Manner, 'walk'>): readonly Place[] {
  let parsed = paths.get(path);
  if (parsed === undefined) {
    parsed = parseOutPath(path) ?? [];
    paths.set(path, parsed);
  }
  return valuesAt(parsed, place, walk);
}

/** The text at a path, which counts as said; `''` where there is none. */
export function say(path: string, place: Place, manner: Manner): string {
  return sayAll(path, place, manner)[0] ?? '';
}

/** All texts at a path, which count as said. */
export function sayAll(path: string, place: Place, manner: Manner): readonly string[] {
  return at(path, place, manner).flatMap((found) => {
    const text = textOf(found.value);
    if (text === '') return [];
    manner.said.add(found);
    return [text];
  });
}

/** A value counts as said that the message says in another way. */
export function mark(path: string, place: Place, manner: Manner): void {
  for (const found of at(path, place, manner)) manner.said.add(found);
}

/** Undefined where nothing is written. */
export function orNothing(components: readonly ComponentValue[]): Written | undefined {
  return components.some(isWritten) ? components : undefined;
}

function isWritten(component: ComponentValue): boolean {
  if (component === undefined || typeof component === 'string') return (component ?? '') !== '';
  return component.subcomponents.some((leaf) => leaf !== undefined && leaf !== '');
}

/** HD as a component. */
export function hdComponent({ namespace, universalId, universalIdType }: HdParts): ComponentValue {
  return { subcomponents: [namespace, universalId, universalIdType] };
}

export function hasMember(place: Place, name: string): boolean {
  return isObject(place.value) && place.value[name] !== undefined;
}
