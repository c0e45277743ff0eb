import type { IdentifiedResource } from '../fhir/resource.ts';
import { systems } from './codes.ts';
import { derivedId } from './derived-id.ts';
import type { Firing } from './intent.ts';

/** Why: which version of which rule wrote these resources, on which version of which resource. */
export function provenanceOf(
  firing: Firing,
  targets: readonly string[],
  now: Date,
): IdentifiedResource {
  const { rule, occurrence, focus } = firing;
  return {
    resourceType: 'Provenance',
    id: derivedId(['provenance', rule.id, focus, occurrence.version]),
    target: targets.map((reference) => ({ reference })),
    recorded: now.toISOString(),
    occurredDateTime: occurrence.at.toISOString(),
    agent: [
      {
        type: { text: 'rule' },
        who: {
          type: 'Device',
          identifier: { system: systems.rule, value: `${rule.id}|${rule.version}` },
          display: `Rule ${rule.id}, version ${rule.version}`,
        },
      },
    ],
    entity: [{ role: 'source', what: { reference: occurrence.version } }],
  };
}
