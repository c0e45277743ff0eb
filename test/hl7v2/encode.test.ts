import { describe, expect, it } from 'vitest';
import { encodeSegment, joinSegments } from '../../src/hl7v2/encode.ts';
import { defaultEncoding } from '../../src/hl7v2/encoding.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';

describe('encodeSegment', () => {
  it('escapes, trims and counts from field 1', () => {
    const fields = ['1', undefined, { components: ['a^b', undefined, 'c', ''] }, '', undefined];
    expect(encodeSegment('PID', fields, defaultEncoding)).toBe('PID|1||a\\S\\b^^c');
  });

  it('writes repetitions, subcomponents, null and raw', () => {
    const fields = [
      { repetitions: ['a', { components: ['b', { subcomponents: ['c', 'd&'] }] }, undefined] },
      '""',
      { raw: 'x^y\\T\\' },
    ];
    expect(encodeSegment('ZZ1', fields, defaultEncoding)).toBe('ZZ1|a~b^c&d\\T\\|""|x^y\\T\\');
  });

  it('gives MSH its encoding characters', () => {
    const encoding = { ...defaultEncoding, field: '$', component: '%' };
    const text = joinSegments([encodeSegment('MSH', ['A', 'B%'], encoding)]);
    expect(text).toBe('MSH$%~\\&$A$B\\S\\\r');
    expect(parseMessage(text).message?.segment('MSH')?.field(4).text).toBe('B%');
  });

  it('says the first part where there is no separator for the others', () => {
    const encoding = { ...defaultEncoding, subcomponent: '', repetition: '' };
    const fields = [{ components: [{ subcomponents: ['a', 'b'] }, 'c'] }];
    expect(encodeSegment('ZZ1', fields, encoding)).toBe('ZZ1|a^c');
  });
});
