import { beforeEach, describe, expect, it } from 'vitest';
import { OutcomeError } from '../../src/fhir/issue.ts';
import {
  checkPassword,
  createAccount,
  createFirstAccount,
  hasAccounts,
} from '../../src/security/account.ts';
import type { NewAccount } from '../../src/security/account.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';

let store: Store;
beforeEach(() => {
  store = openMemoryStore();
});

const now = new Date('2026-05-01T12:00:00Z');
const ann: NewAccount = {
  name: ' Ann.B ',
  display: 'Ann',
  role: 'nurse',
  password: 'Grüße an alle',
};

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => new Error('was not refused'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof OutcomeError)) throw error;
  return error.issues[0].code;
}

describe('an account', () => {
  it('is found by its name in any case, with its password in any Unicode form', async () => {
    await createAccount(store, ann, now);
    const principal = { id: 'ann.b', display: 'Ann', role: 'nurse' };
    expect(await checkPassword(store, 'ANN.B', ann.password)).toEqual(principal);
    expect(await checkPassword(store, ' ann.b ', ann.password.normalize('NFD'))).toEqual(principal);
  });

  it.each([
    ['ann.b', 'grüße an alle'],
    ['ann.b', ''],
    ['ann.b', 'Grüße an alle '],
    ['ann', 'Grüße an alle'],
    ['', ''],
    ['x'.repeat(5000), 'y'.repeat(5000)],
  ])('is not opened by %j with %j', async (name, password) => {
    await createAccount(store, ann, now);
    expect(await checkPassword(store, name, password)).toBeUndefined();
  });

  it('keeps no password, and no two hashes of one password are the same', async () => {
    await createAccount(store, ann, now);
    await createAccount(store, { ...ann, name: 'bob' }, now);
    const values = (await store.states('account|')).map(({ value }) => value);
    expect(values).toHaveLength(2);
    expect(values.join()).not.toContain(ann.password);
    const hashes = values.map((value) => (JSON.parse(value) as { hash: string }).hash);
    expect(new Set(hashes).size).toBe(2);
  });

  it('is refused a name that is taken, also while it is being taken', async () => {
    const attempts = Array.from({ length: 4 }, () => createAccount(store, ann, now));
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await codeOf(createAccount(store, { ...ann, name: 'ann.b' }, now))).toBe(
      'write-conflict',
    );
  });

  it.each(['a', '', '.ann', 'ann b', 'ann|b', 'änn', 'x'.repeat(65)])(
    'is refused the name %j',
    async (name) => {
      expect(await codeOf(createAccount(store, { ...ann, name }, now))).toBe('value');
      expect(await hasAccounts(store)).toBe(false);
    },
  );

  it.each([
    ['123456789', 'value'],
    ['x'.repeat(201), 'value'],
  ])('is refused the password %j', async (password, code) => {
    expect(await codeOf(createAccount(store, { ...ann, password }, now))).toBe(code);
  });

  it('takes passwords of 10 to 200 characters, and all of a long one counts', async () => {
    const long = 'x'.repeat(199) + 'y';
    await createAccount(store, { ...ann, password: long }, now);
    await createAccount(store, { ...ann, name: 'bob', password: '1234567890' }, now);
    expect(await checkPassword(store, 'ann.b', long)).toBeDefined();
    expect(await checkPassword(store, 'ann.b', 'x'.repeat(200))).toBeUndefined();
    expect(await checkPassword(store, 'bob', '1234567890')).toBeDefined();
  });

  it('of a role that is none any more opens nothing', async () => {
    await createAccount(store, ann, now);
    const [entry] = await store.states('account|');
    const value = (entry?.value ?? '').replace('"nurse"', '"wizard"');
    const state = [{ key: entry?.key ?? '', value }];
    await store.commit({ now, origin: 'test', changes: [], state });
    expect(await checkPassword(store, 'ann.b', ann.password)).toBeUndefined();
  });
});

describe('the first account', () => {
  it('is one, whoever asks at once', async () => {
    const names = ['one', 'two', 'three'];
    const attempts = names.map((name) => createFirstAccount(store, { ...ann, name }, now));
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await store.states('account|')).toHaveLength(1);
  });

  it('is not made beside others', async () => {
    await createAccount(store, ann, now);
    expect(await codeOf(createFirstAccount(store, { ...ann, name: 'bob' }, now))).toBe(
      'write-conflict',
    );
  });

  it('can be tried again after a refusal', async () => {
    expect(await codeOf(createFirstAccount(store, { ...ann, password: 'short' }, now))).toBe(
      'value',
    );
    await createFirstAccount(store, ann, now);
    expect(await hasAccounts(store)).toBe(true);
  });
});
