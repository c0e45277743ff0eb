import type { Resource } from '../fhir/resource.ts';
import { asReferences, splitReference, type Reference } from './reference.ts';
import { isZone } from './schedule.ts';
import type { World } from './world.ts';

/** http://hl7.org/fhir/StructureDefinition/timezone: valueCode is an IANA zone. */
const timezoneUrl = 'http://hl7.org/fhir/StructureDefinition/timezone';

/** How a site answers "which zone?" where a Location does not say: by feed, then for the whole site. */
export interface Zones {
  readonly ofFeed: (resource: Resource) => string | undefined;
  readonly ofSite: string;
}

/** The zone on whose wall clock things about this resource happen. `wish` is the rule's `zone`. */
export async function zoneFor(
  resource: Resource,
  wish: string,
  { world, zones }: { readonly world: World; readonly zones: Zones },
): Promise<string> {
  if (wish !== 'location' && wish !== 'facility') return wish;
  const ofLocation = wish === 'location' ? await locationZone(resource, world) : undefined;
  return ofLocation ?? known(zones.ofFeed(resource)) ?? zones.ofSite;
}

async function locationZone(resource: Resource, world: World): Promise<string | undefined> {
  for (const { reference } of locationsOf(resource)) {
    if (reference === undefined || splitReference(reference)?.type !== 'Location') continue;
    const location = await world.read(reference);
    const extensions = (location?.['extension'] ?? []) as readonly {
      url?: string;
      valueCode?: string;
    }[];
    const zone = known(extensions.find((each) => each.url === timezoneUrl)?.valueCode);
    if (zone !== undefined) return zone;
  }
  return undefined;
}

function locationsOf(resource: Resource): readonly Reference[] {
  const participants = resource['participant'];
  const actors = Array.isArray(participants)
    ? participants.map((each) => (each as { actor?: unknown }).actor)
    : [];
  const stays = resource['location'];
  const places = Array.isArray(stays)
    ? stays.map((each) => (each as { location?: unknown }).location)
    : [];
  return asReferences([...actors, ...places]);
}

function known(zone: string | undefined): string | undefined {
  return zone !== undefined && isZone(zone) ? zone : undefined;
}
