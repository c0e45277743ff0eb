import fc from 'fast-check';
import { expect, it } from 'vitest';
import { textPattern } from '../../src/store/mongodb/value-filter.ts';

const special = fc.stringMatching(/^[ab\0\n|\\^$.?*+()[\]{}/#-]{0,8}$/);

function isFound(match: 'prefix' | 'contains', value: string, text: string): boolean {
  const pattern = String(textPattern('n\tf\t', match, value)['$regex']);
  return new RegExp(pattern, 'u').test(`n\tf\t${text}`);
}

it('a pattern finds just what begins with a text, or contains it', () => {
  fc.assert(
    fc.property(special, special, special, (before, value, after) => {
      expect(isFound('contains', value, before + value + after)).toBe(true);
      expect(isFound('prefix', value, value + after)).toBe(true);
      expect(isFound('contains', value, before)).toBe(before.includes(value));
      expect(isFound('prefix', value, before)).toBe(before.startsWith(value));
    }),
  );
});

it('a pattern has no zero byte, which MongoDB refuses, and no bar, for which it leaves its index', () => {
  fc.assert(
    fc.property(special, (value) => {
      expect(textPattern(value, 'contains', value)['$regex']).not.toMatch(/[\0|]/);
    }),
  );
});
