import { describe, expect, it } from 'vitest';
import { selectMap } from '../../src/mapping/pack.ts';
import { elementsOf, mapWith, messageOf, msh, packOf, type Files } from './pack-fixture.ts';

const files: Files = {
  'pack.map.yaml': 'pack: base\nversion: 1\nignore: { PID-1: set id }\n',
  'pid.map.yaml': `segment: PID[Patient]
version: 1
key: person
tables: { kin: { M: MTH, else: drop } }
ignore: { PID-2: old }
set:
  mrn: { at: identifier, each: PID-3 }
  name: PID-5
  birthDate: PID-7
  gender: { from: PID-8, map: Sex }
`,
  'sex.map.yaml': 'table: Sex\nversion: 1\nrows: { F: female }\nelse: unknown\n',
  'cx.map.yaml':
    'datatype: CX[Identifier]\nversion: 1\nset: { value: { from: "1", required: true }, system: { call: authority, args: { of: "." } } }\n',
  'a.map.yaml': `map: a
version: 1
when: { event: [ADT^A01] }
resources:
  patient: { use: "PID[Patient]", set: { active: { const: true } } }
`,
  'b.map.yaml': `map: b
version: 2
extends: a
when: { event: [ADT^A04] }
resources:
  patient: { set: { name: null, birthDate: { from: PID-29 } } }
`,
  'site.overlay.yaml': `overlay: site
base: [a@1]
when: { sender: [MERCY] }
tables: { Sex: { "2": female, F: null } }
resources:
  patient:
    set:
      mrn: { where: "4.1 = MERCY" }
      name: null
      vip: { new: true, at: "extension(urn:vip).valueBoolean", from: ZPI-1, as: "ID[boolean]" }
  guarantor: { new: true, type: RelatedPerson, from: GT1, set: { name: GT1-3, patient: { ref: patient } } }
`,
  'feed.overlay.yaml':
    'overlay: feed\nbase: [a@1]\nwhen: { feed: [lab] }\nresources: { patient: { set: { birthDate: null } } }\n',
};

const pack = packOf(files);
const pid = 'PID|1|x|1^^^MERCY~2^^^OTHER||Doe||19800203|F';

function patient(event: string, feed: string, header = msh(event)): Record<string, unknown> {
  const result = mapWith(pack, messageOf(header, pid, 'ZPI|Y', 'GT1|1||Roe'), { feed });
  return elementsOf(result.resources[0]?.resource);
}

const elsewhere = msh('ADT^A01').replace('LAB|MERCY', 'LAB|NORTH');

describe('use and extends', () => {
  it('takes the slots of the segment map; the resource’s own join them', () => {
    expect(patient('ADT^A01', 'other', elsewhere)).toEqual({
      identifier: [
        { value: '1', system: 'urn:authority:MERCY' },
        { value: '2', system: 'urn:authority:OTHER' },
      ],
      name: [{ family: 'Doe' }],
      birthDate: '1980-02-03',
      gender: 'female',
      active: true,
    });
  });

  it('inherits from another map, own keys winning, null removing', () => {
    const found = patient('ADT^A04', 'other', elsewhere.replace('A01', 'A04'));
    expect(found).toMatchObject({ active: true, gender: 'female' });
    expect(found).not.toHaveProperty('name');
    expect(found).not.toHaveProperty('birthDate');
  });

  it('ignores what pack and segment map ignore', () => {
    const { loss } = mapWith(pack, messageOf(elsewhere, pid), { feed: 'other' });
    expect(loss.map(({ position }) => position).filter((one) => one.startsWith('PID'))).toEqual([]);
  });
});

describe('overlays', () => {
  const result = mapWith(pack, messageOf(msh('ADT^A01'), pid, 'ZPI|Y', 'GT1|1||Roe'), {
    feed: 'x',
  });

  it('change slots, tables and resources for the sender that they name', () => {
    expect(result.map).toBe('a@1+site');
    expect(patient('ADT^A01', 'x')).toEqual({
      identifier: [{ value: '1', system: 'urn:authority:MERCY' }],
      birthDate: '1980-02-03',
      gender: 'unknown',
      active: true,
      extension: [{ url: 'urn:vip', valueBoolean: true }],
    });
    expect(result.resources.map(({ name }) => name)).toEqual(['patient', 'guarantor']);
  });

  it('keep the place of each rule', () => {
    const rules = new Map(result.trace.map(({ target, rule }) => [target, rule]));
    expect(rules.get('patient.birthDate')).toBe('pid.map.yaml:9');
    expect(rules.get('patient.active')).toBe('a.map.yaml:5');
    expect(rules.get('patient.extension.valueBoolean')).toBe('site.overlay.yaml:10');
  });

  it('add up: by sender and by feed', () => {
    const both = mapWith(pack, messageOf(msh('ADT^A01'), pid), { feed: 'lab' });
    expect(both.map).toBe('a@1+site+feed');
    expect(both.resources[0]?.resource).not.toHaveProperty('birthDate');
  });

  it('leave others alone', () => {
    expect(mapWith(pack, messageOf(elsewhere, pid), { feed: 'x' }).map).toBe('a@1');
  });
});

describe('which map', () => {
  const choose = (header: string): unknown => {
    const map = selectMap(pack, messageOf(header), 'x');
    return typeof map === 'string' ? map : map.name;
  };

  it('goes by MSH-9.1 and MSH-9.2, else by MSH-9.3', () => {
    expect(choose(elsewhere)).toBe('a');
    expect(choose(elsewhere.replace('ADT^A01', 'ADT^^ADT_A01'))).toBe('a');
    expect(choose(elsewhere.replace('ADT^A01', 'ADT^A04^ADT_A01'))).toBe('b');
  });

  it('says whether the type or the event is unknown', () => {
    expect(choose(elsewhere.replace('A01', 'A99'))).toBe('event-unsupported');
    expect(choose(elsewhere.replace('ADT^A01', 'XYZ^Z01'))).toBe('message-type-unsupported');
  });
});
