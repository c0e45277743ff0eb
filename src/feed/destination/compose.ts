import type { IdentifiedResource } from '../../fhir/resource.ts';

/** A committed change of a resource. */
export interface OutChange {
  readonly current: IdentifiedResource;
  /** The version before it; absent where it is new. */
  readonly before?: IdentifiedResource;
  readonly at: Date;
  /** `Type/id/_history/v`. */
  readonly reference: string;
  /** The feed by whose message it came. */
  readonly saidBy?: string;
}

/** A message for a destination. */
export interface Composed {
  readonly bytes: Uint8Array;
  readonly controlId: string;
  readonly messageType: string;
  /** `Patient/id`. */
  readonly patient?: string;
  /** Elements that it could not say. */
  readonly loss: readonly string[];
}
