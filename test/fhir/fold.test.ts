import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold } from '../../src/fhir/fold.ts';

describe('fold', () => {
  it.each([
    ['Müller', 'muller'],
    ['MÜLLER', 'muller'],
    ['Mu\u0308ller', 'muller'],
    ['Jürgen Groß', 'jurgen gross'],
    ['GROẞ', 'gross'],
    ['Ångström', 'angstrom'],
    ['Łukasz', 'lukasz'],
    ['Søren', 'soren'],
    ['Æthelred', 'aethelred'],
    ['Œuvre', 'oeuvre'],
    ['Đặng', 'dang'],
    ['Þór', 'thor'],
    ['Ħal', 'hal'],
    ['İstanbul', 'istanbul'],
    ['ısı', 'isi'],
    ['Ἀθῆναι', 'αθηναι'],
    ['Ёлка', 'елка'],
    ['ﬁnger', 'finger'],
    ['Ｆｕｌｌ', 'full'],
    ['Ⅳ', 'iv'],
    ['x²', 'x2'],
    ['  Anna \t Maria\u00a0 ', 'anna maria'],
    ["O'Hara-Smith", "o'hara-smith"],
    ['李小龍', '李小龍'],
    ['', ''],
    ['   ', ''],
    ['😀 A', '😀 a'],
  ])('%j is %j', (text, folded) => {
    expect(fold(text)).toBe(folded);
  });

  it('is idempotent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(fold(fold(text))).toBe(fold(text));
      }),
      { numRuns: 5000 },
    );
  });

  it('does not see case', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(fold(text.toUpperCase())).toBe(fold(text.toLowerCase()));
      }),
    );
  });
});
