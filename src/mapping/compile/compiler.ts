import type { ElementDefinition } from '../../fhir/definitions.ts';
import type { MapIssues } from '../map-issue.ts';
import type { DatatypeRule, ResourceRule, SettingRule, SlotRule } from '../language/model.ts';
import type { CompiledSlot } from '../run/compiled.ts';
import type { CompiledTable } from '../run/table.ts';

/** What compiling one map may look at, and where it reports. */
export interface Compiler {
  readonly issues: MapIssues;
  readonly tables: ReadonlyMap<string, CompiledTable>;
  readonly settings: ReadonlyMap<string, SettingRule>;
  /** Absent where a segment map is checked alone: then references cannot be checked. */
  readonly resources: ReadonlyMap<string, ResourceRule> | undefined;
  /** Resources of the pack's other maps: a segment map may refer to what not every map makes. */
  readonly elsewhere: ReadonlySet<string>;
  readonly datatypes: ReadonlyMap<string, DatatypeRule>;
  /** Compiles the slots of a `set` below a FHIR type or group (slots.ts; here because sets nest). */
  readonly compileSlots: (
    rules: readonly SlotRule[],
    base: string,
    at: { readonly scope: ValueScope; readonly compiler: Compiler },
  ) => CompiledSlot[];
  /** The tables that slots ask; filled while they are compiled. */
  readonly asked: Map<string, CompiledTable>;
  /** What other maps have compiled already; absent where the map has tables or settings of its own. */
  readonly reuse: SlotReuse | undefined;
  /** Checks of what slots refer to by name; filled while they are compiled. */
  readonly references: ReferenceCheck[];
  /** Every slot compiled: for coverage. */
  readonly rules: { name: string; rule: string }[];
}

/** Whether a reference by name is right depends on the map. */
export type ReferenceCheck = (compiler: Compiler) => void;

/** Slots compiled before, by their rule, and by what else they depend on (reuse.ts). */
export type SlotReuse = WeakMap<SlotRule, Map<string, KeptSlot>>;

/** A compiled slot with what was gathered on the way. */
export interface KeptSlot {
  readonly slot: CompiledSlot | undefined;
  readonly rules: readonly { name: string; rule: string }[];
  readonly asked: ReadonlyMap<string, CompiledTable>;
  readonly references: readonly ReferenceCheck[];
}

/** A CodeableConcept or Coding, by which value set it is bound. */
export interface Concept {
  readonly definition: ElementDefinition;
}

/** What relative paths mean where a slot stands. */
export interface ValueScope {
  /** v2 type of the value at hand; absent: there is none. */
  readonly valueType?: string;
  /** Name of the slots around, for coverage: `patient.name`. */
  readonly name: string;
  /** The CodeableConcept or Coding that the slots fill. */
  readonly concept?: Concept;
}
