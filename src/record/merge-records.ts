import type { Resource } from '../fhir/resource.ts';
import { linksOf, withLink, withoutLink } from './person-links.ts';
import { isFields, listOf, textOf, type Fields, without } from './same.ts';

/** A record with its reference, such as `Patient/p1`. */
export interface Referenced {
  readonly reference: string;
  readonly resource: Resource;
}

/** What a merge makes of both. */
export interface Merged {
  readonly survivor: Resource;
  readonly prior: Resource;
}

/**
 * Two Patients that are one person: the prior is inactive and `replaced-by` the survivor, which `replaces` it and
 * has its identifiers too, so that it is found by them (http://hl7.org/fhir/R4/patient-definitions.html#Patient.link).
 * What the prior was linked with, the survivor is. Nothing is taken from the prior but its links to others: what was
 * said of it stays there, for whoever has to undo the merge.
 */
export function mergePersons(survivor: Referenced, prior: Referenced): Merged {
  const others = linksOf(prior.resource).filter(
    ({ type, other }) => type === 'seealso' && other !== survivor.reference,
  );
  const seealso = { other: prior.reference, type: 'seealso' } as const;
  let next = withoutLink(survivor.resource, seealso);
  for (const link of others) next = withLink(next, link);
  next = withLink(next, { other: prior.reference, type: 'replaces' });
  next = withIdentifiers(next, listOf(prior.resource['identifier']));
  let retired = prior.resource;
  for (const link of linksOf(retired)) {
    if (link.type === 'seealso') retired = withoutLink(retired, link);
  }
  retired = withLink(retired, { other: survivor.reference, type: 'replaced-by' });
  return { survivor: next, prior: { ...retired, active: false } };
}

/** Two records of one thing that has a status for what should never have been (Encounter, Account). */
export function mergeRecords(survivor: Referenced, prior: Referenced): Merged {
  return {
    survivor: withIdentifiers(survivor.resource, listOf(prior.resource['identifier'])),
    prior: { ...prior.resource, status: 'entered-in-error' },
  };
}

/** A record with identifiers that it does not have yet, each by system and value. */
export function withIdentifiers(record: Resource, added: readonly unknown[]): Resource {
  const own = listOf(record['identifier']);
  const known = new Set(own.map(identifierKey));
  const fresh = added.filter((each) => !known.has(identifierKey(each)));
  return fresh.length === 0 ? record : { ...record, identifier: [...own, ...fresh] };
}

/** A record without identifiers, each by system and value. */
export function withoutIdentifiers(record: Resource, removed: readonly unknown[]): Resource {
  const keys = new Set(removed.map(identifierKey));
  const { identifier, ...rest } = record;
  const all = listOf(identifier);
  const kept = all.filter((each) => !keys.has(identifierKey(each)));
  if (kept.length === all.length) return record;
  return kept.length === 0 ? rest : { ...rest, identifier: kept };
}

/**
 * A record whose numbers are no longer those that it is called by: they are kept with `use: old`, so that it is still found
 * by them. Those that it lacks are added.
 * @param until when they ended, as a FHIR dateTime; absent: they were never right
 */
export function withRetired(
  record: Resource,
  retired: readonly unknown[],
  until?: string,
): Resource {
  const keys = new Set(retired.map(identifierKey));
  const whole = withIdentifiers(record, retired);
  const all = listOf(whole['identifier']);
  if (all.every((each) => !keys.has(identifierKey(each)) || isOld(each))) return record;
  const identifier = all.map((each) =>
    keys.has(identifierKey(each)) && isFields(each) ? retire(each, until) : each,
  );
  return { ...whole, identifier };
}

/** A record that is called again by numbers that were retired. */
export function withRevived(record: Resource, revived: readonly unknown[]): Resource {
  const keys = new Set(revived.map(identifierKey));
  const all = listOf(record['identifier']);
  if (all.every((each) => !keys.has(identifierKey(each)) || !isOld(each))) return record;
  const identifier = all.map((each) => {
    if (!keys.has(identifierKey(each)) || !isOld(each) || !isFields(each)) return each;
    return without(each, ['use', 'period']);
  });
  return { ...record, identifier };
}

function retire(identifier: Fields, until: string | undefined): Fields {
  if (isOld(identifier)) return identifier;
  const { period } = identifier;
  const before = isFields(period) ? period : {};
  const rest = without(identifier, ['use', 'period']);
  const ended = until === undefined || 'end' in before ? before : { ...before, end: until };
  return { use: 'old', ...rest, ...(Object.keys(ended).length === 0 ? {} : { period: ended }) };
}

/** The identifiers of a record with these numbers, as it has them. */
export function elementsOf(record: Resource, numbers: readonly Named[]): readonly unknown[] {
  const keys = new Set(numbers.map(({ system, value }) => identifierKey({ system, value })));
  return listOf(record['identifier']).filter((each) => keys.has(identifierKey(each)));
}

/** Whether a record has this number, and as one that it is no longer called by. */
export function hasRetired(record: Resource, { system, value }: Named): boolean {
  return listOf(record['identifier']).some(
    (each) => identifierKey(each) === identifierKey({ system, value }) && isOld(each),
  );
}

interface Named {
  readonly system: string;
  readonly value: string;
}

function isOld(identifier: unknown): boolean {
  return textOf(identifier, 'use') === 'old';
}

function identifierKey(identifier: unknown): string {
  return `${textOf(identifier, 'system')}|${textOf(identifier, 'value')}`;
}
