import { describe, expect, it } from 'vitest';
import { compilePack } from '../../src/mapping/pack.ts';
import { filesOf } from './pack-fixture.ts';
import { cases } from './planted-faults.ts';

/** What is said of each planted fault, to the letter. */
const expected: Readonly<Record<string, readonly string[]>> = {
  'broken YAML': [
    'a.map.yaml:1:6: This is not YAML: Nested mappings are not allowed in compact mappings',
    'a.map.yaml:1:6: This is not YAML: Implicit keys need to be on a single line',
    'a.map.yaml:3:1: This is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
  'a list instead of a map': [
    'a.map.yaml:1:1: The file must be a map whose first key says its kind, such as `map: adt-a01`',
  ],
  'no kind': [
    'a.map.yaml:1:1: The file has no key that says its kind, one of pack, map, segment, datatype, table, overlay',
  ],
  anchor: ['a.map.yaml:10:16: Anchors (&name) are not allowed; leave it away'],
  alias: [
    'a.map.yaml:10:16: Anchors (&name) are not allowed; leave it away',
    'a.map.yaml:11:7: The slot `birthDate` must be a path or a map of verbs, not empty',
    'a.map.yaml:11:18: Aliases (*name) are not allowed; write the value out',
  ],
  tag: [
    'a.map.yaml:10:13: This is not YAML: Unresolved tag: !path',
    'a.map.yaml:10:19: Tags (!path) are not allowed; leave it away',
  ],
  'merge key': [
    'a.map.yaml:11:9: Merge keys (<<) are not allowed; use `use`',
    'a.map.yaml:11:9: `<<` is no key of a slot; known are from, each, first, oneOf, const, call, clear, ref, match, to, initial, set, at, as, map, where, when, required, type, unit, system, join, args, guide, doc, new',
  ],
  'duplicate key': ['a.map.yaml:11:7: `name` is already given in line 10; keep one'],
  'bad map name': ['a.map.yaml:1:6: `map` must be a name such as `adt-a01`'],
  'no version': ['a.map.yaml:1:6: The map `a` needs a `version`'],
  'unknown key of a message map': [
    'a.map.yaml:3:1: `events` is no key of a message map; known are map, version, doc, guide, when, extends, settings, tables, ignore, nothing, refuse, resources, effects',
  ],
  'nothing and resources': [
    'a.map.yaml:3:1: A map has either `resources` or `nothing`; keep one of them',
  ],
  'no events': ['a.map.yaml:1:6: The map `a` needs `when: { event: [...] }`'],
  'an event that is none': ['a.map.yaml:3:17: `ADT_A01` is not an event; write it as `ADT^A01`'],
  'an event taken twice': ['b.map.yaml:1:6: The event `ADT^A01` is already taken by the map `a`'],
  'the same map twice': ['b.map.yaml:1:6: The map `a` is already in a.map.yaml:1; rename one'],
  'extends nothing': ['a.map.yaml:3:10: There is no map `adt` to extend'],
  'unknown key of a resource': [
    'a.map.yaml:8:5: `form` is no key of a resource; did you mean `from`?',
  ],
  'unknown resource type': [
    'a.map.yaml:7:11: FHIR R4 has no resource `Patinet`; did you mean `Patient`?',
  ],
  'no resource type': [
    'a.map.yaml:6:3: The resource `patient` needs a `type`, or a `use` that brings one',
  ],
  'unknown segment map': ['a.map.yaml:8:10: There is no segment map `PIX[Patient]`'],
  'a source that makes no instances': [
    'a.map.yaml:8:11: `PID.5` cannot make instances; write a segment (`PID`), groups (`ORDER_OBSERVATION.OBX`) or a field (`PV1-7`)',
  ],
  'unknown segment in from': [
    'a.map.yaml:8:11: HL7 has no segment `PIT`; a segment of your own begins with Z',
  ],
  'bad choice of a key': ['a.map.yaml:8:13: `onNull` must be one of delete, keep'],
  'key of constants': [
    'a.map.yaml:8:10: `key` needs a path; constants alone make every instance the same',
  ],
  'key with a bad path': [
    'a.map.yaml:8:18: `PID:4` is not a path; write paths with `|` between, or a constant in single quotes',
  ],
  'person without identifiers': [
    'a.map.yaml:5:3: `key: person` needs a slot at `identifier` in `patient`',
  ],
  'person slot that is none': ['a.map.yaml:9:21: `mrn` is no slot at `identifier`'],
  'unknown verb': ['a.map.yaml:10:15: `form` is no key of a slot; did you mean `from`?'],
  'no source': [
    'a.map.yaml:10:13: The slot has no source; give one of `from`, `each`, `first`, `oneOf`, `const`, `call`, `clear`, `ref`, `set`',
  ],
  'two sources': [
    'a.map.yaml:10:28: A slot has one source, not `from` and `each`; keep one of them',
  ],
  'a slot that is a list': [
    'a.map.yaml:10:7: The slot `name` must be a path or a map of verbs, not a list',
  ],
  'bad element path': [
    'a.map.yaml:10:7: A slot without `at` is named after an element path such as `period.start`, not `na-me`',
  ],
  'unknown element': [
    'a.map.yaml:10:7: FHIR R4 has no element `Patient.brithDate` (`brithDate`); did you mean `birthDate`?',
  ],
  'unknown element below a type': [
    'a.map.yaml:10:7: FHIR R4 has no element `HumanName.famly` (`name.famly`); did you mean `family`?',
  ],
  'choice without a type': [
    'a.map.yaml:10:7: `deceased[x]` has several types; name one, such as `deceasedBoolean`',
  ],
  'choice that cannot be': [
    'a.map.yaml:10:42: `deceased[x]` cannot be Quantity; it is boolean, dateTime',
  ],
  'bad path': [
    'a.map.yaml:10:13: `PID.5` is not a path; write a field (`PID-5.1`), a relative path (`"4.1"` or `"."`), a segment (`NTE`) or a setting (`$name`)',
  ],
  'unknown segment': [
    'a.map.yaml:10:13: HL7 has no segment `PIT`; a segment of your own begins with Z',
  ],
  'unknown field': ['a.map.yaml:10:13: `PID` has no field 50; its last is `PID-40`'],
  'unknown component': [
    'a.map.yaml:10:43: `XPN` has no component 17 (`17`); look it up in the definition of the type',
  ],
  'relative path without a value': [
    'a.map.yaml:10:18: `7` is relative to a value, but there is none; use it inside a slot with `from` or `each`, or in a resource made from a field',
  ],
  'segment as a value': [
    'a.map.yaml:10:7: A segment is no value; read a field of it, or give a `set`',
  ],
  'segment where a field is needed': [
    'a.map.yaml:10:13: `NK1` needs a field here, such as `NK1-1`',
  ],
  'each into a single element': [
    'a.map.yaml:10:7: `birthDate` holds one value; use `from`, `where`, or `join` instead of `each` alone',
  ],
  'types that do not fit': [
    'a.map.yaml:10:7: `CX` cannot become date; it can become Identifier, Reference, string. Read a component, or name a converter with `as`',
  ],
  'unknown converter': [
    'a.map.yaml:10:32: There is no converter `XPN[Name]`; known are XPN[HumanName], XPN[string], XPN[text]',
  ],
  'as of another type': ['a.map.yaml:10:32: `name` cannot be Address; it is HumanName'],
  'set on a primitive': ['a.map.yaml:10:7: `birthDate` is a date and has no elements to `set`'],
  'unknown table': ['a.map.yaml:10:35: There is no table `Sexx`; add it to mappings/tables'],
  'unknown function': [
    'a.map.yaml:10:26: There is no function `addDurations`; did you mean `addDuration`?',
  ],
  'missing argument': ['a.map.yaml:10:30: `addDuration` needs the argument `amount`'],
  'unknown argument': ['a.map.yaml:10:52: `lower` has no argument `by`; it takes of'],
  'unknown resource in ref': ['a.map.yaml:10:36: There is no resource `organisation` in this map'],
  'ref to a type that is not allowed': [
    'a.map.yaml:10:36: `managingOrganization` may not refer to Patient; it may to Organization',
  ],
  'ref on what is no reference': ['a.map.yaml:10:20: `name` is no Reference; it is HumanName'],
  'constant of another type': [
    'a.map.yaml:10:24: The constant does not fit `active`, which is boolean',
  ],
  'constant outside a required binding': [
    'a.map.yaml:10:24: `gender` cannot be `femal` in FHIR R4; did you mean `female`?',
  ],
  'table outside a required binding': [
    'a.map.yaml:4:29: `gender` cannot be `man` in FHIR R4; it may be male, female, other, unknown',
  ],
  'else: keep under a required binding': [
    'a.map.yaml:10:35: `gender` allows certain codes only, but `sex` says `else: keep`; say `else: error`, `drop` or a code',
  ],
  'else: keep under a concept that is bound': [
    'a.map.yaml:11:44: `clinicalStatus` allows certain codes only, but `status` says `else: keep`; say `else: error`, `drop` or a code',
  ],
  'else: keep for a code of a concept that is bound': [
    'a.map.yaml:11:56: `clinicalStatus.coding.code` allows certain codes only, but `status` says `else: keep`; say `else: error`, `drop` or a code',
  ],
  'else: keep for a coding within a concept that is bound': [
    'a.map.yaml:11:72: `coding` allows certain codes only, but `status` says `else: keep`; say `else: error`, `drop` or a code',
  ],
  'constant concept outside a required binding': [
    'a.map.yaml:11:32: `clinicalStatus` cannot be `alive` in FHIR R4; did you mean `active`?',
  ],
  'bad condition': [
    'a.map.yaml:10:34: A value is missing in the condition; write `PATH = value`, `!=`, `in (a, b)`, `not in (a, b)`, `exists` or `not exists`',
  ],
  'unknown setting': ['a.map.yaml:10:34: There is no setting `vip`; declare it under `settings`'],
  'where without values': ['a.map.yaml:10:37: `where` needs a `from`, `each` or `first` beside it'],
  'unreachable alternative': [
    'a.map.yaml:10:47: This alternative is never reached: the constant before it always holds',
  ],
  'unreachable slot': [
    'a.map.yaml:11:7: `other` is never reached: `active` before it always fills the element',
  ],
  'bad required': ['a.map.yaml:10:38: `required` must be one of true, warn, skip'],
  'required element that nothing feeds': [
    'a.map.yaml:6:3: FHIR requires `Observation.status`, but no slot of `patient` feeds it',
    'a.map.yaml:10:7: `XPN` cannot become CodeableConcept; it can become HumanName, string. Read a component, or name a converter with `as`',
  ],
  'table without else': [
    't.map.yaml:1:8: The table `Sex` needs an `else`: `else: error`, `keep`, `drop`, or a code to use',
  ],
  'table without rows': ['t.map.yaml:1:8: The table `Sex` needs `rows`'],
  'table row without a code': [
    't.map.yaml:3:9: The row `F` needs a `code`, or `drop: true`',
    't.map.yaml:3:14: `dispaly` is no key of a table row; did you mean `display`?',
  ],
  'ignore without a reason': ['a.map.yaml:3:11: Say why `PID-1` is ignored: `PID-1: reason`'],
  'ignore of what is no field': [
    'a.map.yaml:3:11: `PID.1` is no field or segment; write `PID-1` or `ZDB`',
  ],
  'setting without default': ['a.map.yaml:3:13: The setting `vip` needs a `default`'],
  'overlay without base': ['site.overlay.yaml:1:10: The overlay `site` needs `base: [adt-a01@1]`'],
  'unpinned base': ['site.overlay.yaml:2:8: `a` is not pinned; write `a@1` with its version'],
  'base that moved': [
    'site.overlay.yaml:2:8: `a` is at version 1, the overlay at 2; look at what changed, then pin `a@1`',
  ],
  'base that is not there': ['site.overlay.yaml:2:8: There is no map `b` to lay an overlay on'],
  'overlay slot that the base lacks': [
    'site.overlay.yaml:3:32: The base has no slot `nmae`; did you mean `name`?',
  ],
  'overlay resource that the base lacks': [
    'site.overlay.yaml:3:14: The base has no resource `person`; add `new: true` if it is meant as new',
  ],
  'overlay table that the base lacks': [
    'site.overlay.yaml:3:11: The base has no table `Sex`; add `new: true` if it is meant as new',
  ],
  'datatype of no v2 type': ['d.map.yaml:1:11: `XX` is no data type of HL7 v2'],
  'extends in a circle': [
    'a.map.yaml:3:10: `extends` goes round in a circle: b, b',
    'b.map.yaml:3:10: `extends` goes round in a circle: a, a',
  ],
  'the same slot in two used maps': [
    't.map.yaml:3:8: The slot `gender` is also in s.map.yaml:3, used by the same resource; rename one',
  ],
  'args without a call': ['a.map.yaml:10:28: `args` belongs to `call`'],
  'oneOf that is no list': ['a.map.yaml:10:15: `oneOf` must be a list of alternatives'],
  'element in an alternative': [
    'a.map.yaml:10:38: `at` belongs to the slot, not to an alternative',
  ],
  'match without ref': ['a.map.yaml:10:28: `match` needs a `ref` beside it'],
  'match with what is no path': [
    'a.map.yaml:10:44: `PID:3` is not a path; write paths with `|` between',
  ],
  'match of a field that there is not': [
    'a.map.yaml:10:51: `PID` has no field 99; its last is `PID-40`',
  ],
  'nested too deep': [
    'a.map.yaml:10:22: FHIR R4 has no element `HumanName.set` (`set`)',
    'a.map.yaml:10:216: Nested deeper than 32; flatten it',
    'a.map.yaml:10:216: `set` must be a map of `name: value`, not empty',
  ],
  'a key that is no text': ['a.map.yaml:10:7: A key must be a text; quote it'],
  'a text that is a list': [
    'a.map.yaml:6:3: The resource `patient` needs a `type`, or a `use` that brings one',
    'a.map.yaml:7:11: `type` must be a text, not a list',
  ],
  'a flag that is none': ['a.map.yaml:10:37: `initial` must be `true` or `false`, not `yes`'],
  'a set that is a list': ['a.map.yaml:10:33: `set` must be a map of `name: value`, not a list'],
  'no resources': ['a.map.yaml:1:6: The map `a` needs `resources`'],
  'bad resource name': ['a.map.yaml:6:3: A resource is named like `patient` or `orderNote`'],
  'a resource that is a text': ['a.map.yaml:4:14: The resource `patient` must be a map of keys'],
  'a resource without slots': [
    'a.map.yaml:4:14: The resource `patient` needs a `set` with its slots',
  ],
  'a setting that is a list': [
    'a.map.yaml:3:13: The setting `vip` must be `{ default: ..., question: ... }`',
  ],
  'a table that is a list': ['a.map.yaml:3:11: The table `sex` must be a map of rows'],
  'a table row that is a list': [
    't.map.yaml:3:9: The row `F` must be a code, `{ code, display, system }`, or `{ drop: true }`',
  ],
  'datatype map without slots': [
    'd.map.yaml:1:11: The datatype map `XPN[HumanName]` needs a `set`',
  ],
  'ref beside from': [
    'a.map.yaml:10:44: `ref` stands without `from`; to refer by value write `to`',
  ],
  'map without a value': ['a.map.yaml:10:35: `map` needs a `from`, `each` or `first` beside it'],
  'unit without a value': ['a.map.yaml:10:58: `unit` needs a `from`, `each` or `first` beside it'],
  'constant for several types': [
    'a.map.yaml:10:28: `value[x]` has several types; say which with `as`',
  ],
  'argument that is a set': [
    'a.map.yaml:10:41: The argument `of` must be a path, `first` or `const`',
  ],
  'function that gives another type': [
    'a.map.yaml:10:23: `duration` gives positiveInt; `active` is boolean',
  ],
  'setting as a value': [
    'a.map.yaml:10:21: A setting has no value of a message; read `$vip` in `when`',
  ],
  'each over two segments': [
    'a.map.yaml:10:25: `each` over a segment takes one segment, not a list',
  ],
  'set on several types': ['a.map.yaml:10:7: `deceased[x]` has several types; say which with `as`'],
  'subcomponent that there is not': [
    'a.map.yaml:10:7: `ST` cannot become date; it can become string, markdown, uri, id, Annotation, HumanName, Address, Narrative, Attachment, base64Binary, Identifier, Quantity, code, CodeableConcept, Coding, boolean, Reference, ContactPoint, decimal, integer, positiveInt, unsignedInt. Read a component, or name a converter with `as`',
    'a.map.yaml:10:18: `HD` has no component 9 (`PID-3.4.9`); look it up in the definition of the type',
  ],
  'unknown segment in a condition': [
    'a.map.yaml:10:34: HL7 has no segment `PIT`; a segment of your own begins with Z',
  ],
  'unknown field in a key': ['a.map.yaml:8:10: `PID` has no field 77; its last is `PID-40`'],
  'unknown key of an overlay’s sender': [
    'site.overlay.yaml:3:9: `sendr` is no key of `when` of an overlay; did you mean `sender`?',
  ],
  'constant outside the binding in an alternative': [
    'a.map.yaml:10:45: There is no table `sex`; add it to mappings/tables',
    'a.map.yaml:10:61: `gender` cannot be `unknwn` in FHIR R4; did you mean `unknown`?',
  ],
  'code outside a required binding below an element': [
    'a.map.yaml:10:49: `use` cannot be `offical` in FHIR R4; did you mean `official`?',
  ],
  'several values into a part that holds one': [
    'a.map.yaml:10:35: `family` holds one value; use `from`, `where`, or `join` instead of `each` alone',
  ],
  'an effect that is no map': [
    'a.map.yaml:23:3: The effect `other` must be a map such as `{ merge: prior, into: patient }`',
  ],
  'unknown key of an effect': [
    'a.map.yaml:23:3: `merge` needs `into`: the resource that takes it over',
    'a.map.yaml:23:26: `to` is no key of an effect; known are merge, change, move, link, unlink, into, when, doc, new',
  ],
  'an effect of two kinds': [
    'a.map.yaml:23:3: The effect `other` needs exactly one of merge, change, move, link, unlink',
  ],
  'an effect of no kind': [
    'a.map.yaml:23:3: The effect `other` needs exactly one of merge, change, move, link, unlink',
  ],
  'an effect without its other side': [
    'a.map.yaml:23:3: `merge` needs `into`: the resource that takes it over',
  ],
  'a link with another side': [
    'a.map.yaml:23:33: `link` is between the instances of one resource; it takes no `into`',
  ],
  'an effect on what is not there': [
    'a.map.yaml:23:19: There is no resource `piror` in this map; did you mean `prior`?',
  ],
  'an effect on what has no key': [
    'a.map.yaml:23:18: `note` has no `key`, so that nobody can tell which one is meant',
  ],
  'an effect of two types': [
    'a.map.yaml:23:3: `merge` needs two resources of one type that are found in one way',
  ],
  'an effect into what is never written': [
    'a.map.yaml:23:34: `prior` is never written, so that it takes nothing over',
  ],
  'a merge of what cannot be merged': [
    'a.map.yaml:23:19: `merge` is for people, Encounter, Account; not for Basic',
  ],
  'a link of what is nobody': ['a.map.yaml:23:18: `link` is for people: `key: person`'],
  'a move to what is nobody': ['a.map.yaml:23:31: What is moved goes to a person: `key: person`'],
  'what is never written and never used': [
    'a.map.yaml:20:3: `nobody` is never written, and no effect is done to it',
  ],
  'a reference to what is never written': [
    'a.map.yaml:20:72: `prior` is never written; nothing can refer to it',
  ],
};

describe('map check', () => {
  it.each(Object.keys(cases))('says what is wrong with %s', (name) => {
    const { pack, issues } = compilePack(filesOf(cases[name] ?? {}));
    const lines = issues.map(
      ({ file, line, column, message }) => `${file}:${String(line)}:${String(column)}: ${message}`,
    );
    expect(lines).toEqual(expected[name]);
    expect(lines.length).toBeGreaterThan(0);
    expect(pack).toBeUndefined();
  });

  it('has a planted fault for every pinned text', () => {
    expect(Object.keys(expected)).toEqual(Object.keys(cases));
  });
});

describe('a segment map that two maps use', () => {
  const segment = `segment: DG1[Condition]
version: 1
set:
  code: DG1-3
  subject: { ref: who }
`;
  const map = (name: string, type: string): string => `map: ${name}
version: 1
when: { event: [ADT^A0${name === 'a' ? '1' : '2'}] }
resources:
  who: { type: ${type}, from: PID, key: PID-3, set: { name: PID-5.1, active: { const: true } } }
  condition: { use: 'DG1[Condition]' }
`;

  it('is right in one and wrong in the other', () => {
    const files = filesOf({
      'a.map.yaml': map('a', 'Patient').replace('PID-5.1', 'PID-5'),
      'b.map.yaml': map('b', 'Organization'),
      'c.map.yaml': segment,
    });
    const messages = compilePack(files).issues.map(({ message }) => message);
    expect(messages).toEqual(['`subject` may not refer to Organization; it may to Patient, Group']);
  });
});
