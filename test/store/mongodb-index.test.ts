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

// All ways to take them for each other, rather than some that chance finds.
const texts = [
  ...[
    '',
    'a',
    '\t',
    'a\tc',
    'c\ta',
    'a\tc\ta',
    '%09',
    '%',
    '\u0001',
    '+a',
    '-',
    'a\ts\t-',
    'a\tf',
    'f\ta',
  ],
  ...['a', 'b'].map((letter) => letter.repeat(limits.indexKeyCharsMax + 1)),
];
const one = texts.map((a) => [a] as const);
const two = texts.flatMap((a) => texts.map((b) => [a, b] as const));
const three = two.flatMap(([a, b]) => texts.map((c) => [a, b, c] as const));
const ofSystem = two.flatMap(([a, b]) => [...texts, null].map((c) => [a, c, b] as const));

const all: readonly Parts[] = [
  ...one.map((parts) => ['present', ...parts] as const),
  ...(['code', 'type', 'id', 'exact', 'folded', 'uri'] as const).flatMap((kind) =>
    two.map((parts) => [kind, ...parts] as const),
  ),
  ...(['system', 'identifier'] as const).flatMap((kind) =>
    ofSystem.map((parts) => [kind, ...parts] as const),
  ),
  ...three.map((parts) => ['target', ...parts] as const),
];

type Parts =
  | readonly ['present', string]
  | readonly ['code' | 'type' | 'id' | 'exact' | 'folded' | 'uri', string, string]
  | readonly ['system' | 'identifier', string, string | null, string]
  | readonly ['target', string, string, string];

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
  it('are as many as what they can say', () => {
    expect(all.length).toBeGreaterThan(9_000);
    expect(new Set(all.map(keyOf)).size).toBe(all.length);
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
