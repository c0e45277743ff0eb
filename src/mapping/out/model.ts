import type { MapPlace } from '../map-issue.ts';
import type { OutCondition } from './condition.ts';
import type { OutPath } from './place.ts';

/** How resources of one type become messages. */
export interface OutMap {
  readonly name: string;
  readonly version: string;
  /** The type of resource it is for. */
  readonly resource: string;
  /** The first whose condition holds says which message it is; where none does, there is no message. */
  readonly events: readonly OutEvent[];
  readonly segments: readonly SegmentRule[];
  /** Types of resources whose elements must be said, or are told as lost. */
  readonly reports: ReadonlySet<string>;
  /** Elements that need not be, as `Appointment.created`. */
  readonly ignored: ReadonlySet<string>;
  readonly tables: ReadonlyMap<string, OutTable>;
}

export interface OutEvent {
  /** MSH-9: message code, trigger event, structure. */
  readonly code: string;
  readonly trigger: string;
  readonly structure: string;
  readonly when: OutCondition;
}

/** From a FHIR code to a v2 one. */
export interface OutTable {
  readonly rows: ReadonlyMap<string, string>;
  /** Of a code without a row: the code itself, none, or this. */
  readonly otherwise: { readonly keep: boolean; readonly code: string };
}

export interface SegmentRule {
  readonly slot: string;
  readonly segment: string;
  readonly place: MapPlace;
  /** What it is about: one segment for each value; absent: one about whatever is around it. */
  readonly each?: OutPath;
  /** A base64 text within it: one segment for each line of it. */
  readonly lines?: OutPath;
  readonly when: OutCondition;
  readonly fields: readonly FieldRule[];
  /** Elements that need not be said where another, which is, begins with the same text. */
  readonly says: readonly (readonly [element: OutPath, other: OutPath])[];
  /** Segments about the same value, after this one. */
  readonly segments: readonly SegmentRule[];
}

/** A field, or a component of one. */
export interface FieldRule {
  readonly number: number;
  readonly place: MapPlace;
  readonly source: FieldSource;
  /** v2 type, by which the value is written. */
  readonly as: string;
  readonly when: OutCondition;
  readonly table?: string;
  /** A coding of this system comes first. */
  readonly prefer?: string;
  /** Texts joined to one; absent: repetitions where it is `each`. */
  readonly join?: string;
}

export type FieldSource =
  | { readonly kind: 'path'; readonly path: OutPath; readonly all: boolean }
  | { readonly kind: 'const'; readonly text: string }
  /** `set-id`: which of its name it is here. `action`: A of what is new, else U (table 0206). */
  | { readonly kind: 'set-id' | 'event-time' | 'trigger' | 'action' }
  /** Which it is of those with the same value at the path, unless `said` holds it. */
  | { readonly kind: 'sub-id'; readonly path: OutPath; readonly said?: OutPath }
  | {
      readonly kind: 'parts';
      readonly path: OutPath;
      readonly all: boolean;
      readonly parts: readonly FieldRule[];
    };
