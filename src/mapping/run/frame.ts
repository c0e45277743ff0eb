import type { Element, Segment } from '../../hl7v2/message.ts';
import type { GroupNode } from '../../hl7v2/grammar.ts';
import type { Json } from '../../fhir/resource.ts';
import type { Identity } from '../result.ts';
import type { CompiledResource } from './compiled.ts';
import type { Run } from './run.ts';

/** From where paths are resolved: the innermost group, the segment and the value at hand. */
export interface Frame {
  readonly run: Run;
  readonly group: GroupNode;
  readonly segment?: Segment;
  readonly value?: Element;
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
