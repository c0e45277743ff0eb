import type { MappedResource } from '../../mapping/result.ts';
import { logicalId, recordClaimKey } from '../../record/identity.ts';
import { listOf, textOf } from '../../record/same.ts';
import type { Resource } from '../../fhir/resource.ts';
import type { OwnedKeys } from './owned-keys.ts';

/** Types whose numbers an event may change, so that a record may be found under another one than that of its id. */
const renumbered: ReadonlySet<string> = new Set(['Encounter', 'Account']);

/** The claim of a record's business key; undefined where its id says it all. */
export function recordKey({ identity, resource }: MappedResource): string | undefined {
  const { resourceType: type } = resource;
  if (identity.kind !== 'key' || !renumbered.has(type)) return undefined;
  return recordClaimKey(type, identity.scope, identity.key);
}

/** `Type/id` of a record with a business key: under that of its key, but where it was renumbered. */
export function recordReference(mapped: MappedResource, keys: OwnedKeys): string {
  const { identity, resource } = mapped;
  const { resourceType: type } = resource;
  if (identity.kind !== 'key') return '';
  const key = recordKey(mapped);
  const owner = key === undefined ? undefined : keys.owner(key);
  if (key !== undefined && owner !== undefined) keys.rely(key);
  return owner ?? `${type}/${logicalId(type, identity.scope, identity.key)}`;
}

/** The claims under which a stored record may be known besides that of its id. */
export function otherKeys({ resourceType: type, ...record }: Resource): readonly string[] {
  return listOf(record['identifier']).flatMap((each) => {
    const [system, value] = [textOf(each, 'system'), textOf(each, 'value')];
    return value === '' ? [] : [recordClaimKey(type, system, value.replace(/[\\|]/g, '\\$&'))];
  });
}
