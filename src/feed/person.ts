import type { MappedResource } from '../mapping/result.ts';
import {
  personClaimKey,
  resolvePerson,
  type PersonIdentifier,
  type PersonResolution,
} from '../record/identity.ts';
import { listOf, textOf } from '../record/same.ts';
import { textAt } from '../record/reading.ts';
import type { OwnedKeys } from './effect/owned-keys.ts';
import type { SeenRecords } from './effect/seen-records.ts';

/** A person of the message, found or new. */
export interface ResolvedPerson {
  /** `Patient/id`. */
  readonly reference: string;
  /** The identifier that the source owns. */
  readonly identifier: PersonIdentifier | undefined;
}

export interface IdentityConflict {
  /** Whom the message was taken to mean. */
  readonly use: string;
  /** All of them, sorted. */
  readonly owners: readonly string[];
}

/** What is not to count when a person is looked for. */
interface Besides {
  /** Claim keys of numbers that the message says are somebody else's, or were. */
  readonly keys?: ReadonlySet<string>;
  /** People who are about to become this one. */
  readonly owners?: ReadonlySet<string>;
}

/** Finds the people of one message by the claims; a new one gets an id of `newId`. */
export class PersonFinder {
  readonly byFullUrl = new Map<string, ResolvedPerson>();
  /** People who may be one, or one who may be two: each for a human to decide. */
  readonly conflicts: IdentityConflict[] = [];
  readonly #seen: SeenRecords;
  readonly #keys: OwnedKeys;
  readonly #newId: () => string;

  constructor(seen: SeenRecords, keys: OwnedKeys, newId: () => string) {
    this.#seen = seen;
    this.#keys = keys;
    this.#newId = newId;
  }

  /** Whom a resource is about; what is found stays so for the whole message. */
  async find(person: MappedResource, besides: Besides = {}): Promise<ResolvedPerson> {
    const before = this.byFullUrl.get(person.fullUrl);
    if (before !== undefined) return before;
    const all = identifiersOf(person);
    const own = all.filter((each) => besides.keys?.has(personClaimKey(each)) !== true);
    const identifiers = own.length === 0 ? all : own;
    const resolution = await this.#resolve(person, identifiers, besides);
    const reference = ownerOf(resolution, () => this.#newReference(person));
    if (resolution.kind === 'conflict') {
      this.conflicts.push({ use: reference, owners: resolution.owners });
    }
    return this.settle(person, reference, identifiers);
  }

  /** Says who it is. The numbers that are nobody's yet become theirs. */
  settle(
    person: MappedResource,
    reference: string,
    identifiers: readonly PersonIdentifier[],
  ): ResolvedPerson {
    for (const key of identifiers.map(personClaimKey)) {
      if (this.#keys.owner(key) === undefined) this.#keys.give(key, reference);
      else this.#keys.rely(key);
    }
    const resolved = { reference, identifier: identifiers[0] };
    this.byFullUrl.set(person.fullUrl, resolved);
    return resolved;
  }

  async #resolve(
    person: MappedResource,
    identifiers: readonly PersonIdentifier[],
    { owners: ignored }: Besides,
  ): Promise<PersonResolution> {
    const owners = new Map<string, string>();
    for (const key of identifiers.map(personClaimKey)) {
      const owner = this.#keys.owner(key);
      if (owner !== undefined && ignored?.has(owner) !== true) owners.set(key, owner);
    }
    const resolution = resolvePerson(identifiers, owners);
    const [own] = identifiers;
    if (resolution.kind !== 'known' || own === undefined) return resolution;
    if (owners.has(personClaimKey(own))) return resolution;
    if (!(await this.#hasOtherNumber(resolution.owner, own, person))) return resolution;
    const use = this.#newReference(person);
    return { kind: 'conflict', use, owners: [resolution.owner, use].sort() };
  }

  /**
   * Whether the person found by a shared identifier already has another number of the source's own
   * kind. Then the source says that these are two people, and no shared identifier outweighs that.
   */
  async #hasOtherNumber(
    owner: string,
    own: PersonIdentifier,
    { resource: person }: MappedResource,
  ): Promise<boolean> {
    const known = await this.#seen.resource(owner);
    if (known === undefined) return false;
    const kindOf = (identifier: unknown): string => textAt(identifier, 'type.coding.code');
    const numbers = listOf(person['identifier']);
    const kind = kindOf(numbers.find((each) => textOf(each, 'value') === own.value));
    return listOf(known['identifier']).some(
      (each) =>
        textOf(each, 'system') === own.system &&
        textOf(each, 'value') !== own.value &&
        textOf(each, 'use') !== 'old' &&
        kindOf(each) === kind,
    );
  }

  #newReference({ resource }: MappedResource): string {
    return `${resource.resourceType}/${this.#newId()}`;
  }
}

/** The identifiers that a person is found by; none of what is no person. */
export function identifiersOf({ identity }: MappedResource): readonly PersonIdentifier[] {
  return identity.kind === 'person' ? identity.identifiers : [];
}

function ownerOf(resolution: PersonResolution, make: () => string): string {
  if (resolution.kind === 'new') return make();
  return resolution.kind === 'known' ? resolution.owner : resolution.use;
}
