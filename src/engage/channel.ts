import type { Resource } from '../fhir/resource.ts';
import type { Reference } from './reference.ts';

/** A message that passed the guard chain. */
export interface OutgoingMessage {
  /** The Communication's id; the same on every further attempt, so a gateway can drop the double. */
  readonly id: string;
  readonly recipient: Reference;
  readonly category: string;
  readonly priority: string;
  readonly text: string;
}

export interface Handover {
  /** The gateway's own id of the message. */
  readonly providerId: string;
  readonly status: 'sent';
}

/** A way to reach someone. Adding one is a file in channels/ and a line in settings.yaml. */
export interface Channel {
  readonly id: string;
  /**
   * True where the Communication itself is the message, so that sending is the commit. Elsewhere the decision
   * is committed first (`in-progress`), then the message is handed over, then the outcome is committed.
   */
  readonly withinCommit: boolean;
  readonly textMax: number;
  /** Whether this recipient can be reached at `now`; the resource is absent for a logical reference. */
  reaches(recipient: Reference, resource: Resource | undefined, now: Date): boolean;
  /** Rejects where the gateway did not take it; it is tried again later. */
  send(message: OutgoingMessage): Promise<Handover>;
}
