/**
 * Work that outlasts its request: an export, an import, an asynchronous call. It is a document of the store's state,
 * `work:<id>`, so that it survives a restart, and any process on the store can carry it on and answer for it.
 */
import type { Interaction } from '../../security/policy.ts';
import type { Principal } from '../../security/principal.ts';
import type { StateChange } from '../../store/store.ts';

export interface Work {
  readonly id: string;
  readonly kind: WorkKind;
  readonly owner: Principal;
  readonly requestId: string;
  /** The address that was asked, for the manifest. */
  readonly request: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly expiresAt: number;
  readonly status: 'running' | 'done' | 'failed';
  /** The process at work, empty for none, and the instant from which another may take over. */
  readonly holder: string;
  readonly until: number;
  /** Faults of ours met on the way. */
  readonly faults: number;
  /** How far it is, for people. */
  readonly progress: string;
  /** What to do; belongs to the kind and never changes. */
  readonly task: unknown;
  /** How far it is; belongs to the kind. */
  readonly position?: unknown;
  /** What it came to; belongs to the kind. */
  readonly result?: unknown;
}

export type WorkKind = 'export' | 'import' | 'async';

export interface NewWork {
  readonly kind: WorkKind;
  readonly interaction: Interaction;
  readonly task: unknown;
  /** Pieces of a body, by name. */
  readonly parts?: readonly (readonly [name: string, text: string])[];
}

export const workPrefix = 'work:';

export function workKey(id: string): string {
  return `${workPrefix}${id}`;
}

export function readWork(value: string): Work {
  return JSON.parse(value) as Work;
}

/** A piece of a body or result, beside the document; `name` is of the kind's choosing. */
export function partKey(id: string, name: string): string {
  return `work-part:${id}:${name}`;
}

export function partPrefix(id: string): string {
  return `work-part:${id}:`;
}

export function putWork(work: Work, expectRevision: number): StateChange {
  return { key: workKey(work.id), value: JSON.stringify(work), expectRevision };
}
