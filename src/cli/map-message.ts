import { faultsOf } from '../feed/fault.ts';
import type { Feed } from '../feed/feed.ts';
import { mapWith } from '../feed/map-message.ts';
import { isRefused, readFrame, type Reading } from '../feed/reading.ts';
import type { Issue } from '../fhir/issue.ts';
import { issueRow } from '../fhir/issue-table.ts';
import type { IdentifiedResource } from '../fhir/resource.ts';
import type { CompiledPack } from '../mapping/pack.ts';
import type { MappedResource, MappingResult } from '../mapping/result.ts';
import { logicalId } from '../record/identity.ts';

export type Ack = 'AA' | 'AE' | 'AR';

/** What the pipeline would make of one message before it looks at the store. */
export interface MappedMessage {
  readonly reading: Reading;
  readonly result: MappingResult | undefined;
  readonly ack: Ack;
  readonly issues: readonly Issue[];
}

export interface Mapping {
  readonly pack: CompiledPack;
  readonly feeds: readonly Feed[];
  /** The feed to take; absent: by the sender. */
  readonly feed?: string;
  readonly receivedAt: Date;
}

/** Maps the bytes of one message and validates what comes out, as the pipeline does. Never throws. */
export function mapBytes(bytes: Uint8Array, mapping: Mapping): MappedMessage {
  const { pack, feeds, feed, receivedAt } = mapping;
  const frame = { bytes, peer: 'file', ...(feed !== undefined && { feed }) };
  const reading = readFrame(frame, { feeds, receivedAt, map: mapWith(pack) });
  const { result } = reading;
  const faults = result && !isRefused(reading.issues) ? validationFaults(result) : [];
  const issues = [...reading.issues, ...faults];
  const worst = issues.find(({ severity }) => severity === 'error' || severity === 'fatal');
  return { reading, result, ack: worst ? issueRow(worst.code).msa1 : 'AA', issues };
}

function validationFaults(result: MappingResult): Issue[] {
  return result.resources.flatMap((mapped) => faultsOf(withId(mapped), { mapped, result }));
}

/** The resource under the logical id that a commit would give it, where that is known without the store. */
export function withId({ resource, identity }: MappedResource): IdentifiedResource {
  const { resourceType } = resource;
  const id =
    identity.kind === 'key' ? logicalId(resourceType, identity.scope, identity.key) : 'new';
  return { ...resource, id };
}
