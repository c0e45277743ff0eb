import type { FhirPath } from './fhir-path.ts';
import type { Text } from './text.ts';
import type { Offset, WallTime } from './schedule.ts';

/** `shadow`: evaluated and logged, nothing written. */
export type Mode = 'off' | 'shadow' | 'live';
export type ChangeKind = 'create' | 'update' | 'delete';

/** A rule as it runs: one entry of an `automations/*.yaml` pack, checked and compiled once. */
export interface Rule {
  readonly id: string;
  readonly version: number;
  readonly mode: Mode;
  readonly title: string;
  readonly on: readonly Trigger[];
  readonly related: readonly RelatedSet[];
  /** Named values, in order; each is `%name` in later expressions and `name` in texts. */
  readonly named: readonly (readonly [name: string, path: FhirPath])[];
  /** Fires only if one of these differs from the previous version. */
  readonly changed: readonly FhirPath[];
  readonly when: FhirPath | undefined;
  readonly steps: readonly Step[];
  readonly examples: readonly Example[];
  /** Where the rule stands, counted from 1. */
  readonly place: { readonly file: string; readonly line: number; readonly column: number };
}

/** `about` leads from the changed resource to the focus, where the rule is about another one. */
export interface Trigger {
  readonly resource: string;
  readonly change: readonly ChangeKind[];
  readonly about: RelatedSource | undefined;
}

/** `follow`: references in the resource; `search`: resources of `type` whose `param` refers to `of`. */
export type RelatedSource =
  | { readonly follow: FhirPath }
  | { readonly type: string; readonly param: string; readonly of: FhirPath | undefined };

/** `%related.<name>` in expressions, `related.<name>` in texts. */
export interface RelatedSet {
  readonly name: string;
  readonly source: RelatedSource;
  readonly where: FhirPath | undefined;
}

export type Step = TaskStep | MessageStep | RevokeStep;

interface StepBase {
  readonly name: string;
  readonly when: FhirPath | undefined;
}

export interface TaskStep extends StepBase {
  readonly do: 'task';
  readonly code: string;
  readonly priority: Priority;
  readonly owner: Resolver;
  readonly description: Text;
  /** A Task that does not exist yet is created only if this holds. */
  readonly createWhen: FhirPath | undefined;
  /** What the Task answers. When it reads otherwise later, the Task is opened again with `note`. */
  readonly state: Text | undefined;
  readonly note: Text | undefined;
  readonly inputs: readonly (readonly [label: string, path: FhirPath])[];
}

/** `communication` goes out at once, `plan` at a time; both are a CommunicationRequest and a job. */
export interface MessageStep extends StepBase {
  readonly do: 'communication' | 'plan';
  readonly to: Resolver;
  readonly category: string;
  readonly priority: Priority;
  readonly template: Text;
  readonly templateName: string;
  readonly key: Text | undefined;
  readonly at: PlannedTime | undefined;
  readonly within: Window | undefined;
  readonly recheck: FhirPath | undefined;
  readonly channels: readonly string[] | undefined;
  readonly quietHours: QuietHours | 'none' | undefined;
  readonly limit: Cap | undefined;
}

/** Takes back open Tasks and unsent plans that `rule` made about the focus. */
export interface RevokeStep extends StepBase {
  readonly do: 'revoke';
  readonly rule: string;
  readonly steps: readonly string[] | undefined;
  readonly reason: string;
}

export type PriorityCode = 'routine' | 'urgent' | 'asap' | 'stat';
/** The first whose expression holds; the last one is unconditional. */
export type Priority = readonly (readonly [code: PriorityCode, path: FhirPath | undefined])[];

/** Who: `first` that can be found, or `each` of them. */
export interface Resolver {
  readonly pick: 'first' | 'each';
  readonly names: readonly string[];
}

export interface PlannedTime {
  readonly anchor: FhirPath;
  readonly offset: Offset;
  /** `location` (then facility), `facility`, or an IANA zone. */
  readonly zone: string;
  /** Sets the time of day after the offset is applied. */
  readonly wallClock: WallTime | undefined;
  /** What to do when that time had passed before the event happened. */
  readonly late: 'skip' | 'now';
  /** From the anchor: later than this the message is of no use and expires. */
  readonly giveUp: Offset | undefined;
}

/** The anchor must lie this far from the time of the event: `from` <= anchor - event <= `to`. */
export interface Window {
  readonly anchor: FhirPath;
  readonly from: Offset | undefined;
  readonly to: Offset | undefined;
}

export interface QuietHours {
  readonly from: WallTime;
  readonly to: WallTime;
}

/** At most `max` messages of one rule's category to one person in `per`. */
export interface Cap {
  readonly max: number;
  readonly per: Offset;
}

/** A rule's own test: this event in this world gives these intents, and no others. */
export interface Example {
  readonly name: string;
  readonly now: string;
  readonly zone: string | undefined;
  readonly resources: readonly ExampleResource[];
  readonly previous: ExampleResource | undefined;
  readonly event: ExampleResource;
  readonly expect: readonly Readonly<Record<string, unknown>>[];
}

export type ExampleResource = Readonly<Record<string, unknown>> & {
  readonly resourceType: string;
  readonly id: string;
};
