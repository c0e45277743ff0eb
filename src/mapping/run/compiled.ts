import type { Element } from '../../hl7v2/message.ts';
import type { AssigningAuthority } from '../context.ts';
import type { Frame, Instance, Target } from './frame.ts';

/** A path as a function of where it is asked. Reading marks the field as read. */
export interface PathReader {
  readonly text: string;
  /** v2 type of what it gives; `VARIES` where the message says it. */
  readonly v2Type: string;
  /** The first, whatever its state; undefined where the segment is absent. */
  readonly one: (frame: Frame) => Element | undefined;
  /** Every repetition, in every segment in scope. */
  readonly all: (frame: Frame) => readonly Element[];
}

export type Predicate = (frame: Frame) => boolean;

/** `off`: its `when` does not hold. */
export type SlotOutcome = 'given' | 'absent' | 'off';

export interface CompiledSlot {
  readonly name: string;
  /** `file:line`. */
  readonly rule: string;
  readonly required: 'refuse' | 'warn' | 'skip' | undefined;
  /** For `required-field`: the path that should have given the value. */
  readonly source: string | undefined;
  /** Elements that a `""` clears. */
  readonly clears: readonly string[];
  readonly run: (frame: Frame, target: Target) => SlotOutcome;
}

export interface CompiledKey {
  /** Undefined where the first part is not valued. */
  readonly read: (frame: Frame) => string | undefined;
  readonly source: string;
}

export interface CompiledResource {
  readonly name: string;
  /** `file:line`. */
  readonly rule: string;
  readonly type: string;
  readonly frames: (root: Frame) => readonly Frame[];
  readonly when: Predicate | undefined;
  readonly key: CompiledKey | undefined;
  /** Of `key: person`: the slots whose identifiers count; absent: all. */
  readonly person: { readonly slots?: readonly string[] } | undefined;
  readonly scope: (frame: Frame) => string;
  readonly sameKey: 'merge' | 'lines' | 'number';
  readonly eventTime: (frame: Frame) => string | undefined;
  readonly clearsOnNull: boolean;
  readonly write: 'merge' | 'create-only';
  readonly keep: boolean;
  readonly slots: readonly CompiledSlot[];
}

/** A message map, ready to run. */
export interface CompiledMap {
  readonly name: string;
  /** `adt-a01@1`, with the names of its overlays after `+`. */
  readonly label: string;
  readonly events: readonly string[];
  readonly resources: readonly CompiledResource[];
  readonly settings: ReadonlyMap<string, string | boolean | number>;
  /** Fields (`PID-1`) and segments (`ZDB`) that are left out on purpose. */
  readonly ignored: ReadonlySet<string>;
  readonly packCodeSystem: ((name: string) => string | undefined) | undefined;
  /** Every slot: name such as `patient.birthDate`, and rule. For coverage. */
  readonly rules: readonly { readonly name: string; readonly rule: string }[];
}

export type AuthorityReader = (frame: Frame) => AssigningAuthority | undefined;

export type InstancesOf = ReadonlyMap<string, readonly Instance[]>;
