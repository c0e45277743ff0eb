import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../src/fhir/linear-pattern.ts';
import { processorMs } from '../processor-time.ts';

describe('regular expressions of strangers', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['abc', ['abc'], ['ab', 'abcd', '']],
    ['a.c', ['abc', 'a-c'], ['ac']],
    ['^a$', ['a'], ['b']],
    ['a|bc', ['a', 'bc'], ['ac', 'b']],
    ['(a|b)+c?', ['a', 'abbac'], ['', 'c']],
    ['[a-c]{2,3}', ['ab', 'ccc'], ['a', 'abcd']],
    ['[^a-c]+', ['xyz'], ['xay', '']],
    ['\\d{4}-\\d', ['2026-1'], ['2026-']],
    ['\\w+\\.\\S*', ['a.b', 'a.'], ['a b', 'ab']],
    ['[\\d\\-]*', ['1-2', ''], ['a']],
    ['a{2}', ['aa'], ['a', 'aaa']],
    ['a{2,}', ['aa', 'aaaa'], ['a']],
    ['(?:ab)*', ['', 'abab'], ['aba']],
    ['', [''], ['a']],
    ['.*(RX|TX).*', ['aRXb', 'TX'], ['R']],
  ])('%s', (pattern, right, wrong) => {
    const compiled = compilePattern(pattern);
    for (const text of right) expect([text, compiled?.matches(text)]).toEqual([text, true]);
    for (const text of wrong) expect([text, compiled?.matches(text)]).toEqual([text, false]);
  });

  it.each([
    '(a',
    'a)',
    '[a',
    '*',
    'a**b(',
    '(a)\\1',
    '(?=a)',
    '(?<n>a)',
    '\\b',
    'a{3,2}',
    '[z-a]',
    '\\',
  ])('refuses %s', (pattern) => {
    expect(compilePattern(pattern)).toBeUndefined();
  });

  it('refuses what is too large, and ends where backtracking would not', () => {
    expect(compilePattern('a'.repeat(10_000))).toBeUndefined();
    expect(compilePattern('(((((a{9}){9}){9}){9}){9})')).toBeUndefined();
    const spent = processorMs();
    expect(compilePattern('(a+)+(a+)+(a+)+b')?.matches('a'.repeat(250))).toBe(false);
    expect(spent()).toBeLessThan(1_000);
  });

  it("agrees with JavaScript's own", () => {
    const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
      pattern: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', 'ab', '1'),
        fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => a + b),
        fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(${a}|${b})`),
        fc
          .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{2}', '{0,2}', '{1,}'))
          .map(([a, mark]) => `(${a})${mark}`),
      ),
    }));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (source, given) => {
        const compiled = compilePattern(source);
        if (!compiled) return;
        expect(compiled.matches(given)).toBe(new RegExp(`^(?:${source})$`).test(given));
      }),
      { numRuns: 2_000 },
    );
  });
});
