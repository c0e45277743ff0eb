import type { Resource } from '../fhir/resource.ts';
import { compileFhirPath } from './fhir-path.ts';
import {
  asReferences,
  departmentReference,
  patientOf,
  referenceTo,
  splitReference,
  typeOf,
  type Reference,
} from './reference.ts';
import type { Resolver } from './rule.ts';
import type { World } from './world.ts';

/** Someone a Task or a message is for. `slot` tells several recipients of one step apart. */
export interface Recipient {
  readonly slot: string;
  readonly reference: Reference;
}

interface Ask {
  readonly focus: Resource;
  readonly world: World;
  readonly departments: Readonly<Record<string, string>>;
}

/** Those a resolver names; none where nobody can be found. */
export async function resolveRecipients(
  resolver: Resolver,
  ask: Ask,
): Promise<readonly Recipient[]> {
  const found: Recipient[] = [];
  for (const name of resolver.names) {
    const reference = await resolveOne(name, ask);
    if (!reference) continue;
    if (resolver.pick === 'first') return [{ slot: '', reference }];
    found.push({ slot: name, reference });
  }
  return found;
}

async function resolveOne(name: string, ask: Ask): Promise<Reference | undefined> {
  const colon = name.indexOf(':');
  const [kind, rest] = colon < 0 ? [name, ''] : [name.slice(0, colon), name.slice(colon + 1)];
  switch (kind) {
    case 'patient':
      return patientOf(ask.focus);
    case 'requester':
      return requesterOf(ask.focus, ask.world);
    case 'careteam':
      return careTeamOf(ask.focus, ask.world);
    case 'dept':
      return departmentReference(rest, ask.departments[rest]);
    default: {
      const values = compileFhirPath(rest).values({ focus: ask.focus, variables: {} });
      return asReferences(values)[0];
    }
  }
}

/**
 * The doctor who ordered a result: the requester of the order it is based on, else who interprets it, else
 * who performed it, else who attends the encounter. Only people count: a laboratory reads no inbox.
 */
async function requesterOf(focus: Resource, world: World): Promise<Reference | undefined> {
  for (const order of await readAll(focus['basedOn'], world)) {
    const requester = firstPerson(order['requester']);
    if (requester) return requester;
  }
  const direct = firstPerson(focus['requester']) ?? firstPerson(focus['resultsInterpreter']);
  if (direct) return direct;
  for (const result of [focus, ...(await readAll(focus['result'], world))]) {
    const performer =
      result.resourceType === 'Observation' ? firstPerson(result['performer']) : undefined;
    if (performer) return performer;
  }
  for (const encounter of await readAll(focus['encounter'], world)) {
    const attending = firstPerson(byAttendance(encounter['participant']));
    if (attending) return attending;
  }
  return undefined;
}

async function careTeamOf(focus: Resource, world: World): Promise<Reference | undefined> {
  const patient = patientOf(focus)?.reference;
  if (patient === undefined) return undefined;
  const teams = await world.referring('CareTeam', 'patient', patient);
  const active = teams.find((team) => team['status'] === 'active');
  return active && { reference: referenceTo(active) };
}

async function readAll(values: unknown, world: World): Promise<readonly Resource[]> {
  const references = asReferences(Array.isArray(values) ? values : [values]);
  const read = await Promise.all(
    references.map(async ({ reference }) =>
      reference !== undefined && splitReference(reference) ? world.read(reference) : undefined,
    ),
  );
  return read.filter((resource) => resource !== undefined);
}

function firstPerson(values: unknown): Reference | undefined {
  return asReferences(Array.isArray(values) ? values : [values]).find((each) => {
    const type = typeOf(each);
    return type === 'Practitioner' || type === 'PractitionerRole';
  });
}

interface EncounterParticipant {
  readonly individual?: unknown;
  readonly type?: readonly { readonly coding?: readonly { readonly code?: string }[] }[];
}

/** The attender first, then whoever else takes part. */
function byAttendance(participants: unknown): readonly unknown[] {
  const all = (Array.isArray(participants) ? participants : []) as readonly EncounterParticipant[];
  const attends = (each: EncounterParticipant): boolean =>
    (each.type ?? []).some((type) => (type.coding ?? []).some((coding) => coding.code === 'ATND'));
  return [...all.filter(attends), ...all.filter((each) => !attends(each))].map(
    (each) => each.individual,
  );
}
