import { personClaimKey, personOfClaimKey } from '../record/identity.ts';
import type { Store } from '../store/store.ts';

/**
 * The claim keys of the people whom these keys name (personClaimKey; others are passed over): the same, and those of the
 * other numbers that the record knows of the same people.
 */
export async function keysOfPeople(
  store: Pick<Store, 'claimOwners' | 'read'>,
  keys: readonly string[],
): Promise<readonly string[]> {
  const named = keys.filter((key) => personOfClaimKey(key) !== undefined);
  const owners = await store.claimOwners(named);
  const known = [...new Set(owners.values())].map(async (owner) => {
    const [type = '', id = ''] = owner.split('/');
    return keysIn((await store.read(type, id))?.body);
  });
  return [...new Set([...named, ...(await Promise.all(known)).flat()])];
}

/** A number without a system is known by none. */
function keysIn(body = '{}'): readonly string[] {
  const { identifier = [] } = JSON.parse(body) as {
    readonly identifier?: readonly { readonly system?: string; readonly value?: string }[];
  };
  return identifier.flatMap(({ system, value }) =>
    system === undefined || value === undefined ? [] : personClaimKey({ system, value }),
  );
}
