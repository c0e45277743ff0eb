import { personOfClaimKey } from '../record/identity.ts';
import type { Store } from '../store/store.ts';

/**
 * The numbers of the people whom these keys name (personClaimKey; others are passed over), and the other ones that the
 * record knows of the same people.
 */
export async function numbersOfPeople(
  store: Pick<Store, 'claimOwners' | 'read'>,
  keys: readonly string[],
): Promise<readonly string[]> {
  const named = keys.flatMap((key) => {
    const person = personOfClaimKey(key);
    return person === undefined ? [] : { key, number: person.value };
  });
  const owners = await store.claimOwners(named.map(({ key }) => key));
  const known = [...new Set(owners.values())].map(async (owner) => {
    const [type = '', id = ''] = owner.split('/');
    return numbersIn((await store.read(type, id))?.body);
  });
  return [...new Set([...named.map(({ number }) => number), ...(await Promise.all(known)).flat()])];
}

function numbersIn(body = '{}'): readonly string[] {
  const { identifier = [] } = JSON.parse(body) as {
    readonly identifier?: readonly { readonly value?: string }[];
  };
  return identifier.flatMap(({ value }) => value ?? []);
}
