import { describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../../src/store/memory.ts';
import { cx, pid, pv1, Register } from './register.ts';

const weight = 'OBX|1|NM|3141-9^Weight^LN||70|kg|||||F|||20260501080000';

async function register(): Promise<Register> {
  return new Register(openMemoryStore());
}

const mrg = (fields: Readonly<Record<number, string>>): string =>
  `MRG|${[1, 2, 3, 4, 5, 6].map((field) => fields[field] ?? '').join('|')}`;

describe('links', () => {
  it('A24 links two people both ways, and A37 takes that away', async () => {
    const on = await register();
    const said = { segments: [pid('M1'), 'PV1|1|N', pid('M2'), 'PV1|1|N'] };
    await on.taken({ event: 'ADT^A24', ...said });
    const [one, two] = await Promise.all(['M1', 'M2'].map((each) => on.owner(each)));
    expect(one).not.toBe(two);
    const links = async () => [(await on.read(one))['link'], (await on.read(two))['link']];
    expect(await links()).toEqual([
      [{ other: { reference: two }, type: 'seealso' }],
      [{ other: { reference: one }, type: 'seealso' }],
    ]);
    await on.taken({ event: 'ADT^A37', ...said });
    expect(await links()).toEqual([undefined, undefined]);
    expect(await on.read(one)).toMatchObject({ active: true });
  });

  it('of who is merged go to the survivor', async () => {
    const on = await register();
    await on.taken({ event: 'ADT^A24', segments: [pid('M2'), pid('M3')] });
    await on.merge('M1', 'M2');
    const [one, three] = await Promise.all(['M1', 'M3'].map((each) => on.owner(each)));
    expect(JSON.stringify((await on.read(one))['link'])).toContain(
      `${String(three)}"},"type":"seealso"`,
    );
    const back = JSON.stringify((await on.read(three))['link']);
    expect(back).toBe(JSON.stringify([{ other: { reference: one }, type: 'seealso' }]));
  });
});

describe('other numbers', () => {
  it('A47: a person keeps the record, has the new number, and the old one is old from then on', async () => {
    const on = await register();
    await on.admit('M1', 'V1');
    const one = await on.owner('M1');
    await on.taken({ event: 'ADT^A47', segments: [pid('N1'), mrg({ 1: cx('M1') })] });
    expect(await on.owner('N1')).toBe(one);
    expect(await on.owner('M1')).toBe(one);
    expect(await on.read(one)).toMatchObject({
      active: true,
      identifier: [
        { value: 'M1', use: 'old', period: { end: '2026-05-01T08:02:00.000Z' } },
        { value: 'N1' },
      ],
    });
    expect((await on.store.counts()).get('Patient')).toBe(1);
    await on.admit('N1', 'V2');
    await on.result('M1', 'O1');
    expect(await on.of(one, 'Encounter')).toHaveLength(2);
    expect(await on.of(one, 'Observation')).toHaveLength(1);
  });

  it('A47 and back again', async () => {
    const on = await register();
    await on.admit('M1', 'V1');
    await on.taken({ event: 'ADT^A47', segments: [pid('N1'), mrg({ 1: cx('M1') })] });
    await on.taken({ event: 'ADT^A47', segments: [pid('M1'), mrg({ 1: cx('N1') })] });
    const { identifier } = await on.read(await on.owner('M1'));
    const uses = (identifier as { value: string; use?: string }[]).map(({ value, use }) => [
      value,
      use,
    ]);
    expect(Object.fromEntries(uses)).toEqual({ M1: undefined, N1: 'old' });
  });

  it('A47 of two that are known as two makes one of them', async () => {
    const on = await register();
    await on.admit('M1', 'V1');
    await on.admit('N1', 'V2');
    const was = await on.owner('M1');
    await on.taken({ event: 'ADT^A47', segments: [pid('N1'), mrg({ 1: cx('M1') })] });
    const one = await on.owner('N1');
    expect(await on.owner('M1')).toBe(one);
    expect(await on.read(was)).toMatchObject({ active: false });
    expect(await on.of(one, 'Encounter')).toHaveLength(2);
  });

  it('A47 with several people, each with what it was', async () => {
    const on = await register();
    const segments = [pid('N1'), mrg({ 1: cx('M1') }), pid('N2'), mrg({ 1: cx('M2') })];
    await on.admit('M1', 'V1');
    await on.admit('M2', 'V2');
    const before = await Promise.all(['M1', 'M2'].map((each) => on.owner(each)));
    await on.taken({ event: 'ADT^A47', segments });
    expect(await Promise.all(['N1', 'N2'].map((each) => on.owner(each)))).toEqual(before);
  });

  it.each(['ADT^A46', 'ADT^A39'])(
    '%s of the external number leaves that of PID-3 as it is',
    async (event) => {
      const on = await register();
      const external = (number: string, mrn = 'M1'): string =>
        pid(mrn).replace('PID|1||', `PID|1|${number}^^^MPI^PI|`);
      await on.taken({ event, segments: [external('E1'), mrg({ 1: cx('M1'), 4: 'E0^^^MPI^PI' })] });
      const one = await on.owner('M1');
      await on.taken({ event, segments: [external('E2'), mrg({ 1: cx('M1'), 4: 'E1^^^MPI^PI' })] });
      for (const number of ['E0', 'E1', 'E2']) expect(await on.owner(number, 'MPI')).toBe(one);
      const { identifier } = await on.read(one);
      const uses = (identifier as { value: string; use?: string }[]).map(({ value, use }) => [
        value,
        use,
      ]);
      expect(Object.fromEntries(uses)).toEqual({
        M1: undefined,
        E0: 'old',
        E1: 'old',
        E2: undefined,
      });
    },
  );

  it('A48: the alternate number becomes old', async () => {
    const on = await register();
    const alternate = (number: string): string =>
      pid('M1').replace('MR||Alvarez', `MR|${number}^^^ALT^PI|Alvarez`);
    await on.taken({ event: 'ADT^A31', segments: [alternate('A1')] });
    await on.taken({
      event: 'ADT^A48',
      segments: [alternate('A2'), mrg({ 1: cx('M1'), 2: 'A1^^^ALT^PI' })],
    });
    const { identifier } = await on.read(await on.owner('M1'));
    const uses = (identifier as { value: string; use?: string }[]).map(({ value, use }) => [
      value,
      use,
    ]);
    expect(Object.fromEntries(uses)).toEqual({ M1: undefined, A1: 'old', A2: undefined });
  });

  it('A43: a number and what came under it go to another person, the rest stays', async () => {
    const on = await register();
    await on.admit('M1', 'V1');
    await on.admit('M2~X9', 'V2');
    await on.result('X9', 'O9');
    await on.result('M2', 'O2');
    const [one, two] = await Promise.all(['M1', 'M2'].map((each) => on.owner(each)));
    expect(await on.owner('X9')).toBe(two);
    await on.taken({ event: 'ADT^A43', segments: [pid('M1~X9'), mrg({ 1: cx('X9') })] });
    expect(await on.owner('X9')).toBe(one);
    expect(await on.of(one, 'Observation')).toMatchObject([
      { subject: { identifier: { value: 'X9' } } },
    ]);
    expect(await on.of(two, 'Observation')).toMatchObject([
      { subject: { identifier: { value: 'M2' } } },
    ]);
    expect(await on.read(one)).toMatchObject({ identifier: [{ value: 'M1' }, { value: 'X9' }] });
    expect((await on.read(two))['identifier']).toMatchObject([{ value: 'M2' }]);
  });
});

describe('visits', () => {
  it('A45: a visit and all that belongs to it go to another person', async () => {
    const on = await register();
    await on.admit('M1', 'V1');
    await on.admit('M2', 'V2');
    const [one, two] = await Promise.all(['M1', 'M2'].map((each) => on.owner(each)));
    await on.taken({
      event: 'ADT^A45',
      segments: [pid('M1'), mrg({ 1: cx('M2'), 5: 'V2^^^MERCY^VN' }), pv1('V2')],
    });
    expect(await on.of(one, 'Encounter')).toHaveLength(2);
    expect(await on.of(one, 'AllergyIntolerance')).toMatchObject([
      {},
      { patient: { reference: one, identifier: { value: 'M1' } } },
    ]);
    expect([await on.of(two, 'Encounter'), await on.of(two, 'AllergyIntolerance')]).toEqual([
      [],
      [],
    ]);
    expect(await on.read(two)).toMatchObject({ active: true });
    expect(await on.owner('M2')).toBe(two);
  });

  it('A45: several visits', async () => {
    const on = await register();
    for (const visit of ['V1', 'V2', 'V3']) await on.admit('M2', visit);
    const segments = ['V1', 'V3'].flatMap((visit) => [
      mrg({ 1: cx('M2'), 5: `${visit}^^^MERCY^VN` }),
      pv1(visit),
    ]);
    await on.taken({ event: 'ADT^A45', segments: [pid('M1'), ...segments] });
    expect(await on.of(await on.owner('M1'), 'Encounter')).toHaveLength(2);
    expect(await on.of(await on.owner('M2'), 'Encounter')).toHaveLength(1);
  });

  it('A45: an older one moves nothing back', async () => {
    const on = await register();
    await on.admit('M2', 'V2', 1);
    const move = (to: string, minute: number) =>
      on.taken({
        event: 'ADT^A45',
        minute,
        segments: [pid(to), mrg({ 1: cx('M2'), 5: 'V2^^^MERCY^VN' }), pv1('V2')],
      });
    await move('M1', 30);
    await move('M3', 20);
    expect(await on.of(await on.owner('M1'), 'AllergyIntolerance')).toHaveLength(1);
    expect(await on.of(await on.owner('M1'), 'Encounter')).toHaveLength(1);
  });

  it('A42: two visits are one; what was of the prior is of the other, under both numbers', async () => {
    const on = await register();
    await on.admit('M1', 'V1');
    await on.admit('M1', 'V2');
    const one = await on.owner('M1');
    await on.taken({
      event: 'ADT^A42',
      segments: [pid('M1'), mrg({ 1: cx('M1'), 5: 'V2^^^MERCY^VN' }), pv1('V1')],
    });
    const visits = await on.of(one, 'Encounter');
    expect(visits).toMatchObject([
      { status: 'in-progress', identifier: [{ value: 'V1' }, { value: 'V2', use: 'old' }] },
      { status: 'entered-in-error', identifier: [{ value: 'V2' }] },
    ]);
    const allergies = await on.of(one, 'AllergyIntolerance');
    const first = `Encounter/${String(visits[0]?.id)}`;
    expect(
      new Set(allergies.map(({ encounter }) => (encounter as { reference: string }).reference)),
    ).toEqual(new Set([first]));
    await on.taken({ event: 'ADT^A03', segments: [pid('M1'), pv1('V2'), weight] });
    expect((await on.of(one, 'Encounter')).map(({ status }) => status)).toEqual([
      'finished',
      'entered-in-error',
    ]);
  });

  it('A50: a visit has another number, and is found by both', async () => {
    const on = await register();
    await on.admit('M1', 'V1');
    await on.taken({
      event: 'ADT^A50',
      segments: [pid('M1'), mrg({ 1: cx('M1'), 5: 'V1^^^MERCY^VN' }), pv1('V9')],
    });
    const one = await on.owner('M1');
    expect(await on.of(one, 'Encounter')).toMatchObject([
      { status: 'in-progress', identifier: [{ value: 'V1', use: 'old' }, { value: 'V9' }] },
    ]);
    await on.taken({ event: 'ADT^A08', segments: [pid('M1'), pv1('V9')] });
    await on.taken({ event: 'ADT^A03', segments: [pid('M1'), pv1('V1')] });
    expect((await on.of(one, 'Encounter')).map(({ status }) => status)).toEqual(['finished']);
  });

  it('A23: the visit was never right', async () => {
    const on = await register();
    await on.admit('M1', 'V1');
    await on.taken({ event: 'ADT^A23', segments: [pid('M1'), pv1('V1')] });
    await on.taken({ event: 'ADT^A08', segments: [pid('M1'), pv1('V1')] });
    const one = await on.owner('M1');
    expect((await on.of(one, 'Encounter')).map(({ status }) => status)).toEqual([
      'entered-in-error',
    ]);
    expect(await on.read(one)).toMatchObject({ active: true });
  });
});

describe('accounts', () => {
  const account = (number: string): string => pid('M1', `||||||||||${number}^^^MERCY^AN`);

  it.each(['ADT^A35', 'ADT^A41'])('%s: two are one', async (event) => {
    const on = await register();
    await on.taken({ event, segments: [account('C2'), mrg({ 1: cx('M1'), 3: 'C3^^^MERCY^AN' })] });
    await on.taken({ event, segments: [account('C1'), mrg({ 1: cx('M1'), 3: 'C2^^^MERCY^AN' })] });
    const one = await on.owner('M1');
    const accounts = await on.of(one, 'Account');
    expect(accounts.map(({ status }) => status)).toEqual(['entered-in-error', 'unknown']);
    expect(JSON.stringify(accounts[1])).toMatch(/C1.*C2.*C3/);
  });

  it('A44: one, its visits and all that is of these go to another person', async () => {
    const on = await register();
    const of = (number: string): string => pid(number, '||||||||||C1^^^MERCY^AN');
    await on.taken({
      event: 'ADT^A01',
      segments: [of('M2'), pv1('V2'), 'DG1|1||J18.9^Pneumonia^I10'],
    });
    await on.admit('M2', 'V3');
    await on.taken({
      event: 'ADT^A44',
      segments: [of('M1'), mrg({ 1: cx('M2'), 3: 'C1^^^MERCY^AN' })],
    });
    const [one, two] = await Promise.all(['M1', 'M2'].map((each) => on.owner(each)));
    for (const type of ['Account', 'Encounter', 'Condition']) {
      expect(await on.of(one, type)).toMatchObject([{ resourceType: type }]);
    }
    expect(await on.of(two, 'Encounter')).toHaveLength(1);
    expect(await on.of(two, 'Condition')).toEqual([]);
  });

  it('A49: one has another number', async () => {
    const on = await register();
    await on.taken({
      event: 'ADT^A35',
      segments: [account('C1'), mrg({ 1: cx('M1'), 3: 'C0^^^MERCY^AN' })],
    });
    await on.taken({
      event: 'ADT^A49',
      segments: [account('C2'), mrg({ 1: cx('M1'), 3: 'C1^^^MERCY^AN' })],
    });
    const accounts = await on.of(await on.owner('M1'), 'Account');
    expect(accounts).toMatchObject([{ status: 'unknown' }]);
    expect(JSON.stringify(accounts[0])).toMatch(/"value":"C1","period"/);
  });
});

it('A29: the person is not active, and is again when the sender speaks of it', async () => {
  const on = await register();
  await on.admit('M1', 'V1');
  await on.taken({ event: 'ADT^A29', segments: [pid('M1'), 'PV1|1|N'] });
  const one = await on.owner('M1');
  expect(await on.read(one)).toMatchObject({ active: false, name: [{ family: 'Alvarez' }] });
  expect(await on.of(one, 'Encounter')).toHaveLength(1);
  await on.taken({ event: 'ADT^A31', segments: [pid('M1')] });
  expect(await on.read(one)).toMatchObject({ active: true });
});
