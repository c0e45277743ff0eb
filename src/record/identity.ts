import { createHash } from 'node:crypto';

/** An identifier of a person: the assigning authority's URI and the value under it. */
export interface PersonIdentifier {
  readonly system: string;
  readonly value: string;
}

/** Whom the identifiers of a message mean. Owners are what the claims hold, such as `Patient/p1`. */
export type PersonResolution =
  | { readonly kind: 'new' }
  | { readonly kind: 'known'; readonly owner: string }
  /** They belong to several people. `use` is the owner of the identifier that the source owns. */
  | { readonly kind: 'conflict'; readonly owners: readonly string[]; readonly use: string };

/** The claim under which the store keeps an identifier unique. Never the value alone. */
export function personClaimKey({ system, value }: PersonIdentifier): string {
  return `person|${encodeURIComponent(system)}|${encodeURIComponent(value)}`;
}

/** Whom such a claim is of; undefined for any other key. */
export function personOfClaimKey(key: string): PersonIdentifier | undefined {
  const [kind, system, value] = key.split('|');
  if (kind !== 'person' || system === undefined || value === undefined) return undefined;
  return { system: decodeURIComponent(system), value: decodeURIComponent(value) };
}

/** The claim under which a record is found by a number that its id is not made of: it was renumbered or merged. */
export function recordClaimKey(type: string, scope: string, key: string): string {
  return `record|${type}|${encodeURIComponent(scope)}|${encodeURIComponent(key)}`;
}

/**
 * Deterministic identity: authority and value, nothing fuzzy.
 * @param identifiers the first is the one that the source itself owns
 * @param owners claim key to owner, for the keys that are claimed
 */
export function resolvePerson(
  identifiers: readonly PersonIdentifier[],
  owners: ReadonlyMap<string, string>,
): PersonResolution {
  const found = identifiers.flatMap((identifier) => owners.get(personClaimKey(identifier)) ?? []);
  const [use] = found;
  if (use === undefined) return { kind: 'new' };
  const distinct = [...new Set(found)];
  if (distinct.length === 1) return { kind: 'known', owner: use };
  return { kind: 'conflict', owners: distinct.sort(), use };
}

/**
 * The logical id of a resource with a business key: the same in every process, 40 characters of
 * [0-9a-f], and none of the key's content can be read from it.
 * @param scope within which the key is unique: an assigning authority or a feed
 */
export function logicalId(type: string, scope: string, key: string): string {
  return createHash('sha256')
    .update(JSON.stringify([type, scope, key]))
    .digest('hex')
    .slice(0, 40);
}
