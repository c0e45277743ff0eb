import type { Json } from '../../fhir/resource.ts';
import type { MapPlace } from '../map-issue.ts';
import type { Condition } from './condition-syntax.ts';
import type { ElementStep } from './element-path.ts';
import type { InstanceSource, SourcePath } from './path-syntax.ts';

/** Something written in a map, and where. */
export interface At<T> {
  readonly value: T;
  readonly place: MapPlace;
}

/** One slot: where its value comes from, what is done with it, which element it feeds. */
export interface SlotRule {
  readonly name: string;
  readonly place: MapPlace;
  readonly element: At<readonly ElementStep[]>;
  readonly source: SlotSource;
  readonly ref?: At<readonly At<string>[]>;
  /** Of the instances that `ref` names, the only one of the message that says the same; the first pair must be valued. */
  readonly match?: At<readonly MatchPair[]>;
  /** Reference to the instance made from the same value. */
  readonly to?: At<string>;
  /** Only where nothing is stored yet. */
  readonly initial: boolean;
  readonly set?: readonly SlotRule[];
  readonly as?: At<string>;
  readonly map?: At<string>;
  readonly where?: At<Condition>;
  readonly when?: At<Condition>;
  readonly required?: Required;
  readonly type?: ValueType;
  readonly unit?: At<SourcePath>;
  readonly system?: { readonly constant?: At<string>; readonly path?: At<SourcePath> };
  readonly join?: string;
}

/** Of each side the first valued path counts. */
export interface MatchPair {
  readonly theirs: readonly At<SourcePath>[];
  readonly mine: readonly At<SourcePath>[];
}

export type Required = 'refuse' | 'warn' | 'skip';

export type SlotSource =
  | { readonly kind: 'from'; readonly path: At<SourcePath> }
  | { readonly kind: 'each' | 'first'; readonly paths: readonly At<SourcePath>[] }
  | { readonly kind: 'oneOf'; readonly alternatives: readonly SlotRule[] }
  | { readonly kind: 'const'; readonly value: At<Json> }
  | {
      readonly kind: 'call';
      readonly function: At<string>;
      readonly args: ReadonlyMap<string, SlotRule>;
    }
  | { readonly kind: 'clear' }
  /** `ref` or `set` alone. */
  | { readonly kind: 'none' };

/** `type:` where the v2 data type stands, or which FHIR type to make. */
export type ValueType =
  | { readonly kind: 'path'; readonly path: At<SourcePath>; readonly table?: At<string> }
  | { readonly kind: 'fhir'; readonly type: At<string> };

export interface ResourceRule {
  readonly name: string;
  readonly place: MapPlace;
  readonly type: At<string>;
  readonly from: readonly At<InstanceSource>[];
  readonly when?: At<Condition>;
  readonly key?: KeyRule;
  readonly scope?: ScopeRule;
  readonly sameKey: 'merge' | 'lines' | 'number';
  readonly order: readonly At<SourcePath>[];
  readonly onNull: 'delete' | 'keep';
  readonly write: WriteMode;
  readonly keep: boolean;
  readonly set: readonly SlotRule[];
}

/** `never`: it only says which one is meant, for an effect. */
export type WriteMode = 'merge' | 'create-only' | 'never' | 'provenance';

export const effectKinds = ['merge', 'change', 'move', 'link', 'unlink'] as const;
export type EffectKind = (typeof effectKinds)[number];

/** What the event does to records besides saying how they are. */
export interface EffectRule {
  readonly name: string;
  readonly place: MapPlace;
  readonly kind: EffectKind;
  /** The resource that it is done to. */
  readonly of: At<string>;
  /** Which one it becomes, or whose; absent for `link` and `unlink`, which are between instances of one resource. */
  readonly into?: At<string>;
  readonly when?: At<Condition>;
}

export type KeyRule =
  | { readonly kind: 'person'; readonly slots?: readonly At<string>[] }
  | { readonly kind: 'parts'; readonly place: MapPlace; readonly parts: readonly KeyPart[] };

/** A constant, or paths of which the first valued one counts. */
export type KeyPart = { readonly constant: string } | { readonly paths: readonly At<SourcePath>[] };

export type ScopeRule =
  | { readonly kind: 'sender' | 'feed' }
  | { readonly kind: 'paths'; readonly paths: readonly At<SourcePath>[] };

export interface TableRule {
  readonly name: string;
  readonly place: MapPlace;
  readonly system?: string;
  readonly target?: string;
  readonly rows: ReadonlyMap<string, TableRow>;
  readonly otherwise: TableElse;
}

export interface TableRow {
  readonly place: MapPlace;
  /** Absent: known, and makes nothing. */
  readonly code?: string | boolean | number;
  readonly display?: string;
  readonly system?: string;
}

export type TableElse =
  { readonly kind: 'error' | 'keep' | 'drop' } | { readonly kind: 'code'; readonly row: TableRow };

export interface SettingRule {
  readonly name: string;
  readonly place: MapPlace;
  readonly default: string | boolean | number;
  readonly question?: string;
}

export interface MessageRule {
  readonly name: string;
  readonly version: string;
  readonly place: MapPlace;
  readonly events: readonly At<string>[];
  readonly settings: ReadonlyMap<string, SettingRule>;
  readonly tables: ReadonlyMap<string, TableRule>;
  /** `PID-1` or `ZDB`. */
  readonly ignore: ReadonlyMap<string, MapPlace>;
  readonly resources: readonly ResourceRule[];
  readonly effects: readonly EffectRule[];
  /** Why such a message is taken and makes nothing. */
  readonly nothing?: string;
  /** What the sender hears, where such a message is not taken. */
  readonly refuse?: string;
}

export interface DatatypeRule {
  readonly name: string;
  readonly place: MapPlace;
  /** `CX`. */
  readonly from: string;
  /** `Identifier`. */
  readonly to: string;
  readonly set: readonly SlotRule[];
}

export interface OverlaySelector {
  readonly name: string;
  readonly place: MapPlace;
  readonly base: readonly At<{ readonly map: string; readonly version: string }>[];
  readonly senders?: readonly string[];
  readonly feeds?: readonly string[];
}
