import fc from 'fast-check';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { withPins, withRows, yamlText } from '../../../src/mapping/codes/table-text.ts';

const K = { code: 'K', target: { code: '2823-3', display: 'Potassium' } };

describe('rows are written into the text of a mapping file', () => {
  it.each([
    [
      'a table of its own, before nothing else',
      'table: T\nversion: 1\nrows:\n  A: x # kept\n\n  # of B\n  B: y\nelse: keep\n',
      undefined,
      'table: T\nversion: 1\nrows:\n  A: x # kept\n\n  # of B\n  B: y\n  K: { code: 2823-3, display: Potassium }\nelse: keep\n',
    ],
    [
      'a table without rows yet',
      'table: T\nrows:\nelse: keep\n',
      undefined,
      'table: T\nrows:\n  K: { code: 2823-3, display: Potassium }\nelse: keep\n',
    ],
    [
      'the short form, before else',
      'overlay: o\nbase: [a@1]   # pinned\ntables:\n  T:\n    new: true\n    A: { code: x }\n    else: keep   # counted\nresources: {}\n',
      'T',
      'overlay: o\nbase: [a@1]   # pinned\ntables:\n  T:\n    new: true\n    A: { code: x }\n    K: { code: 2823-3, display: Potassium }\n    else: keep   # counted\nresources: {}\n',
    ],
    [
      'braces',
      'overlay: o\ntables:\n  T: { A: x, else: keep }\n',
      'T',
      'overlay: o\ntables:\n  T: { A: x, K: { code: 2823-3, display: Potassium }, else: keep }\n',
    ],
    [
      'an overlay that has other tables',
      'overlay: o\ntables:\n  S:\n    A: x\nresources: {}\n',
      'T',
      'overlay: o\ntables:\n  S:\n    A: x\n  T:\n    K: { code: 2823-3, display: Potassium }\nresources: {}\n',
    ],
    [
      'an overlay that has none',
      'overlay: o',
      'T',
      'overlay: o\ntables:\n  T:\n    K: { code: 2823-3, display: Potassium }\n',
    ],
    [
      'in the place of another',
      'table: T\nrows:\n  K: { code: x, display: Y } # why\n  L: z\n',
      undefined,
      'table: T\nrows:\n  K: { code: 2823-3, display: Potassium } # why\n  L: z\n',
    ],
  ])('%s', (_, before, name, after) => {
    expect(withRows(before, name, [K])).toBe(after);
  });

  it('a code that looks like a number is the same with and without quotes', () => {
    const text = 'table: T\nrows:\n  1: male\n';
    expect(withRows(text, undefined, [{ code: '1', target: { code: 'female' } }])).toBe(
      'table: T\nrows:\n  1: female\n',
    );
    const twice = withRows(text, undefined, [{ code: '2', target: { code: '7' } }]);
    expect(twice).toBe('table: T\nrows:\n  1: male\n  "2": "7"\n');
  });

  it('a code that is known and makes nothing, and one that is called as a word of tables', () => {
    const rows = [{ code: 'N' }, { code: 'X', target: { code: 'drop' } }];
    expect(parse(withRows('table: T\nrows:\n  A: x\n', undefined, rows))).toMatchObject({
      rows: { A: 'x', N: { drop: true }, X: { code: 'drop' } },
    });
  });

  it('whatever the codes are, YAML reads them back', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (code, display) => {
        const target = { code, display };
        const text = withRows('table: T\nrows:\n  A: x\nelse: keep\n', undefined, [
          { code: `k${code}`, target },
        ]);
        expect(parse(text)).toEqual({
          table: 'T',
          rows: { A: 'x', [`k${code}`]: target },
          else: 'keep',
        });
        expect(parse(`[ ${yamlText(code)}, { a: ${yamlText(code)} } ]`)).toEqual([
          code,
          { a: code },
        ]);
      }),
    );
  });
});

it('pins that an overlay lacks are added, others stay', () => {
  const text = 'overlay: o\nbase: [adt@1] # ok\n';
  expect(withPins(text, ['adt@2'])).toBe(text);
  expect(withPins(text, ['adt@1', 'oru@1'])).toBe('overlay: o\nbase: [adt@1, oru@1] # ok\n');
});
