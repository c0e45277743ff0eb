import { personClaimKey, personOfClaimKey } from '../record/identity.ts';
import type { Store } from '../store/store.ts';
import type { Reading } from './reading.ts';

/** The message with all that it takes turns for: also the other numbers that the record knows of its people. */
export async function withAllNumbers(
  store: Pick<Store, 'claimOwners' | 'read'>,
  reading: Reading,
): Promise<Reading> {
  const { orderKeys } = reading;
  const all = new Set([...orderKeys, ...(await keysOfPeople(store, orderKeys))]);
  return all.size === orderKeys.length ? reading : { ...reading, orderKeys: [...all] };
}

/** The claim keys (personClaimKey) of the people whom some of these keys name. */
async function keysOfPeople(
  store: Pick<Store, 'claimOwners' | 'read'>,
  keys: readonly string[],
): Promise<readonly string[]> {
  const named = keys.filter((key) => personOfClaimKey(key) !== undefined);
  const owners = await store.claimOwners(named);
  const known = [...new Set(owners.values())].map(async (owner) => {
    const [type = '', id = ''] = owner.split('/');
    return keysIn((await store.read(type, id))?.body);
  });
  return (await Promise.all(known)).flat();
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
