import { describe, expect, it } from 'vitest';
import { readCsv } from '../../../src/mapping/coverage/csv.ts';

describe('comma-separated values', () => {
  it.each([
    ['', []],
    ['a,b\n', [['a', 'b']]],
    ['a,b\r\nc,d', [['a', 'b'], ['c', 'd']]],
    ['"a,""b""\nc",d', [['a,"b"\nc', 'd']]],
    ['\uFEFFa,\n,', [['a', ''], ['', '']]],
    ['a\n\nb\n', [['a'], [''], ['b']]],
    ['"open', [['open']]],
    ['"a""', [['a"']]],
  ] as const)('%j', (text, records) => {
    expect(readCsv(text)).toEqual(records);
  });
});
