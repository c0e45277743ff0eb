import type { IdentifiedResource } from '../fhir/resource.ts';
import { logicalId } from '../record/identity.ts';
import type { PlannedWrite } from './write.ts';
import type { Reading } from './reading.ts';

/**
 * Why the resources of one message are as they are (http://hl7.org/fhir/R4/provenance.html): which
 * versions it wrote, which feed said so, the message, the map with its version, and where a stored value
 * stood against it. Undefined where it wrote nothing.
 */
export function provenanceOf(
  reading: Reading,
  writes: readonly PlannedWrite[],
  given: { readonly entryId: string; readonly now: Date },
): IdentifiedResource | undefined {
  const targets = writes.flatMap(({ written }) => written ?? []);
  if (targets.length === 0) return undefined;
  const kept = writes.flatMap(keptExtensions);
  const { feed, controlId, hash, messageType, result } = reading;
  return {
    resourceType: 'Provenance',
    id: logicalId('Provenance', feed.name, `${controlId}|${hash}`),
    ...(kept.length > 0 ? { extension: kept } : {}),
    target: targets.map((reference) => ({ reference })),
    recorded: given.now.toISOString(),
    activity: {
      coding: [
        { system: 'http://terminology.hl7.org/CodeSystem/v3-DataOperation', code: 'UPDATE' },
      ],
      text: messageType,
    },
    agent: [
      agent('author', { system: 'urn:weir:source', value: reading.source, display: feed.title }),
      agent('assembler', { system: 'urn:weir:map', value: result?.map ?? '' }),
    ],
    entity: [
      {
        role: 'source',
        what: {
          identifier: { system: 'urn:weir:message', value: given.entryId },
          display: `${messageType} ${controlId}`,
        },
      },
    ],
  };
}

function agent(
  code: string,
  { system, value, display }: { system: string; value: string; display?: string },
): object {
  const type = 'http://terminology.hl7.org/CodeSystem/provenance-participant-type';
  return {
    type: { coding: [{ system: type, code }] },
    who: { identifier: { system, value }, display: display ?? value },
  };
}

function keptExtensions({ reference, kept }: PlannedWrite): readonly object[] {
  return kept.map((element) => ({
    url: 'https://weir.dev/fhir/StructureDefinition/kept-against-source',
    valueString: `${reference}: ${element}`,
  }));
}
