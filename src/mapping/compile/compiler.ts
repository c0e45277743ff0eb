import type { MapIssues } from '../map-issue.ts';
import type { DatatypeRule, ResourceRule, SettingRule } from '../language/model.ts';
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
  /** Every slot compiled: for coverage. */
  readonly rules: { name: string; rule: string }[];
}

/** What relative paths mean where a slot stands. */
export interface ValueScope {
  /** v2 type of the value at hand; absent: there is none. */
  readonly valueType?: string;
  /** Name of the slots around, for coverage: `patient.name`. */
  readonly name: string;
}
