import type { Resource } from '../fhir/resource.ts';
import type { Reference } from './reference.ts';
import type { ChangeKind, MessageStep, PriorityCode, Rule, TaskStep } from './rule.ts';

/** One resource version that was written, as the outbox tells it. */
export interface Occurrence {
  readonly change: ChangeKind;
  readonly at: Date;
  /** `Type/id/_history/version` */
  readonly version: string;
  readonly resource: Resource;
  readonly previous: Resource | undefined;
}

/** A rule that fired on an event, and what it wants done; nothing has been written. */
export interface Firing {
  readonly rule: Rule;
  readonly occurrence: Occurrence;
  /** `Type/id` of what the rule is about. */
  readonly focus: string;
  readonly patient: Reference | undefined;
  readonly intents: readonly Intent[];
}

export type Intent = TaskIntent | MessageIntent | RevokeIntent;

export interface TaskIntent {
  readonly kind: 'task';
  readonly step: TaskStep;
  readonly owner: Reference | undefined;
  readonly priority: PriorityCode;
  readonly description: string;
  /** False: only an existing Task is opened again. */
  readonly mayCreate: boolean;
  /** Digest of what the Task answers. */
  readonly state: string | undefined;
  readonly note: string | undefined;
  readonly inputs: readonly { readonly label: string; readonly value: unknown }[];
}

export interface MessageIntent {
  readonly kind: 'message';
  readonly step: MessageStep;
  /** Undefined where nobody was found: the message then says so as not done. */
  readonly to: Reference | undefined;
  readonly slot: string;
  readonly priority: PriorityCode;
  /** Undefined where the template failed. */
  readonly text: string | undefined;
  /** Tells this message from another of the same step about the same focus. */
  readonly key: string;
  readonly dueAt: Date;
  readonly expiresAt: Date | undefined;
  readonly zone: string;
  /** The anchor's value when planned; another one later supersedes the message. */
  readonly anchor: string | undefined;
}

export interface RevokeIntent {
  readonly kind: 'revoke';
  /** The name of the step that asks. */
  readonly by: string;
  readonly rule: string;
  readonly steps: readonly string[] | undefined;
  readonly reason: string;
}
