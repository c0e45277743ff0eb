import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indexFields } from '../../src/store/mongodb/index-fields.ts';
import { indexKey, sortField } from '../../src/store/mongodb/index-key.ts';
import { textPattern } from '../../src/store/mongodb/value-filter.ts';
import { limits } from '../../src/limits.ts';

// Short texts of what could be mistaken for what stands between them, and a long one.
const piece = fc.constantFrom('a', 'b', '\t', '%', '%09', '\u0001', '+', '-', '.', '$');
const text = fc.oneof(
  fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join('')),
  fc.constantFrom('a', 'b').map((letter) => letter.repeat(limits.indexKeyCharsMax + 1)),
);
const system = fc.option(text);

const keys = fc.oneof(
  fc.tuple(fc.constant('present' as const), text),
  fc.tuple(fc.constant('code' as const), text, text),
  fc.tuple(fc.constant('system' as const), text, system, text),
  fc.tuple(fc.constant('identifier' as const), text, system, text),
  fc.tuple(fc.constant('target' as const), text, text, text),
  fc.tuple(fc.constant('type' as const), text, text),
  fc.tuple(fc.constant('id' as const), text, text),
  fc.tuple(fc.constant('exact' as const), text, text),
  fc.tuple(fc.constant('folded' as const), text, text),
  fc.tuple(fc.constant('uri' as const), text, text),
);
type Parts = typeof keys extends fc.Arbitrary<infer Value> ? Value : never;

function keyOf(parts: Parts): string {
  switch (parts[0]) {
    case 'present':
      return indexKey.present(parts[1]);
    case 'code':
      return indexKey.token(parts[1], 'c', parts[2]);
    case 'system':
      return indexKey.systemToken(parts[1], 's', parts[2], parts[3]);
    case 'identifier':
      return indexKey.systemToken(parts[1], 'j', parts[2], parts[3]);
    case 'target':
      return indexKey.target(parts[1], parts[2], parts[3]);
    case 'type':
      return indexKey.targetWithoutId(parts[1], parts[2]);
    case 'id':
      return indexKey.targetId(parts[1], parts[2]);
    case 'exact':
      return indexKey.exact(parts[1], parts[2]);
    case 'folded':
      return indexKey.folded(parts[1], parts[2]);
    case 'uri':
      return indexKey.uri(parts[1], parts[2]);
  }
}

describe('the packed keys of MongoDB', () => {
  it('are equal where what they say is, and only there', () => {
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        expect(keyOf(a) === keyOf(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { numRuns: 5_000 },
    );
  });

  it('begin with their system just where they are of it', () => {
    fc.assert(
      fc.property(text, system, system, text, (param, own, asked, code) => {
        const key = indexKey.systemToken(param, 's', own, code);
        expect(key.startsWith(indexKey.system(param, 's', asked))).toBe(own === asked);
      }),
      { numRuns: 2_000 },
    );
  });

  it('make sort fields that MongoDB takes as names, each its own', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(sortField(a, 'string')).not.toMatch(/^\$|\./);
        expect(sortField(a, 'string') === sortField(b, 'string')).toBe(a === b);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the patterns of MongoDB', () => {
  const special = fc.string({ unit: fc.constantFrom(...'ab\\^$.|?*+()[]{}-/\n \u{1f600}é') });

  it('match what begins with a text, or has it behind the beginning', () => {
    fc.assert(
      fc.property(special, special, special, (begin, value, whole) => {
        const matches = (match: 'prefix' | 'contains', subject: string): boolean =>
          new RegExp(String(textPattern(begin, match, value)['$regex']), 'u').test(subject);
        for (const subject of [
          whole,
          begin + whole,
          begin + whole + value,
          begin + value + whole,
        ]) {
          expect(matches('prefix', subject)).toBe(subject.startsWith(begin + value));
          const behind = subject.startsWith(begin) && subject.slice(begin.length).includes(value);
          expect(matches('contains', subject)).toBe(behind);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the index fields of MongoDB', () => {
  it('leave out what a resource has not, and sort by the least and the greatest', () => {
    expect(indexFields('Patient', [])).toEqual({ keys: [], sort: {} });
    const date = (lo: number) => ({ kind: 'date', param: 'd', lo, hi: Infinity }) as const;
    expect(indexFields('Patient', [date(3), date(-Infinity), date(2)])).toEqual({
      keys: ['d\tp'],
      dates: [3, -Number.MAX_SAFE_INTEGER, 2].map((lo) => {
        return { p: 'Patient:date:d', lo, hi: Number.MAX_SAFE_INTEGER };
      }),
      sort: { 'date:d': { has: 1, least: -Number.MAX_SAFE_INTEGER, greatest: 3 } },
    });
  });
});
