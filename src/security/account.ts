import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { fail } from '../fhir/issue.ts';
import { CommitRefused } from '../store/store.ts';
import type { StateChange, Store } from '../store/store.ts';
import { roles } from './principal.ts';
import type { Principal, Role } from './principal.ts';

const scryptAsync = promisify<string, Buffer, number, { N: number; maxmem: number }, Buffer>(
  scrypt,
);
const cost = { N: 2 ** 15, maxmem: 64 * 1024 * 1024 };
const passwordLengthMin = 10;
const nameForm = /^[a-z0-9][a-z0-9._@-]{1,63}$/;

interface StoredAccount {
  readonly display: string;
  readonly role: Role;
  readonly salt: string;
  readonly hash: string;
}

/** A person who signs in to the pages. The name is folded to lower case. */
export interface NewAccount {
  readonly name: string;
  readonly display: string;
  readonly role: Role;
  readonly password: string;
}

/** Creates an account. Fails with `value` on a bad name or short password, `write-conflict` on a taken name. */
export async function createAccount(store: Store, account: NewAccount, now: Date): Promise<void> {
  const refusal = await writeAccount(store, account, { now, once: [] });
  if (refusal !== undefined) fail('write-conflict', 'That user name is taken');
}

/**
 * Creates the account that all others come from, as {@link createAccount} does, once for a store: of any
 * number of callers one wins, the others fail with `write-conflict`.
 */
export async function createFirstAccount(
  store: Store,
  account: NewAccount,
  now: Date,
): Promise<void> {
  const once = [{ key: 'first-account', value: now.toISOString(), expectRevision: 0 }];
  const taken = await hasAccounts(store);
  if (taken || (await writeAccount(store, account, { now, once })) !== undefined) {
    fail('write-conflict', 'There is an administrator; ask for an account');
  }
}

/** Why it was refused; undefined where it is written. */
async function writeAccount(
  store: Store,
  account: NewAccount,
  { now, once }: { readonly now: Date; readonly once: readonly StateChange[] },
): Promise<CommitRefused | undefined> {
  const name = account.name.trim().toLowerCase();
  if (!nameForm.test(name)) {
    fail('value', 'A user name has 2 to 64 letters, digits or . _ @ -');
  }
  if (account.password.length < passwordLengthMin || account.password.length > 200) {
    fail('value', `A password has at least ${passwordLengthMin} characters`);
  }
  const salt = randomBytes(16);
  const stored: StoredAccount = {
    display: account.display.trim() || name,
    role: account.role,
    salt: salt.toString('base64'),
    hash: (await derive(account.password, salt)).toString('base64'),
  };
  try {
    await store.commit({
      now,
      origin: 'security',
      changes: [],
      state: [{ key: accountKey(name), value: JSON.stringify(stored), expectRevision: 0 }, ...once],
    });
    return undefined;
  } catch (error) {
    if (error instanceof CommitRefused) return error;
    throw error;
  }
}

/** The principal, or undefined for an unknown name or a wrong password, after the same work for both. */
export async function checkPassword(
  store: Store,
  name: string,
  password: string,
): Promise<Principal | undefined> {
  const folded = name.trim().toLowerCase().slice(0, 64);
  const account = parseAccount((await store.state(accountKey(folded)))?.value);
  const salt = account === undefined ? Buffer.alloc(16) : Buffer.from(account.salt, 'base64');
  const derived = await derive(password.slice(0, 200), salt);
  if (account === undefined) return undefined;
  if (!timingSafeEqual(derived, Buffer.from(account.hash, 'base64'))) return undefined;
  return { id: folded, display: account.display, role: account.role };
}

/** Whether anyone can sign in with a password yet. */
export async function hasAccounts(store: Store): Promise<boolean> {
  return (await store.states('account|')).length > 0;
}

function accountKey(name: string): string {
  return `account|${name}`;
}

function parseAccount(value: string | undefined): StoredAccount | undefined {
  if (value === undefined) return undefined;
  const account = JSON.parse(value) as StoredAccount;
  return roles.includes(account.role) ? account : undefined;
}

async function derive(password: string, salt: Buffer): Promise<Buffer> {
  return scryptAsync(password.normalize('NFC'), salt, 32, cost);
}
