import type { ChangeKind, Mode, PriorityCode } from './rule.ts';

/** A pack as its YAML says it, after the schema (rule-schema.ts) has been checked. */
export interface PackSource {
  readonly pack: string;
  readonly title: string;
  readonly templates?: Readonly<Record<string, string>>;
  readonly rules: readonly RuleSource[];
}

export interface RuleSource {
  readonly id: string;
  readonly version: number;
  readonly mode: Mode;
  readonly title: string;
  readonly on: readonly {
    readonly resource: string;
    readonly change: readonly ChangeKind[];
    readonly about?: RelatedSourceSource;
  }[];
  readonly related?: Readonly<Record<string, RelatedSourceSource & { readonly where?: string }>>;
  readonly let?: Readonly<Record<string, string>>;
  readonly changed?: readonly string[];
  readonly when?: string;
  readonly steps: readonly StepSource[];
  readonly examples: readonly {
    readonly name: string;
    readonly now: string;
    readonly zone?: string;
    readonly resources?: readonly unknown[];
    readonly previous?: unknown;
    readonly event: unknown;
    readonly expect: readonly Readonly<Record<string, unknown>>[];
  }[];
}

export interface RelatedSourceSource {
  readonly follow?: string;
  readonly search?: string;
  readonly of?: string;
}

export type StepSource = TaskStepSource | MessageStepSource | RevokeStepSource;
export type PrioritySource = PriorityCode | Readonly<Partial<Record<PriorityCode, string>>>;
export type ResolverSource =
  string | { readonly first: readonly string[] } | { readonly each: readonly string[] };

interface StepBaseSource {
  readonly name: string;
  readonly when?: string;
}
export interface TaskStepSource extends StepBaseSource {
  readonly do: 'task';
  readonly code: string;
  readonly priority?: PrioritySource;
  readonly owner: ResolverSource;
  readonly description: string;
  readonly createWhen?: string;
  readonly state?: string;
  readonly note?: string;
  readonly inputs?: Readonly<Record<string, string>>;
}
export interface MessageStepSource extends StepBaseSource {
  readonly do: 'communication' | 'plan';
  readonly to: ResolverSource;
  readonly category: string;
  readonly priority?: PrioritySource;
  readonly template: string;
  readonly key?: string;
  readonly at?: {
    readonly anchor: string;
    readonly offset: string;
    readonly zone?: string;
    readonly wallClock?: string;
    readonly late?: 'skip' | 'now';
    readonly giveUp?: string;
  };
  readonly within?: { readonly anchor: string; readonly from?: string; readonly to?: string };
  readonly recheck?: string;
  readonly channels?: readonly string[];
  readonly quietHours?: 'none' | { readonly from: string; readonly to: string };
  readonly limits?: { readonly max: number; readonly per: string };
}
export interface RevokeStepSource extends StepBaseSource {
  readonly do: 'revoke';
  readonly rule?: string;
  readonly steps?: readonly string[];
  readonly reason: string;
}
