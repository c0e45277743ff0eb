import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvText, readCsv } from '../../src/ops/csv.ts';

const texts = (text: string): string[][] =>
  readCsv(text).map((row) => row.map((cell) => cell.text));

describe('csv', () => {
  it.each([
    [
      'a,b\r\n1,2\r\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a;b\n"1;x";2',
      [
        ['a', 'b'],
        ['1;x', '2'],
      ],
    ],
    [
      'a\tb\r1\t2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      '\ufeffa,b\n\n ,\n1,',
      [
        ['a', 'b'],
        ['1', ''],
      ],
    ],
    [
      'a,b\n"say ""x""\nagain", 2 ',
      [
        ['a', 'b'],
        ['say "x"\nagain', '2'],
      ],
    ],
    ['a\n"never closed\n', [['a'], ['never closed']]],
    ['', []],
  ])('%j', (text, rows) => expect(texts(text)).toEqual(rows));

  it('says where each cell begins', () => {
    const [, first, second] = readCsv('a,b\n"x\ny",2\n3,4');
    expect(first?.map(({ line, column }) => [line, column])).toEqual([
      [2, 1],
      [3, 4],
    ]);
    expect(second?.map(({ line, column }) => [line, column])).toEqual([
      [4, 1],
      [4, 3],
    ]);
  });

  it('writes a formula as text, and reads it back', () => {
    expect(csvText([['=1+1', '-', '@x']])).toBe("'=1+1,'-,'@x\r\n");
    expect(texts(csvText([['=1+1', '-', '@x']]))).toEqual([['=1+1', '-', '@x']]);
  });

  it('reads what it wrote', () => {
    const cell = fc.string().map((text) =>
      text
        .replace(/\r\n?/g, '\n')
        .replace(/^[\s']+/, '')
        .trim(),
    );
    const row = fc
      .array(cell, { minLength: 3, maxLength: 3 })
      .map(([a, b, c]) => [`x${a ?? ''}`, b ?? '', c ?? '']);
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), (rows) => {
        expect(texts(csvText([['a', 'b', 'c'], ...rows]))).toEqual([['a', 'b', 'c'], ...rows]);
      }),
    );
  });
});
