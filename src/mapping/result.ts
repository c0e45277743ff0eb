import type { Issue } from '../fhir/issue.ts';
import type { Resource } from '../fhir/resource.ts';
import type { EffectKind } from './language/model.ts';

/** What running a compiled map over one message gives. Identity is not yet resolved, nothing is stored. */
export interface MappingResult {
  /** In the order of the map. */
  readonly resources: readonly MappedResource[];
  /** What the event does to records, in the order of the message; absent: nothing. */
  readonly effects?: readonly Effect[];
  /** What the message says about itself: parts of its Provenance, and resources that are contained in that. */
  readonly provenance?: readonly MappedResource[];
  /** Valued fields that no rule read. */
  readonly loss: readonly LossEntry[];
  /** Codes that a table has no row for. */
  readonly unmapped: readonly UnmappedCode[];
  /** With an issue of severity `error` or `fatal` the message must not be committed. */
  readonly issues: readonly Issue[];
  readonly trace: readonly TraceEntry[];
  /** The map says that such a message makes nothing: it is kept, and no more. */
  readonly nothing?: true;
  /** Map name and version, such as `adt-a01@1` with the overlays' names. */
  readonly map: string;
}

export interface MappedResource {
  /** Rule and instance: `observation#3`; unique in the result. */
  readonly name: string;
  /**
   * With references to other resources of this message as `urn:uuid:...` (the target's `fullUrl`).
   * Where `clears` names elements, they are absent here.
   */
  readonly resource: Resource;
  /** Deterministic from the identity; what the other resources of the message refer to. */
  readonly fullUrl: string;
  readonly identity: Identity;
  /** When the source says it happened, as an instant; decides what is stale. Absent: the message time. */
  readonly eventTime?: string;
  /** Elements for which the message said `""`: FHIR paths without the type, such as `deceasedDateTime` or `telecom`. */
  readonly clears: readonly string[];
  /** Elements that hold only where nothing is stored yet: a default that the message does not really say. */
  readonly initial?: readonly string[];
  /** `merge`: three-way merge with what is stored. `delete`: the source takes it back (the map says how). */
  readonly write: 'merge' | 'create-only';
}

/**
 * What an event does to records besides saying how they are. Carried out in one commit with the resources.
 * - `merge`: `of` turns out to be the same as `into`, which goes on; `of` is retired.
 * - `change`: the same thing has another number from now on; an unknown `into` is what `of` was.
 * - `move`: a record, or numbers of a person, becomes another person's.
 * - `link`, `unlink`: two people are, or are not, about the same person.
 */
export interface Effect {
  readonly name: string;
  readonly kind: EffectKind;
  /** One that is never written is not among the resources. */
  readonly of: MappedResource;
  readonly into: MappedResource;
}

/**
 * How the stored resource is found.
 * - `person`: by any of these identifiers (assigning authority and value); the first is the one the source owns.
 * - `key`: by a business key, unique within `scope` (an assigning authority or the feed). The logical id is a
 *   hash of type, scope and key, so that any process finds the same one.
 * - `none`: a new one for each message, made unique by the message itself.
 */
export type Identity =
  | { readonly kind: 'person'; readonly identifiers: readonly PersonIdentifier[] }
  | { readonly kind: 'key'; readonly scope: string; readonly key: string }
  | { readonly kind: 'none' };

export interface PersonIdentifier {
  readonly system: string;
  readonly value: string;
}

export interface LossEntry {
  /** `ZPI-3`, `PID-23`; the position without instances. */
  readonly position: string;
  readonly count: number;
}

export interface UnmappedCode {
  readonly table: string;
  readonly code: string;
  readonly system?: string;
  /** What the sender calls it, where it stood first. */
  readonly display?: string;
  readonly position: string;
  readonly count: number;
}

/** One element of one produced resource and where it came from. */
export interface TraceEntry {
  /** `patient.birthDate`, `observation#3.valueQuantity`. */
  readonly target: string;
  /** `PID-7`, `OBX[2]-5`; absent for constants. */
  readonly source?: string;
  /** `file:line`. */
  readonly rule: string;
  /** `sex[F]`, with its own file:line. */
  readonly table?: string;
}
