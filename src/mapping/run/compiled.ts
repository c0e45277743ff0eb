import type { Issue } from '../../fhir/issue.ts';
import type { IssueCode } from '../../fhir/issue-table.ts';
import type { Json } from '../../fhir/resource.ts';
import type { GroupNode } from '../../hl7v2/grammar.ts';
import type { Element, Message, Position, Segment } from '../../hl7v2/message.ts';
import type { MappingContext } from '../context.ts';
import type { Conversion, MessageFacts, SystemCode } from '../datatypes/convert.ts';
import type { EffectKind, WriteMode } from '../language/model.ts';
import type { Identity, TraceEntry } from '../result.ts';
import type { Scope } from './scope.ts';
import type { CompiledTable } from './table.ts';

/** A path as a function of where it is asked. Reading marks the field as read. */
export interface PathReader {
  readonly text: string;
  /** v2 type of what it gives; `VARIES` where the message says it. */
  readonly v2Type: string;
  /** The first, whatever its state; undefined where the segment is absent. */
  readonly one: (frame: Frame) => Element | undefined;
  /** As {@link one}; undefined also where the field has no text at all, for which nothing is made. */
  readonly said: (frame: Frame) => Element | undefined;
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
  /** Whether it has nothing to read and nobody to tell of it: then it need not run. Absent: it has to be run to know. */
  readonly isIdle: Predicate | undefined;
  readonly run: (frame: Frame, target: Target) => SlotOutcome;
}

export interface CompiledKey {
  /** Undefined where the first part is not valued. */
  readonly read: (frame: Frame) => string | undefined;
  readonly source: string;
}

/** What a person is found by. */
export interface CompiledPerson {
  /** The slots whose identifiers count; absent: all. */
  readonly slots?: readonly string[];
  /** The fields that they read, such as `PID-3`. */
  readonly fields: readonly string[];
}

export interface CompiledResource {
  readonly name: string;
  /** `file:line`. */
  readonly rule: string;
  readonly type: string;
  readonly frames: (root: Frame) => readonly Frame[];
  readonly when: Predicate | undefined;
  readonly key: CompiledKey | undefined;
  /** Of `key: person`. */
  readonly person: CompiledPerson | undefined;
  readonly scope: (frame: Frame) => string;
  readonly sameKey: 'merge' | 'lines' | 'number';
  readonly eventTime: (frame: Frame) => string | undefined;
  readonly clearsOnNull: boolean;
  readonly write: WriteMode;
  readonly keep: boolean;
  readonly slots: readonly CompiledSlot[];
}

/** What an event does to the records of its instances. */
export interface CompiledEffect {
  readonly name: string;
  readonly kind: EffectKind;
  /** Names of resources of the map. */
  readonly of: string;
  readonly into: string | undefined;
  /** Asked where the instance of `of` stands. */
  readonly when: Predicate | undefined;
}

/** A message map, ready to run. */
export interface CompiledMap {
  readonly name: string;
  /** `adt-a01@1`, with the names of its overlays after `+`. */
  readonly label: string;
  readonly events: readonly string[];
  readonly resources: readonly CompiledResource[];
  readonly effects: readonly CompiledEffect[];
  readonly settings: ReadonlyMap<string, string | boolean | number>;
  /** Fields (`PID-1`) and segments (`ZDB`) that are left out on purpose. */
  readonly ignored: ReadonlySet<string>;
  readonly packCodeSystem: ((name: string) => string | undefined) | undefined;
  /** The tables that its slots ask, by name. */
  readonly tables: ReadonlyMap<string, CompiledTable>;
  /** Every slot: name such as `patient.birthDate`, and rule. For coverage. */
  readonly rules: readonly { readonly name: string; readonly rule: string }[];
  /** Why such a message makes nothing. */
  readonly nothing: string | undefined;
  /** Why such a message is not taken. */
  readonly refuse: string | undefined;
}

/** What one run of a map over one message offers to compiled rules, and takes from them. */
export interface MessageRun {
  readonly message: Message;
  readonly context: MappingContext;
  readonly scope: Scope;
  /** What converters may ask of the message and the feed. */
  readonly facts: MessageFacts;
  readonly trace: TraceEntry[];
  readonly links: Link[];
  /** By resource name. */
  readonly instances: ReadonlyMap<string, readonly Instance[]>;
  /** Builds an instance that a reference needs, if it is not yet built. */
  readonly build: (instance: Instance) => void;
  /** SHA-256 of the message's segments, hex. */
  messageHash(): string;
  /** The feed's value of a setting, else the map's default. */
  setting(name: string): string | boolean | number | undefined;
  /** Marks a repetition of a field, from 0, as read by a rule. */
  markRead(segmentIndex: number, field: number, repetition: number): void;
  /** What is read while `work` makes a resource counts if it says that it was made. */
  reading(work: () => boolean): void;
  /** A position as hl7v2/path.ts reads it: `PID-5.1`, `OBX[7]-5`. */
  position(position: Position): string;
  /** What a converter may ask, for a value that no verb of a slot says more about. */
  conversionOf(element: Element | undefined): Conversion;
  /** A time as an instant, worked out once for each value. */
  instantOf(element: Element): string | undefined;
  issue(severity: Issue['severity'], code: IssueCode, at: IssuePlace): void;
  /** A remark on a value; one of severity `information` is made once a message. */
  remark(severity: 'warning' | 'information', diagnostics: string, element: Element): void;
  /** Counts a code that a table has no row for. */
  addUnmapped(table: string, code: SystemCode, element: Element): void;
}

export interface IssuePlace {
  readonly diagnostics: string;
  readonly location?: string | undefined;
}

/** Runs a slot over its frame; whether it gave a value. */
export type SlotBody = (frame: Frame, target: Target) => boolean;

/** A reference whose target's address is known when all resources are made. */
export interface Link {
  readonly holder: MutableObject;
  readonly to: Instance;
  readonly container: MutableObject;
  readonly key: string;
}

/** From where paths are resolved: the innermost group, the segment and the value at hand. Made by frame.ts. */
export interface Frame {
  readonly run: MessageRun;
  readonly group: GroupNode;
  readonly segment: Segment | undefined;
  readonly value: Element | undefined;
}

export interface MutableObject {
  [key: string]: Json | MutableObject | (Json | MutableObject)[] | undefined;
}

/** An object under construction: a resource or an element of it. */
export interface Target {
  readonly object: MutableObject;
  /** For the trace: `observation#3.referenceRange[0]`. */
  readonly path: string;
  readonly instance: Instance;
  /** Whether something came from the message (not constants, not references). */
  solid: boolean;
  /** Whether a reference was set. */
  linked: boolean;
  /** Whether a `""` was met since the flag was last lowered. */
  sawNull: boolean;
}

/** One resource to be, from one frame. */
export interface Instance {
  readonly rule: CompiledResource;
  readonly name: string;
  readonly frame: Frame;
  state: 'new' | 'building' | 'built' | 'dropped';
  body: MutableObject;
  identity: Identity;
  fullUrl: string;
  /** The instance that this one was merged into, having the same identity. */
  mergedInto?: Instance;
  readonly clears: string[];
  readonly initial: string[];
  readonly persons: { readonly slot: string; readonly system: string; readonly value: string }[];
}
