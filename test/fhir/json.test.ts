import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRawNumber, rawNumber } from '../../src/fhir/decimal.ts';
import { findJsonFault } from '../../src/fhir/json-fault.ts';
import { parseJson, stringify, toPlain } from '../../src/fhir/json.ts';
import { noSynthea, syntheaTexts } from './synthea.ts';

/** A JSON number as text: many forms that JavaScript would write otherwise. */
const numberText = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(fc.constant('0'), fc.stringMatching(/^[1-9]\d{0,24}$/)),
    fc.oneof(fc.constant(''), fc.stringMatching(/^\.\d{1,20}$/)),
    fc.oneof(fc.constant(''), fc.stringMatching(/^[eE][+-]?\d{1,2}$/)),
  )
  .map((parts) => parts.join(''));

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('1.00', '"', '\\', 'a:b', '{"x":1.0}', '__proto__x', '\\u0041', '\u2028'),
);

/**
 * JSON text without white space, whose strings are written as JSON.stringify does. Not among the keys: integers,
 * which objects put first, `__proto__`, which is refused, and the backslash, after which V8 13.6 reads the key `\"` as the one it saw before.
 */
const jsonText: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    numberText,
    text.map((value) => JSON.stringify(value)),
    fc.constantFrom('true', 'false', 'null'),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    fc
      .uniqueArray(fc.tuple(text, tie('value')), { maxLength: 4, selector: ([key]) => key })
      .map((members) => members.filter(([key]) => !/^\d+$|\\|^__proto__$/.test(key)))
      .map((members) => `{${members.map(([k, v]) => `${JSON.stringify(k)}:${v}`).join(',')}}`),
  ),
})).value;

describe('parseJson and stringify', () => {
  it('give back every text to the digit', () => {
    fc.assert(
      fc.property(jsonText, (source) => {
        const { value, issues } = parseJson(source);
        expect(issues).toEqual([]);
        expect(stringify(value)).toBe(source);
      }),
      { numRuns: 1000 },
    );
  });

  it('read what JSON.parse reads', () => {
    fc.assert(
      fc.property(jsonText, (source) => {
        expect(toPlain(parseJson(source).value)).toEqual(JSON.parse(source));
      }),
    );
  });

  it('pass over a byte order mark and white space', () => {
    expect(parseJson('\ufeff { "a" : [ 1 , 2.50 ] }\n')).toEqual({
      value: { a: [1, rawNumber('2.50')] },
      issues: [],
    });
  });

  it('keep a number raw only where JavaScript would write it otherwise', () => {
    const { value } = parseJson('[1,-2.5,0.1,1e21,1.0,1e2,-0,12345678901234567890]');
    const raw = (value as readonly unknown[]).map((item) => isRawNumber(item));
    expect(raw).toEqual([false, false, false, true, true, true, true, true]);
  });

  it.skipIf(noSynthea)('give Synthea back as JavaScript would', () => {
    for (const source of syntheaTexts(3)) {
      const { value } = parseJson(source);
      expect(stringify(toPlain(value)) === JSON.stringify(JSON.parse(source))).toBe(true);
      const digits = (t: string): readonly string[] => t.match(/[-\d.eE+]+/g) ?? [];
      expect(digits(stringify(value))).toEqual(digits(source.replace(/\s*\n\s*/g, '')));
    }
  });

  const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

  it.each([
    ['', 'syntax-json', 1, 1],
    ['   ', 'syntax-json', 1, 4],
    ['{"a":1', 'syntax-json', 1, 7],
    ['{"a" 1}', 'syntax-json', 1, 6],
    ['{"a":1,}', 'syntax-json', 1, 8],
    ['[1,]', 'syntax-json', 1, 4],
    ['{a:1}', 'syntax-json', 1, 2],
    ["{'a':1}", 'syntax-json', 1, 2],
    ['01', 'syntax-json', 1, 2],
    ['1.', 'syntax-json', 1, 2],
    ['nul', 'syntax-json', 1, 1],
    ['{"a":\n  tru}', 'syntax-json', 2, 3],
    ['[1] x', 'syntax-json', 1, 5],
    ['"a', 'syntax-json', 1, 3],
    ['"a\tb"', 'syntax-json', 1, 1],
    ['"\\x"', 'syntax-json', 1, 1],
    ['{"a":1,\n "a":2}', 'structure', 2, 2],
    ['[{"b":{"a":1,"\\u0061":2}}]', 'structure', 1, 14],
    ['{"__proto__":{}}', 'structure', 1, 2],
    ['{"\\u005f_proto__":{}}', 'structure', 1, 2],
    ['"\\ud800"', 'structure', 1, 1],
    ['["\\udc00\\ud800"]', 'structure', 1, 2],
    ['"\ud800"', 'structure', 1, 1],
    [deep(65), 'limit', 1, 65],
    [deep(100_000), 'limit', 1, 65],
  ])('refuse %j as %s at line %i, column %i', (source, code, line, column) => {
    const { value, issues } = parseJson(source);
    expect(value).toBeUndefined();
    expect(issues).toMatchObject([{ code, severity: 'error' }]);
    expect(issues[0]?.diagnostics).toContain(`line ${String(line)}, column ${String(column)}`);
  });

  it('take 64 levels', () => {
    expect(parseJson(deep(64)).issues).toEqual([]);
  });

  it('keep a key like any other', () => {
    const { value } = parseJson('{"constructor":1,"prototype":2,"toString":3}');
    expect(stringify(value)).toBe('{"constructor":1,"prototype":2,"toString":3}');
  });
});

describe('findJsonFault', () => {
  it('agrees with JSON.parse on what is JSON', () => {
    const pieces = fc.constantFrom(...'{}[],:"', '"a"', '1', '-', '1.5', 'true', 'null', ' ', '\\');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const source = parts.join('');
        let isJson = true;
        try {
          JSON.parse(source);
        } catch {
          isJson = false;
        }
        const fault = findJsonFault(source);
        expect(fault?.kind === 'syntax').toBe(!isJson && fault?.kind !== 'duplicate-key');
      }),
      { numRuns: 3000 },
    );
  });
});

describe('toPlain', () => {
  it('shares what has no raw number', () => {
    const value = { a: { b: [1, 2] }, c: [{ d: rawNumber('1.0') }, { e: 1 }] };
    const plain = toPlain(value);
    expect(plain).toEqual({ a: { b: [1, 2] }, c: [{ d: 1 }, { e: 1 }] });
    expect(plain.a).toBe(value.a);
    expect(plain.c[1]).toBe(value.c[1]);
    expect(toPlain(value.a)).toBe(value.a);
  });
});
