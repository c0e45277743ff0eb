import { describe, expect, it } from 'vitest';
import { differences, elementOf } from '../../src/fhir/difference.ts';
import { maskContent, maskElement } from '../../src/fhir/mask.ts';
import { rawNumber } from '../../src/fhir/decimal.ts';

describe('masked content', () => {
  it('keeps codes, times and references and hides who it is about', () => {
    const patient = {
      ...{ resourceType: 'Patient', id: 'p1', gender: 'female', birthDate: '1980-02-14' },
      meta: { lastUpdated: '2026-05-01T10:00:00Z', source: 'urn:weir:feed:ehr' },
      text: { status: 'generated', div: '<div>Jane</div>' },
      identifier: [{ system: 'urn:mercy', value: 'M1' }],
      name: [{ use: 'official', family: 'Doe', given: ['Jane'] }],
      telecom: [{ system: 'phone', value: '555-1', use: 'home' }],
    };
    expect(maskContent(patient)).toEqual({
      ...{ resourceType: 'Patient', id: 'p1', gender: 'female', birthDate: '9999-99-99' },
      meta: { lastUpdated: '2026-05-01T10:00:00Z', source: 'urn:weir:feed:ehr' },
      text: { status: 'xxxxxxxxx', div: '<xxx>xxxx</xxx>' },
      identifier: [{ system: 'urn:mercy', value: 'x9' }],
      name: [{ use: 'official', family: 'xxx', given: ['xxxx'] }],
      telecom: [{ system: 'phone', value: '999-9', use: 'home' }],
    });
    const observation = {
      code: { coding: [{ system: 'http://loinc.org', code: '2345-7', display: 'Glucose' }] },
      subject: { reference: 'Patient/p1', display: 'Jane Doe' },
      valueQuantity: { value: 5.4, unit: 'mmol/L' },
      valueString: 'Jane was here',
      effectiveDateTime: '2026-05-01T10:00:00+02:00',
      note: [{ text: 'call Jane' }],
    };
    expect(maskContent(observation)).toEqual({
      code: { coding: [{ system: 'http://loinc.org', code: '2345-7', display: 'xxxxxxx' }] },
      subject: { reference: 'Patient/p1', display: 'xxxx xxx' },
      valueQuantity: { value: 5.4, unit: 'mmol/L' },
      valueString: 'xxxx xxx xxxx',
      effectiveDateTime: '2026-05-01T10:00:00+02:00',
      note: [{ text: 'xxxx xxxx' }],
    });
  });

  it.each([
    ['gender', 'female', 'female'],
    ['name[0].family', 'Doe', 'xxx'],
    ['name[1]', { family: 'Doe', use: 'old' }, { family: 'xxx', use: 'old' }],
    ['contact[0].gender', 'male', 'xxxx'],
    ['birthDate', '1980-02-14', '9999-99-99'],
    ['status', 'final', 'final'],
  ])('of an element: %s', (path, value, expected) => {
    expect(maskElement(path, value)).toEqual(expected);
  });
});

describe('differences', () => {
  it('name the smallest element that is another one', () => {
    const before = { a: 1, list: [{ x: 1, y: 2 }, { x: 3 }], gone: { deep: true }, same: [1] };
    const after = { a: 2, list: [{ x: 1, y: 5 }], added: 'new', same: [1] };
    const found = differences(before, after, 99);
    expect(found).toEqual([
      { path: 'a', before: 1, after: 2 },
      { path: 'list[0].y', before: 2, after: 5 },
      { path: 'list[1]', before: { x: 3 } },
      { path: 'gone', before: { deep: true } },
      { path: 'added', after: 'new' },
    ]);
    expect(differences(before, after, 2)).toHaveLength(2);
    expect(differences(before, structuredClone(before), 9)).toEqual([]);
    expect(elementOf('list[10].y[0].z')).toBe('list.y.z');
  });

  it('tell 1.0 from 1.00, and not one reading of a number from another', () => {
    expect(differences({ v: rawNumber('1.00') }, { v: rawNumber('1.0') }, 9)).toHaveLength(1);
    expect(differences({ v: rawNumber('1.00') }, { v: rawNumber('1.00') }, 9)).toEqual([]);
  });
});
