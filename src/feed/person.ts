import { isIdentified, parseStored } from './stored.ts';
import type { Resource } from '../fhir/resource.ts';
import type { MappedResource } from '../mapping/result.ts';
import {
  personClaimKey,
  resolvePerson,
  type PersonIdentifier,
  type PersonResolution,
} from '../record/identity.ts';
import { listOf, textOf } from '../record/same.ts';
import { textAt } from '../record/reading.ts';
import type { Claim, Store } from '../store/store.ts';

/** A person of the message, found or new. */
export interface ResolvedPerson {
  /** `Patient/id`. */
  readonly reference: string;
  /** The identifier that the source owns. */
  readonly identifier: PersonIdentifier | undefined;
}

export interface ResolvedPersons {
  readonly byFullUrl: ReadonlyMap<string, ResolvedPerson>;
  /** The identifiers that become theirs with this commit. */
  readonly claims: readonly Claim[];
  /** People who may be one, or one who may be two: each for a human to decide. */
  readonly conflicts: readonly IdentityConflict[];
}

export interface IdentityConflict {
  /** Whom the message was taken to mean. */
  readonly use: string;
  /** All of them, sorted. */
  readonly owners: readonly string[];
}

/** Finds the person of each resource that is one, by the claims; a new one gets an id of `newId`. */
export async function resolvePersons(
  store: Store,
  resources: readonly MappedResource[],
  newId: () => string,
): Promise<ResolvedPersons> {
  const persons = resources.filter(({ identity }) => identity.kind === 'person');
  const keys = persons.flatMap((person) => identifiersOf(person).map(personClaimKey));
  const owners = new Map(await store.claimOwners([...new Set(keys)]));
  const byFullUrl = new Map<string, ResolvedPerson>();
  const claims: Claim[] = [];
  const conflicts: IdentityConflict[] = [];
  for (const person of persons) {
    const identifiers = identifiersOf(person);
    const resolution = await resolveOne(store, person, { owners, newId });
    const reference = ownerOf(resolution, () => newReference(person, newId));
    if (resolution.kind === 'conflict') {
      conflicts.push({ use: reference, owners: resolution.owners });
    }
    for (const key of identifiers.map(personClaimKey).filter((each) => !owners.has(each))) {
      claims.push({ key, owner: reference });
      owners.set(key, reference);
    }
    byFullUrl.set(person.fullUrl, { reference, identifier: identifiers[0] });
  }
  return { byFullUrl, claims, conflicts };
}

async function resolveOne(
  store: Store,
  person: MappedResource,
  given: { readonly owners: ReadonlyMap<string, string>; readonly newId: () => string },
): Promise<PersonResolution> {
  const identifiers = identifiersOf(person);
  const resolution = resolvePerson(identifiers, given.owners);
  const [own] = identifiers;
  if (resolution.kind !== 'known' || own === undefined) return resolution;
  if (given.owners.has(personClaimKey(own))) return resolution;
  if (!(await hasOtherNumber(store, resolution.owner, { own, person: person.resource }))) {
    return resolution;
  }
  const use = newReference(person, given.newId);
  return { kind: 'conflict', use, owners: [resolution.owner, use].sort() };
}

/**
 * Whether the person found by a shared identifier already has another number of the source's own
 * kind. Then the source says that these are two people, and no shared identifier outweighs that.
 */
async function hasOtherNumber(
  store: Store,
  owner: string,
  { own, person }: { readonly own: PersonIdentifier; readonly person: Resource },
): Promise<boolean> {
  const [type = '', id = ''] = owner.split('/');
  const stored = await store.read(type, id);
  if (!isIdentified(stored)) return false;
  const kindOf = (identifier: unknown): string => textAt(identifier, 'type.coding.code');
  const numbers = listOf(person['identifier']);
  const kind = kindOf(numbers.find((each) => textOf(each, 'value') === own.value));
  return listOf(parseStored(stored)['identifier']).some(
    (each) =>
      textOf(each, 'system') === own.system &&
      textOf(each, 'value') !== own.value &&
      textOf(each, 'use') !== 'old' &&
      kindOf(each) === kind,
  );
}

function identifiersOf({ identity }: MappedResource): readonly PersonIdentifier[] {
  return identity.kind === 'person' ? identity.identifiers : [];
}

function newReference({ resource }: MappedResource, newId: () => string): string {
  return `${resource.resourceType}/${newId()}`;
}

function ownerOf(resolution: PersonResolution, make: () => string): string {
  if (resolution.kind === 'new') return make();
  return resolution.kind === 'known' ? resolution.owner : resolution.use;
}
