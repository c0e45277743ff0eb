import { isError } from '../fhir/outcome.ts';
import { rewriteReferences } from '../fhir/reference-walk.ts';
import type { IdentifiedResource, Resource } from '../fhir/resource.ts';
import { validateResource } from '../fhir/validate.ts';
import { logicalId } from '../record/identity.ts';
import type { MappedResource } from '../mapping/result.ts';
import type { PlannedWrite } from './write.ts';
import type { Reading } from './reading.ts';

/**
 * What the maps made of the message's words about itself is not looked at where resources are (fault.ts): where it makes the
 * whole invalid it is left out, since no message may wait for what it says of its envelope.
 */
export function provenanceOf(
  reading: Reading,
  writes: readonly PlannedWrite[],
  given: { readonly entryId: string; readonly now: Date },
): IdentifiedResource | undefined {
  const parts = reading.result?.provenance ?? [];
  const whole = madeOf(reading, writes, { ...given, parts });
  const isSound = whole === undefined || !validateResource(whole).some(isError);
  return isSound ? whole : madeOf(reading, writes, { ...given, parts: [] });
}

/**
 * Why the resources of one message are as they are (http://hl7.org/fhir/R4/provenance.html): which
 * versions it wrote, which feed said so, the message, the map with its version, and where a stored value
 * stood against it. Undefined where it wrote nothing.
 */
function madeOf(
  reading: Reading,
  writes: readonly PlannedWrite[],
  given: {
    readonly entryId: string;
    readonly now: Date;
    readonly parts: readonly MappedResource[];
  },
): IdentifiedResource | undefined {
  const targets = writes.flatMap(({ written }) => written ?? []);
  if (targets.length === 0) return undefined;
  const kept = writes.flatMap(keptExtensions);
  const said = saidByMessage(given.parts);
  const { feed, controlId, hash, messageType, result } = reading;
  const { contained, coding, agents, entities, ...more } = said;
  const header = contained.find(({ resourceType }) => resourceType === 'MessageHeader');
  return {
    resourceType: 'Provenance',
    id: logicalId('Provenance', feed.name, `${controlId}|${hash}`),
    ...(contained.length > 0 && { contained }),
    ...(kept.length > 0 ? { extension: kept } : {}),
    target: targets.map((reference) => ({ reference })),
    ...more,
    recorded: given.now.toISOString(),
    activity: {
      coding: [
        { system: 'http://terminology.hl7.org/CodeSystem/v3-DataOperation', code: 'UPDATE' },
        ...coding,
      ],
      text: messageType,
    },
    agent: [
      agent('author', { system: 'urn:weir:source', value: reading.source, display: feed.title }),
      agent('assembler', { system: 'urn:weir:map', value: result?.map ?? '' }),
      ...agents,
    ],
    entity: [
      {
        role: 'source',
        what: {
          ...(header && { reference: `#${header.id}` }),
          identifier: { system: 'urn:weir:message', value: given.entryId },
          display: `${messageType} ${controlId}`,
        },
      },
      ...entities,
    ],
  };
}

type Element = Readonly<Record<string, unknown>>;

/** What the maps made of the message's words about itself. */
interface Said {
  readonly contained: readonly IdentifiedResource[];
  readonly coding: readonly Element[];
  readonly agents: readonly Element[];
  readonly entities: readonly Element[];
  /** When, where and why it happened. */
  readonly [element: string]: unknown;
}

/** Parts of a Provenance are put together, the first single element wins; other resources are contained in it. */
function saidByMessage(parts: readonly MappedResource[]): Said {
  const others = parts.filter(({ resource }) => resource.resourceType !== 'Provenance');
  const ids = new Map(others.map(({ name, fullUrl }) => [fullUrl, name.replaceAll('#', '-')]));
  const near = (resource: Resource): Resource =>
    ids.size === 0
      ? resource
      : rewriteReferences(resource, (reference) => local(ids.get(reference)));
  const said = parts
    .filter(({ resource }) => resource.resourceType === 'Provenance')
    .map(({ resource }) => near(resource) as Element);
  const all = (key: string): Element[] =>
    said.flatMap((part) => (part[key] as Element[] | undefined) ?? []);
  const single: Record<string, unknown> = {};
  for (const key of ['occurredDateTime', 'location']) {
    const found = said.find((part) => part[key] !== undefined);
    if (found) single[key] = found[key];
  }
  const reason = all('reason');
  const words = JSON.stringify([said.map(({ entity, agent: who }) => [entity, who]), single]);
  return {
    contained: others
      .map(({ resource, fullUrl }) => containedAs(ids.get(fullUrl) ?? '', near(resource)))
      .filter(
        ({ resourceType, id }) => resourceType === 'MessageHeader' || words.includes(`"#${id}"`),
      ),
    coding: said.flatMap(
      ({ activity }) =>
        ((activity as Element | undefined)?.['coding'] as Element[] | undefined) ?? [],
    ),
    agents: all('agent'),
    entities: all('entity'),
    ...single,
    ...(reason.length > 0 && { reason }),
  };
}

function local(id: string | undefined): string | undefined {
  return id === undefined ? undefined : `#${id}`;
}

/** A contained resource has no source of its own (http://hl7.org/fhir/R4/references.html#contained). */
function containedAs(id: string, { resourceType, meta, ...rest }: Resource): IdentifiedResource {
  const kept = Object.fromEntries(Object.entries(meta ?? {}).filter(([key]) => key !== 'source'));
  return { resourceType, id, ...(Object.keys(kept).length > 0 && { meta: kept }), ...rest };
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
