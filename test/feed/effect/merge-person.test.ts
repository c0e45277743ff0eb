import { describe, expect, it } from 'vitest';
import type { Resource } from '../../../src/fhir/resource.ts';
import { openMemoryStore } from '../../../src/store/memory.ts';
import { isError } from '../../../src/fhir/outcome.ts';
import { validateResource } from '../../../src/fhir/validate.ts';
import { folders, storesUnderTest } from '../../property/stores-under-test.ts';
import type { Store } from '../../../src/store/store.ts';
import { codeOf } from '../pipeline-fixture.ts';
import { cx, pid, pv1, Register } from './register.ts';

const old = (number: string): object => ({ value: number, use: 'old' });

async function register(): Promise<Register> {
  return new Register(openMemoryStore());
}

async function twoPeople(on: Register): Promise<readonly [string, string]> {
  await on.admit('M1', 'V1');
  await on.admit('M2', 'V2');
  await on.result('M2', 'O2');
  return [(await on.owner('M1')) ?? '', (await on.owner('M2')) ?? ''];
}

/** `M1<M2`: into M1, from M2. */
function pairOf(pair: string): readonly [string, string] {
  const [into = '', from = ''] = pair.split('<');
  return [into, from];
}

function segmentsOf(pairs: string): readonly string[] {
  return pairs
    .split(' ')
    .map(pairOf)
    .flatMap(([into, from]) => [pid(into), `MRG|${cx(from)}`]);
}

/** What was written so far, but Tasks. */
async function changesOf(on: Register): Promise<readonly string[]> {
  const { versions } = await on.store.history({ count: 1_000 });
  return versions.filter(({ type }) => type !== 'Task').map(({ type, id }) => `${type}/${id}`);
}

/** A merge that goes against an earlier one is refused and kept, and nothing changes. */
async function expectRefused(on: Register, segments: readonly string[]): Promise<void> {
  const before = await changesOf(on);
  const ack = await on.say({ event: 'ADT^A40', segments });
  expect(codeOf(ack)).toBe('AE');
  expect(ack).toContain('was merged into the other one before');
  expect(await on.row()).toMatchObject({ state: 'parked' });
  expect(await changesOf(on)).toEqual(before);
}

for (const { name, open, ...rest } of [
  { name: 'memory', open: async (): Promise<Store> => openMemoryStore() },
  ...storesUnderTest,
]) {
  describe(`A40, on ${name}`, () => {
    if (open === undefined) {
      it.skip('absent' in rest ? String(rest.absent) : 'absent', () => undefined);
      return;
    }

    it('makes one person of two: links, numbers, and all that was the prior’s', async () => {
      const on = new Register(await open());
      const [one, two] = await twoPeople(on);
      const row = await on.merge('M1', 'M2');
      expect(row).toMatchObject({ state: 'processed', patient: one });
      expect(await on.read(one)).toMatchObject({
        active: true,
        identifier: [{ value: 'M1' }, old('M2')],
        link: [{ other: { reference: two }, type: 'replaces' }],
      });
      expect(await on.read(two)).toMatchObject({
        active: false,
        identifier: [{ value: 'M2' }],
        link: [{ other: { reference: one }, type: 'replaced-by' }],
      });
      for (const type of ['Encounter', 'AllergyIntolerance']) {
        expect([type, (await on.of(one, type)).length]).toEqual([type, 2]);
      }
      expect(await on.of(one, 'Observation')).toMatchObject([
        { subject: { reference: one, identifier: { value: 'M2' } } },
      ]);
      for (const type of ['Encounter', 'AllergyIntolerance', 'Observation', 'DiagnosticReport']) {
        expect([type, await on.of(two, type)]).toEqual([type, []]);
      }
      expect(await on.leftOver()).toEqual([]);
      await on.store.close();
      folders.remove();
    });

    it('sends what comes under the old number to the survivor, and keeps that number old', async () => {
      const on = new Register(await open());
      const [one, two] = await twoPeople(on);
      await on.merge('M1', 'M2');
      expect(await on.result('M2', 'O3')).toMatchObject({ patient: one });
      await on.admit('M2', 'V3');
      expect(await on.of(one, 'Observation')).toHaveLength(2);
      expect(await on.of(one, 'Encounter')).toHaveLength(3);
      expect(await on.read(one)).toMatchObject({ identifier: [{ value: 'M1' }, old('M2')] });
      expect(await on.read(two)).toMatchObject({ active: false, meta: { versionId: '2' } });
      await on.store.close();
      folders.remove();
    });
  });
}

describe('merging people', () => {
  it.each(['ADT^A40', 'ADT^A39', 'ADT^A34', 'ADT^A30', 'ADT^A36'])(
    '%s says the same',
    async (event) => {
      const on = await register();
      const [one, two] = await twoPeople(on);
      await on.merge('M1', 'M2', event);
      expect(await on.owner('M2')).toBe(one);
      expect(await on.read(two)).toMatchObject({ active: false });
      expect(await on.of(one, 'Observation')).toHaveLength(1);
    },
  );

  it('A18 says the same, with a PV1 behind', async () => {
    const on = await register();
    const [one] = await twoPeople(on);
    await on.taken({ event: 'ADT^A18', segments: [pid('M1'), `MRG|${cx('M2')}`, 'PV1|1|N'] });
    expect(await on.owner('M2')).toBe(one);
    expect(await on.of(one, 'Encounter')).toHaveLength(2);
  });

  it('writes nothing that our own validation refuses, and names every version by a Provenance', async () => {
    const on = await register();
    await twoPeople(on);
    const { written = [] } = await on.merge('M1', 'M2');
    const { versions } = await on.store.history({ count: 100 });
    const faults = versions.flatMap(({ body }) =>
      validateResource(JSON.parse(body) as Resource).filter(isError),
    );
    expect(faults).toEqual([]);
    const [provenance] = versions.filter(({ type }) => type === 'Provenance');
    const { target } = JSON.parse(provenance?.body ?? '{}') as { target: { reference: string }[] };
    expect(target.map(({ reference }) => reference)).toEqual(written);
    // Both people, the visit, its allergy, report, result and order.
    expect(written.map((each) => each.split('/')[0]).sort()).toEqual([
      'AllergyIntolerance',
      'DiagnosticReport',
      'Encounter',
      'Observation',
      'Patient',
      'Patient',
      'ServiceRequest',
    ]);
    for (const reference of written) {
      const [type = '', id = '', , version = ''] = reference.split('/');
      expect(await on.store.readVersion(type, id, version)).toBeDefined();
    }
  });

  it('of an unknown prior keeps the number on the survivor, and makes no shell', async () => {
    const on = await register();
    await on.admit('M1', 'V1');
    await on.merge('M1', 'M9');
    const one = await on.owner('M1');
    expect(await on.read(one)).toMatchObject({ identifier: [{ value: 'M1' }, old('M9')] });
    expect((await on.read(one))['link']).toBeUndefined();
    expect((await on.store.counts()).get('Patient')).toBe(1);
    await on.result('M9', 'O9');
    expect(await on.of(one, 'Observation')).toHaveLength(1);
    expect((await on.store.counts()).get('Patient')).toBe(1);
  });

  it('makes the survivor that nobody knows, of PID', async () => {
    const on = await register();
    await on.admit('M2', 'V2');
    const two = await on.owner('M2');
    await on.merge('M1', 'M2');
    const one = await on.owner('M1');
    expect(one).not.toBe(two);
    expect(await on.owner('M2')).toBe(one);
    expect(await on.read(one)).toMatchObject({
      name: [{ family: 'Alvarez' }],
      link: [{ other: { reference: two }, type: 'replaces' }],
    });
    expect(await on.of(one, 'Encounter')).toHaveLength(1);
  });

  it('of two that nobody knows makes one', async () => {
    const on = await register();
    await on.merge('M1', 'M2');
    await on.admit('M2', 'V2');
    expect((await on.store.counts()).get('Patient')).toBe(1);
    expect(await on.of(await on.owner('M1'), 'Encounter')).toHaveLength(1);
  });

  it.each([
    ['in their order', ['M2>M1', 'M3>M2']],
    ['in the wrong order', ['M3>M2', 'M2>M1']],
  ])('makes chains, %s', async (_, merges) => {
    const on = await register();
    for (const number of ['M1', 'M2', 'M3']) await on.admit(number, `V${number}`);
    const [, , three] = await Promise.all(['M1', 'M2', 'M3'].map((each) => on.owner(each)));
    for (const [survivor = '', prior = ''] of merges.map((each) => each.split('>'))) {
      await on.merge(survivor, prior);
    }
    for (const number of ['M1', 'M2', 'M3']) expect(await on.owner(number)).toBe(three);
    expect(await on.of(three, 'Encounter')).toHaveLength(3);
    const numbers = (await on.read(three))['identifier'] as { value: string; use?: string }[];
    expect(new Set(numbers.filter(({ use }) => use === 'old').map(({ value }) => value))).toEqual(
      new Set(['M1', 'M2']),
    );
  });

  it('changes nothing when it is sent again, by whatever message', async () => {
    const on = await register();
    await twoPeople(on);
    await on.merge('M1', 'M2');
    const before = (await on.store.history({ count: 1 })).total;
    const row = await on.merge('M1', 'M2');
    expect(row.report).toContain('They were merged before');
    expect((await on.store.history({ count: 1 })).total).toBe(before);
  });

  it('of a number with itself changes nothing, and says so', async () => {
    const on = await register();
    await on.admit('M1', 'V1');
    const row = await on.merge('M1', 'M1');
    expect(row.report).toContain('Both numbers are the same one');
    expect((await on.read(await on.owner('M1')))['link']).toBeUndefined();
    expect(await on.read(await on.owner('M1'))).not.toMatchObject({ identifier: [old('M1')] });
  });

  it.each([
    ['of two', ['M2>M1'], 'M1', 'M2'],
    ['of three', ['M2>M1', 'M3>M2'], 'M1', 'M3'],
  ])('in a circle %s is refused, kept, and changes nothing', async (_, merges, survivor, prior) => {
    const on = await register();
    for (const number of ['M1', 'M2', 'M3']) await on.admit(number, `V${number}`);
    for (const [to = '', from = ''] of merges.map((each) => each.split('>')))
      await on.merge(to, from);
    await expectRefused(on, [pid(survivor), `MRG|${cx(prior)}`]);
  });

  it('in a circle opens one Task for whoever knows the people, however often it comes', async () => {
    const on = await register();
    const [, two] = await twoPeople(on);
    await on.merge('M2', 'M1');
    for (const minute of [50, 51]) {
      await on.say({ event: 'ADT^A40', minute, segments: [pid('M1'), `MRG|${cx('M2')}`] });
    }
    const [task, ...others] = await on.of(two, 'Task');
    expect(others).toEqual([]);
    const [into, from, message] = ['M1', 'M2', expect.any(String) as string];
    expect(task).toMatchObject({
      status: 'requested',
      code: { coding: [{ code: 'identity-review' }] },
      for: { reference: two },
      input: [into, from, message].map((value) => ({ valueIdentifier: { value } })),
    });
    const { versions } = await on.store.history({ type: 'Task', count: 10 });
    expect(versions).toHaveLength(1);
    expect(validateResource(task as Resource).filter(isError)).toEqual([]);
  });

  it('in a circle of people that nobody knows opens a Task that names their numbers', async () => {
    const on = await register();
    await on.say({ event: 'ADT^A40', segments: segmentsOf('M1<M2 M2<M1') });
    const { versions } = await on.store.history({ type: 'Task', count: 10 });
    const [task] = versions.map(({ body }) => JSON.parse(body) as Resource);
    expect(task).toMatchObject({ input: [{ valueIdentifier: { value: 'M2' } }, {}, {}] });
    expect(task?.['for']).toBeUndefined();
    expect(validateResource(task as Resource).filter(isError)).toEqual([]);
  });

  it.each([
    ['of two that nobody knows', [], 'M1<M2 M2<M1'],
    ['of two', ['M1', 'M2'], 'M1<M2 M2<M1'],
    ['of three', ['M1', 'M2', 'M3'], 'M1<M2 M2<M3 M3<M1'],
    ['of three, one of them new', ['M1', 'M2'], 'M1<M2 M3<M1 M2<M3'],
    ['that closes one of before', ['M1', 'M2', 'M3'], 'M3<M1 M2<M3', 'M1<M2'],
  ])(
    'in a circle %s within one message is refused, kept, and changes nothing',
    async (_, known, pairs, earlier = '') => {
      const on = await register();
      for (const number of known) await on.admit(number, `V${number}`);
      if (earlier !== '') await on.merge(...pairOf(earlier));
      await expectRefused(on, segmentsOf(pairs));
    },
  );

  it('takes a pair that a message says twice as said once', async () => {
    const on = await register();
    const { report } = await on.taken({ event: 'ADT^A40', segments: segmentsOf('M1<M2 M1<M2') });
    expect(report).toContain('They were merged before');
    const one = await on.owner('M1');
    expect(await on.owner('M2')).toBe(one);
    expect(await on.read(one)).toMatchObject({ identifier: [{ value: 'M1' }, old('M2')] });
    expect(JSON.stringify((await on.read(one))['identifier'])).not.toMatch(/old[^}]*M1/);
  });

  it('takes several pairs of one message, also where the second goes on from the first', async () => {
    const on = await register();
    for (const number of ['M1', 'M2', 'M3', 'M4', 'M5']) await on.admit(number, `V${number}`);
    await on.taken({
      event: 'ADT^A40',
      segments: [
        ...[pid('M2'), `MRG|${cx('M1')}`],
        ...[pid('M5'), 'PD1||||', `MRG|${cx('M4')}`],
        ...[pid('M3'), `MRG|${cx('M2')}`],
      ],
    });
    const [three, five] = await Promise.all(['M3', 'M5'].map((each) => on.owner(each)));
    expect(await Promise.all(['M1', 'M2', 'M4'].map((each) => on.owner(each)))).toEqual([
      three,
      three,
      five,
    ]);
    expect((await on.of(three, 'Encounter')).length + (await on.of(five, 'Encounter')).length).toBe(
      5,
    );
  });

  it('takes every repetition of MRG-1', async () => {
    const on = await register();
    for (const number of ['M1', 'M2', 'M3']) await on.admit(number, `V${number}`);
    await on.merge('M1', `${cx('M2')}~${cx('M3')}`);
    const one = await on.owner('M1');
    expect(await on.owner('M2')).toBe(one);
    expect(await on.owner('M3')).toBe(one);
    expect(await on.of(one, 'Encounter')).toHaveLength(3);
  });

  it('takes a prior number without an authority as one of PID-3’s', async () => {
    const on = await register();
    const [one] = await twoPeople(on);
    await on.merge('M1', 'M2^^^^MR');
    expect(await on.owner('M2')).toBe(one);
  });

  it('knows the prior by PID-3 too, where a sender lists the numbers of both', async () => {
    const on = await register();
    const [one, two] = await twoPeople(on);
    const row = await on.merge('M1~M2', 'M2');
    expect(row.report).not.toContain('identity-conflict');
    expect(await on.owner('M2')).toBe(one);
    expect(await on.read(two)).toMatchObject({ active: false });
    expect(await on.read(one)).toMatchObject({ identifier: [{ value: 'M1' }, old('M2')] });
  });

  it('hands over the numbers that other systems have of the prior, which stay current', async () => {
    const on = await register();
    await on.admit('M1', 'V1');
    await on.admit('M2~L2^^^LABCO^MR', 'V2');
    await on.merge('M1', 'M2');
    const one = await on.owner('M1');
    expect(await on.owner('L2', 'LABCO')).toBe(one);
    await on.result('L2^^^LABCO^MR', 'O2');
    expect(await on.of(one, 'Observation')).toHaveLength(1);
    expect(await on.read(one)).toMatchObject({
      identifier: [{ value: 'M1' }, old('M2'), { value: 'L2' }],
    });
    expect(JSON.stringify((await on.read(one))['identifier'])).not.toMatch(/old[^}]*L2/);
  });

  it('across authorities is left to a human: nothing is merged, a review Task is open', async () => {
    const on = await register();
    await on.admit('M1', 'V1');
    await on.admit('X1^^^OTHER^MR', 'V2');
    const other = await on.owner('X1', 'OTHER');
    const row = await on.merge('M1', 'X1^^^OTHER^MR');
    expect(row.report).toContain('of another authority');
    expect(await on.owner('X1', 'OTHER')).toBe(other);
    expect(await on.read(other)).toMatchObject({ active: true });
    expect((await on.store.counts()).get('Task')).toBe(1);
  });

  it('refuses a merge that does not say with whom', async () => {
    const on = await register();
    expect(codeOf(await on.say({ event: 'ADT^A40', segments: [pid('M1')] }))).toBe('AE');
    const without = await on.say({ event: 'ADT^A40', segments: [pid('M1'), 'MRG|'] });
    expect(without).toContain('MRG^1^1');
  });

  it('takes the visit that the message names to the survivor', async () => {
    const on = await register();
    const [one] = await twoPeople(on);
    await on.taken({ event: 'ADT^A40', segments: [pid('M1'), `MRG|${cx('M2')}`, pv1('V2')] });
    const visits = await on.of(one, 'Encounter');
    expect(visits.map(({ status }) => status)).toEqual(['in-progress', 'in-progress']);
  });

  it('keeps what the older of two sources says after the merge out of the newer truth', async () => {
    const on = await register();
    const [one] = await twoPeople(on);
    await on.merge('M1', 'M2', 'ADT^A40', 30);
    await on.taken({
      event: 'ADT^A08',
      minute: 20,
      segments: [pid('M1').replace('Maria', 'Late')],
    });
    expect(await on.read(one)).toMatchObject({ name: [{ given: ['Maria'] }] });
  });
});
