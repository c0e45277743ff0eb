import { describe, expect, it } from 'vitest';
import {
  componentDefinition,
  fieldDefinition,
  knownDataType,
  knownSegment,
} from '../../src/hl7v2/dictionary.ts';

describe('fieldDefinition', () => {
  it.each([
    ['PID', 3, undefined, { dataType: 'CX', repeats: true, required: true }],
    ['PID', 3, '2.1', { dataType: 'CK', repeats: false }],
    ['PID', 3, '2.3', { dataType: 'CX' }],
    ['PID', 3, '2.9', { dataType: 'CX' }],
    ['PID', 2, undefined, { dataType: 'CX' }],
    ['PID', 8, '2.5.1', { dataType: 'IS', table: 1, repeats: false, required: false }],
    ['OBX', 5, undefined, { dataType: 'VARIES', repeats: true }],
    ['OBX', 2, '2.5.1', { repeats: false }],
    ['MSH', 9, '2.5.1', { dataType: 'MSG', name: 'Message Type' }],
  ])('%s-%i in %s', (segment, field, version, expected) => {
    expect(fieldDefinition(segment, field, version)).toMatchObject(expected);
  });

  it.each([
    ['ZZ1', 1, undefined],
    ['PID', 99, undefined],
    ['PID', 0, undefined],
    ['PID', 39, '2.3'],
    ['constructor', 1, undefined],
  ])('not %s-%i in %s', (segment, field, version) => {
    expect(fieldDefinition(segment, field, version)).toBeUndefined();
  });
});

it('componentDefinition', () => {
  expect(componentDefinition('CX', 4)).toMatchObject({
    dataType: 'HD',
    name: 'Assigning Authority',
  });
  expect(componentDefinition('XPN', 1, '2.3')).toMatchObject({ dataType: 'ST' });
  expect(componentDefinition('ST', 1)).toBeUndefined();
  expect(componentDefinition('CX', 99)).toBeUndefined();
});

it('knows names', () => {
  expect([knownSegment('PID'), knownSegment('ZZ1'), knownSegment('constructor')]).toEqual([
    true,
    false,
    false,
  ]);
  expect([knownDataType('CWE'), knownDataType('ST'), knownDataType('NOPE')]).toEqual([
    true,
    true,
    false,
  ]);
});
