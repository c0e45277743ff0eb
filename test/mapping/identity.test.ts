import { describe, expect, it } from 'vitest';
import type { MappedResource } from '../../src/mapping/result.ts';
import { mapWith, messageOf, msh, packOf } from './pack-fixture.ts';

const pack = packOf({
  'adt.map.yaml': `map: adt
version: 1
when: { event: [ADT^A01] }
resources:
  patient:
    type: Patient
    from: PID
    key: { person: [mrn, other] }
    order: [EVN-2, MSH-7]
    set:
      other: { at: identifier, each: PID-3, where: "5 != MR" }
      mrn: { at: identifier, each: PID-3, where: "5 = MR" }
      name: PID-5
      generalPractitioner: { each: PD1-4, to: doctor }
  doctor:
    type: Practitioner
    from: [PV1-7, PV1-8, PD1-4]
    when: 1 exists
    key: ["1"]
    scope: "."
    set: { identifier: ".", name: "." }
  visit:
    type: Encounter
    from: PV1
    key: [PV1-19|PV1-50, "'visit'"]
    scope: PV1-19|PV1-50
    set:
      identifier: PV1-19
      status: { const: unknown }
      class: PV1-2
      participant:
        each: [PV1-7, PV1-8]
        set: { individual: { from: ".", to: doctor } }
      diagnosis: { each: DG1, set: { condition: { ref: problem } } }
  problem:
    type: Condition
    from: DG1
    sameKey: merge
    key: DG1-3
    set: { code: DG1-3, subject: { ref: patient }, encounter: { ref: visit }, recordedDate: DG1-5, identifier: { each: DG1-20 } }
  note:
    type: Observation
    from: OBX
    key: OBX-3
    sameKey: lines
    set: { status: { const: final }, code: OBX-3, value: { at: "value[x]", from: OBX-5 } }
  bare:
    type: Account
    from: PID
    set: { status: { const: active }, name: PID-5.1, subject: { ref: patient } }
`,
});

function map(...segments: readonly string[]): {
  all: readonly MappedResource[];
  named: (name: string) => MappedResource;
  issues: string[];
} {
  const result = mapWith(pack, messageOf(msh('ADT^A01'), ...segments));
  const named = (name: string): MappedResource => {
    const found = result.resources.find((one) => one.name === name);
    if (!found) throw new Error(`no ${name}: ${result.resources.map((one) => one.name).join()}`);
    return found;
  };
  return { all: result.resources, named, issues: result.issues.map((one) => one.diagnostics) };
}

const pid = 'PID|1||7^^^NAT^NI~1^^^MERCY^MR||Doe^Jane';

describe('identity', () => {
  it('finds a person by the named slots, the source’s own first', () => {
    const { named } = map('EVN||20260101070000', pid);
    expect(named('patient').identity).toEqual({
      kind: 'person',
      identifiers: [
        { system: 'urn:authority:MERCY', value: '1' },
        { system: 'urn:authority:NAT', value: '7' },
      ],
    });
    expect(named('patient').eventTime).toBe('2026-01-01T06:00:00.000Z');
  });

  it('joins the parts of a key; the first valued alternative counts; the scope is its authority', () => {
    const visit = (fields: string): unknown => map(pid, `PV1|1|I${fields}`).named('visit').identity;
    expect(visit('|'.repeat(17) + 'V1^^^MERCY')).toEqual({
      kind: 'key',
      scope: 'urn:authority:MERCY',
      key: 'V1|visit',
    });
    expect(visit('|'.repeat(48) + 'ALT^^^NAT')).toEqual({
      kind: 'key',
      scope: 'urn:authority:NAT',
      key: 'ALT|visit',
    });
  });

  it('says when a key has no value', () => {
    const { named, issues } = map(pid, 'PV1|1|I');
    expect(named('visit').identity).toEqual({ kind: 'none' });
    expect(issues).toContain('Encounter has no key, so that a later message cannot find it again');
  });

  it('gives a keyed resource the same address in every message, an unkeyed one its own', () => {
    const visit = 'PV1|1|I' + '|'.repeat(17) + 'V1^^^MERCY';
    const once = map(pid, visit);
    const again = map(pid, visit, 'NTE|1||more');
    expect(again.named('visit').fullUrl).toBe(once.named('visit').fullUrl);
    expect(again.named('patient').fullUrl).toBe(once.named('patient').fullUrl);
    expect(again.named('bare').fullUrl).not.toBe(once.named('bare').fullUrl);
  });
});

describe('references', () => {
  const doctors = 'PV1|1|I|||||^Nameless~9^Welby^^^^^^^NPI|9^Welby^Marcus^^^^^^NPI||||||||||||V1';

  it('refers by value: who has no number is not somebody else', () => {
    const { named } = map(pid, doctors);
    const encounter = named('visit').resource as { participant?: { individual: object }[] };
    const individuals = encounter.participant?.map(({ individual }) => individual);
    const doctor = named('doctor#1').fullUrl;
    const identifier = { system: 'urn:authority:NPI', value: '9' };
    expect(individuals).toEqual([
      { display: 'Nameless' },
      { reference: doctor, identifier, display: 'Welby' },
      { reference: doctor, identifier, display: 'Marcus Welby' },
    ]);
  });

  it('makes one resource of one identity', () => {
    const { all, named } = map(pid, 'PD1||||9^Welby^^^^^^^NPI', doctors);
    expect(all.filter(({ resource }) => resource.resourceType === 'Practitioner')).toHaveLength(1);
    expect(named('patient').resource['generalPractitioner']).toEqual([
      expect.objectContaining({ reference: named('doctor#1').fullUrl }),
    ]);
  });

  it('closes a circle of references', () => {
    const { named } = map(pid, doctors, 'DG1|1||I10^^I10');
    const reference = (name: string) => ({ reference: named(name).fullUrl });
    expect(named('problem').resource['encounter']).toEqual(reference('visit'));
    expect(named('visit').resource['diagnosis']).toEqual([{ condition: reference('problem') }]);
  });
});

describe('the same key twice', () => {
  it('unites what does not contradict', () => {
    const { all } = map(pid, 'DG1|1||I10^^I10', 'DG1|2||I10^^I10||20260101');
    const conditions = all.filter(({ resource }) => resource.resourceType === 'Condition');
    expect(conditions.map(({ resource }) => resource['recordedDate'])).toEqual(['2026-01-01']);
  });

  it.each([3, 60])('has each of what both have %d of once', (count) => {
    const numbers = (from: number): string =>
      Array.from({ length: count }, (_, n) => `D${String(from + n)}^LAB`).join('~');
    const diagnosis = (set: number, from: number): string =>
      `DG1|${String(set)}||I10^^I10${'|'.repeat(17)}${numbers(from)}`;
    const { all } = map(pid, diagnosis(1, 0), diagnosis(2, 2), diagnosis(3, 1));
    const [condition, ...others] = all.filter(({ name }) => name.startsWith('problem'));
    const values = condition?.resource['identifier'] as readonly { readonly value: string }[];
    expect(others).toEqual([]);
    const wanted = Array.from({ length: count + 2 }, (_, n) => `D${String(n)}`);
    expect(values.map(({ value }) => value)).toEqual(wanted);
  });

  it('numbers what contradicts, and says so', () => {
    const { all, issues } = map(pid, 'DG1|1||I10^^I10||2025', 'DG1|2||I10^^I10||2026');
    const keys = all.flatMap(({ identity }) => (identity.kind === 'key' ? identity.key : []));
    expect(keys).toEqual(['I10', 'I10#2']);
    expect(new Set(all.map(({ fullUrl }) => fullUrl)).size).toBe(all.length);
    expect(issues.join()).toContain('have the same key but contradict');
  });

  it('joins lines of text, and nothing else', () => {
    const texts = map(
      pid,
      'OBX|1|TX|IMP||one||||||F',
      'OBX|2|TX|IMP||two||||||F',
      'OBX|3|NM|IMP||3||||||F',
    );
    const values = texts.all
      .filter(({ resource }) => resource.resourceType === 'Observation')
      .map(({ resource }) => resource['valueString'] ?? resource['valueQuantity']);
    expect(values).toEqual(['one\ntwo', { value: 3 }]);
  });
});
