import { patientMap, type Files } from './pack-fixture.ts';

const slot = (text: string): Files => patientMap(text);

/** A pack of one whole file. */
const file = (text: string): Files => ({ 'a.map.yaml': text });

const base = patientMap('name: PID-5\nbirthDate: PID-7')['a.map.yaml'] as string;
const overlay = (text: string): Files => ({ 'a.map.yaml': base, 'site.overlay.yaml': text });
const inResource = (text: string): Files =>
  file(`map: a
version: 1
when: { event: [ADT^A01] }
resources:
  patient:
    type: Patient
    from: PID
${text.replace(/^/gm, '    ')}
    set: { name: PID-5 }
`);
/** A map of a problem, with a table that keeps what it does not know. */
const problem = (text: string): Files =>
  file(`map: a
version: 1
when: { event: [ADT^A01] }
tables: { status: { A: active, else: keep } }
resources:
  patient: { type: Patient, from: PID, set: { name: PID-5 } }
  problem:
    type: Condition
    set:
      subject: { ref: patient }
      ${text}
`);
/** A map with a person, another one that is only meant, a visit, and effects. */
const effects = (text: string, more = ''): Files =>
  file(`map: a
version: 1
when: { event: [ADT^A40] }
resources:
  patient:
    type: Patient
    from: PID
    key: person
    set: { number: { at: identifier, each: PID-3 } }
  prior:
    type: Patient
    from: MRG
    write: never
    key: person
    set: { number: { at: identifier, each: MRG-1 } }
  account:
    type: Account
    key: PID-18
    set: { status: { const: active } }
${more.replace(/^(?=.)/gm, '  ')}
effects:
  same: { merge: prior, into: patient }
  other: ${text}
`);
const table = (text: string): Files => ({ ...patientMap('name: PID-5'), 't.map.yaml': text });

/** Maps with one fault each; faults.test.ts pins what is said of it. */
export const cases: Readonly<Record<string, Files>> = {
  'broken YAML': file('map: a\n  version: [1\n'),
  'a list instead of a map': file('- map: a\n'),
  'no kind': file('mpa: a\nversion: 1\n'),
  anchor: slot('name: &n PID-5'),
  alias: slot('name: &n PID-5\nbirthDate: *n'),
  tag: slot('name: !path PID-5'),
  'merge key': slot('name:\n  <<: { from: PID-5 }'),
  'duplicate key': slot('name: PID-5\nname: PID-9'),
  'bad map name': file(base.replace('map: a', 'map: A 1')),
  'no version': file(base.replace('version: 1\n', '')),
  'unknown key of a message map': file(base.replace('version: 1', 'version: 1\nevents: [ADT^A01]')),
  'nothing and resources': file(base.replace('version: 1', 'version: 1\nnothing: an answer')),
  'no events': file(base.replace('when: { event: [ADT^A01] }', '')),
  'an event that is none': file(base.replace('ADT^A01', 'ADT_A01')),
  'an event taken twice': {
    'a.map.yaml': base,
    'b.map.yaml': base.replace('map: a', 'map: b'),
  },
  'the same map twice': { 'a.map.yaml': base, 'b.map.yaml': base },
  'extends nothing': file(base.replace('version: 1', 'version: 1\nextends: adt')),
  'unknown key of a resource': inResource('form: PID'),
  'unknown resource type': file(base.replace('type: Patient', 'type: Patinet')),
  'no resource type': file(base.replace('    type: Patient\n', '')),
  'unknown segment map': inResource('use: "PIX[Patient]"'),
  'a source that makes no instances': file(base.replace('from: PID', 'from: PID.5')),
  'unknown segment in from': file(base.replace('from: PID', 'from: PIT')),
  'bad choice of a key': inResource('onNull: remove'),
  'key of constants': inResource(`key: "'x'"`),
  'key with a bad path': inResource('key: [PID-3, PID:4]'),
  'person without identifiers': inResource('key: person'),
  'person slot that is none': file(
    base
      .replace('from: PID', 'from: PID\n    key: { person: [mrn] }')
      .replace('name: PID-5', 'number: { at: identifier, from: PID-3 }'),
  ),
  'unknown verb': slot('name: { form: PID-5 }'),
  'no source': slot('name: { as: HumanName }'),
  'two sources': slot('name: { from: PID-5, each: PID-9 }'),
  'a slot that is a list': slot('name: [PID-5]'),
  'bad element path': slot('na-me: PID-5'),
  'unknown element': slot('brithDate: PID-7'),
  'unknown element below a type': slot('name.famly: PID-5.1'),
  'choice without a type': slot('"deceased[x].extension": PID-5'),
  'choice that cannot be': slot('"deceased[x]": { from: PID-29, as: Quantity }'),
  'bad path': slot('name: PID.5'),
  'unknown segment': slot('name: PIT-5'),
  'unknown field': slot('name: PID-50'),
  'unknown component': slot('name: { each: PID-5, set: { family: "17" } }'),
  'relative path without a value': slot('birthDate: "7"'),
  'segment as a value': slot('name: { each: NK1 }'),
  'segment where a field is needed': slot('name: NK1'),
  'each into a single element': slot('birthDate: { each: PID-7 }'),
  'types that do not fit': slot('birthDate: PID-3'),
  'unknown converter': slot('name: { from: PID-5, as: "XPN[Name]" }'),
  'as of another type': slot('name: { from: PID-5, as: Address }'),
  'set on a primitive': slot('birthDate: { from: PID-7, set: { value: "1" } }'),
  'unknown table': slot('gender: { from: PID-8, map: Sexx }'),
  'unknown function': slot('birthDate: { call: addDurations, args: { start: PID-7 } }'),
  'missing argument': slot('"deceased[x]": { call: addDuration, args: { start: PID-7 } }'),
  'unknown argument': slot('birthDate: { call: lower, args: { of: PID-7, by: PID-8 } }'),
  'unknown resource in ref': slot('managingOrganization: { ref: organisation }'),
  'ref to a type that is not allowed': slot('managingOrganization: { ref: patient }'),
  'ref on what is no reference': slot('name: { ref: patient }'),
  'constant of another type': slot('active: { const: "yes" }'),
  'constant outside a required binding': slot('gender: { const: femal }'),
  'table outside a required binding': patientMap(
    'gender: { from: PID-8, map: sex }',
    'tables: { sex: { F: female, M: man, else: unknown } }',
  ),
  'else: keep under a required binding': patientMap(
    'gender: { from: PID-8, map: sex }',
    'tables: { sex: { F: female, else: keep } }',
  ),
  'else: keep under a concept that is bound': problem(
    'clinicalStatus: { from: DG1-17, map: status }',
  ),
  'else: keep for a code of a concept that is bound': problem(
    'clinicalStatus.coding.code: { from: DG1-17, map: status }',
  ),
  'else: keep for a coding within a concept that is bound': problem(
    'clinicalStatus: { from: DG1-17, set: { coding: { from: ".", map: status, as: Coding } } }',
  ),
  'constant concept outside a required binding': problem(
    'clinicalStatus: { const: { coding: [{ code: alive }] } }',
  ),
  'bad condition': slot('name: { from: PID-5, when: "PID-8 == F" }'),
  'unknown setting': slot('name: { from: PID-5, when: "$vip = true" }'),
  'where without values': slot('active: { const: true, where: "PID-8 = F" }'),
  'unreachable alternative': slot('birthDate: { oneOf: [{ const: "2020" }, PID-7] }'),
  'unreachable slot': slot('active: { const: true }\nother: { at: active, from: PID-30 }'),
  'bad required': slot('name: { from: PID-5, required: always }'),
  'required element that nothing feeds': file(
    base
      .replace('type: Patient', 'type: Observation')
      .replace('name: PID-5', 'code: PID-5')
      .replace('birthDate: PID-7', 'issued: PID-33'),
  ),
  'table without else': table('table: Sex\nversion: 1\nrows: { F: female }\n'),
  'table without rows': table('table: Sex\nversion: 1\nelse: drop\n'),
  'table row without a code': table(
    'table: Sex\nversion: 1\nrows: { F: { dispaly: x } }\nelse: drop\n',
  ),
  'ignore without a reason': file(base.replace('version: 1', 'version: 1\nignore: { PID-1: }')),
  'ignore of what is no field': file(
    base.replace('version: 1', 'version: 1\nignore: { PID.1: set id }'),
  ),
  'setting without default': file(
    base.replace('version: 1', 'version: 1\nsettings: { vip: { question: May we? } }'),
  ),
  'overlay without base': overlay('overlay: site\nresources: {}\n'),
  'unpinned base': overlay('overlay: site\nbase: [a]\n'),
  'base that moved': overlay('overlay: site\nbase: [a@2]\n'),
  'base that is not there': overlay('overlay: site\nbase: [b@1]\n'),
  'overlay slot that the base lacks': overlay(
    'overlay: site\nbase: [a@1]\nresources: { patient: { set: { nmae: { as: HumanName } } } }\n',
  ),
  'overlay resource that the base lacks': overlay(
    'overlay: site\nbase: [a@1]\nresources: { person: { set: { name: PID-9 } } }\n',
  ),
  'overlay table that the base lacks': overlay(
    'overlay: site\nbase: [a@1]\ntables: { Sex: { F: female } }\n',
  ),
  'datatype of no v2 type': {
    ...patientMap('name: PID-5'),
    'd.map.yaml': 'datatype: XX[HumanName]\nversion: 1\nset: { family: "1" }\n',
  },
  'extends in a circle': {
    'a.map.yaml': base.replace('version: 1', 'version: 1\nextends: b'),
    'b.map.yaml': base
      .replace('map: a', 'map: b')
      .replace('ADT^A01', 'ADT^A02')
      .replace('version: 1', 'version: 1\nextends: a'),
  },
  'the same slot in two used maps': {
    'a.map.yaml': base.replace('type: Patient', 'use: ["PID[Patient]", "PD1[Patient]"]'),
    's.map.yaml': 'segment: PID[Patient]\nversion: 1\nset: { gender: { from: PID-8, as: code } }\n',
    't.map.yaml': 'segment: PD1[Patient]\nversion: 1\nset: { gender: { from: PID-8, as: code } }\n',
  },
  'args without a call': slot('name: { from: PID-5, args: { of: PID-7 } }'),
  'oneOf that is no list': slot('name: { oneOf: PID-5 }'),
  'element in an alternative': slot('name: { oneOf: [{ from: PID-5, at: gender }] }'),
  'match without ref': slot('name: { from: PID-5, match: { PID-3: PID-2 } }'),
  'match with what is no path': slot('link.other: { ref: patient, match: { "PID:3": PID-2 } }'),
  'match of a field that there is not': slot(
    'link.other: { ref: patient, match: { PID-3: PID-99 } }',
  ),
  'nested too deep': slot(`name: ${'{ set: '.repeat(60)}PID-5${' }'.repeat(60)}`),
  'a key that is no text': slot('[PID-5]: name'),
  'a text that is a list': file(base.replace('type: Patient', 'type: [Patient]')),
  'a flag that is none': slot('name: { from: PID-5, initial: yes }'),
  'a set that is a list': slot('name: { from: PID-5, set: ["1"] }'),
  'no resources': file('map: a\nversion: 1\nwhen: { event: [ADT^A01] }\n'),
  'bad resource name': file(base.replace('  patient:', '  the patient:')),
  'a resource that is a text': file(
    'map: a\nversion: 1\nwhen: { event: [ADT^A01] }\nresources: { patient: PID }\n',
  ),
  'a resource without slots': file(
    'map: a\nversion: 1\nwhen: { event: [ADT^A01] }\nresources: { patient: { type: Patient, from: PID } }\n',
  ),
  'a setting that is a list': file(
    base.replace('version: 1', 'version: 1\nsettings: { vip: [a] }'),
  ),
  'a table that is a list': file(base.replace('version: 1', 'version: 1\ntables: { sex: [F] }')),
  'a table row that is a list': table(
    'table: Sex\nversion: 1\nrows: { F: [female] }\nelse: drop\n',
  ),
  'datatype map without slots': {
    ...patientMap('name: PID-5'),
    'd.map.yaml': 'datatype: XPN[HumanName]\nversion: 1\n',
  },
  'ref beside from': slot('managingOrganization: { from: PD1-3, ref: organization }'),
  'map without a value': slot('active: { const: true, map: sex }'),
  'unit without a value': slot('"multipleBirth[x]": { const: 2, as: integer, unit: PID-8 }'),
  'constant for several types': file(
    base
      .replace('type: Patient', 'type: Observation')
      .replace('name: PID-5', '"value[x]": { const: { text: x } }')
      .replace('birthDate: PID-7', 'status: { const: final }\n      code: { const: { text: x } }'),
  ),
  'argument that is a set': slot('birthDate: { call: lower, args: { of: { set: { a: PID-7 } } } }'),
  'function that gives another type': slot(
    'active: { call: duration, args: { start: PID-7, end: PID-29 } }',
  ),
  'setting as a value': patientMap('name: { from: $vip }', 'settings: { vip: { default: true } }'),
  'each over two segments': slot('contact: { each: [NK1, GT1], set: { name: NK1-2 } }'),
  'set on several types': slot('"deceased[x]": { from: PID-29, set: { value: "1" } }'),
  'subcomponent that there is not': slot('birthDate: PID-3.4.9'),
  'unknown segment in a condition': slot('name: { from: PID-5, when: PIT-1 exists }'),
  'unknown field in a key': inResource('key: PID-77'),
  'unknown key of an overlay’s sender': overlay(
    'overlay: site\nbase: [a@1]\nwhen: { sendr: [X] }\n',
  ),
  'constant outside the binding in an alternative': slot(
    'gender: { oneOf: [{ from: PID-8, map: sex }, { const: unknwn }] }',
  ),
  'code outside a required binding below an element': slot(
    'name: { from: PID-5, set: { use: { const: offical } } }',
  ),
  'several values into a part that holds one': slot(
    'name: { from: PID-5, set: { family: { each: PID-9 } } }',
  ),
  'an effect that is no map': effects('prior'),
  'unknown key of an effect': effects('{ merge: prior, to: patient }'),
  'an effect of two kinds': effects('{ merge: prior, move: prior, into: patient }'),
  'an effect of no kind': effects('{ into: patient }'),
  'an effect without its other side': effects('{ merge: prior }'),
  'a link with another side': effects('{ link: patient, into: patient }'),
  'an effect on what is not there': effects('{ merge: piror, into: patient }'),
  'an effect on what has no key': effects(
    '{ move: note, into: patient }',
    'note: { type: Basic, set: { code.text: { const: x } } }',
  ),
  'an effect of two types': effects('{ merge: account, into: patient }'),
  'an effect into what is never written': effects('{ merge: patient, into: prior }'),
  'a merge of what cannot be merged': effects(
    '{ merge: note, into: note }',
    'note: { type: Basic, key: PID-3, set: { code.text: { const: x } } }',
  ),
  'a link of what is nobody': effects('{ link: account }'),
  'a move to what is nobody': effects('{ move: prior, into: account }'),
  'what is never written and never used': effects(
    '{ link: patient }',
    'nobody: { type: Account, key: MRG-3, write: never, set: { identifier: MRG-3 } }',
  ),
  'a reference to what is never written': effects(
    '{ link: patient }',
    'note: { type: Basic, set: { code.text: { const: x }, subject: { ref: prior } } }',
  ),
};
