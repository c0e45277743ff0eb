import { describe, expect, it } from 'vitest';
import { likeness, wordsOf } from '../../../src/mapping/codes/likeness.ts';
import { suggest, type Candidate } from '../../../src/mapping/codes/suggest.ts';

const alike = (a: string, b: string): number => likeness(wordsOf(a), wordsOf(b));

describe('names are alike', () => {
  it.each([
    ['Potassium', 'potassium', 1, 1],
    ['Glucose, serum', 'serum glucose', 1, 1],
    ['Hémoglobine', 'Hemoglobin', 0.8, 0.99],
    ['Potassum', 'Potassium', 0.8, 0.99],
    ['Vitamin B12', 'Vitamin B6', 0.4, 0.6],
    ['Sodium', 'Potassium', 0, 0.6],
    ['', 'Potassium', 0, 0],
  ])('%s, %s', (a, b, least, most) => {
    expect(alike(a, b)).toBeGreaterThanOrEqual(least);
    expect(alike(a, b)).toBeLessThanOrEqual(most);
    expect(alike(a, b)).toBe(alike(b, a));
  });
});

const candidates: readonly Candidate[] = [
  {
    system: 'http://loinc.org',
    code: '2823-3',
    display: 'Potassium [Moles/volume]',
    from: 'Lab[K]',
    of: { code: 'K', display: 'Potassium' },
  },
  {
    system: 'http://loinc.org',
    code: '2951-2',
    display: 'Sodium [Moles/volume]',
    from: 'Lab[NA]',
    of: { code: 'NA', display: 'Sodium' },
  },
  { system: 'http://loinc.org', code: '2345-7', display: 'Glucose', from: 'Lab[GLU]' },
];

describe('suggestions', () => {
  it('come by the name of a code that already has a meaning, best first, with the reason', () => {
    const [best] = suggest({ code: 'KAL', display: 'Potassium' }, candidates);
    expect(best).toEqual({
      ...{ system: 'http://loinc.org', code: '2823-3', display: 'Potassium [Moles/volume]' },
      ...{ score: 1, why: 'like "Potassium", which is Lab[K]' },
    });
  });

  it('come by the code where there is no name', () => {
    expect(suggest({ code: 'na', display: '' }, candidates)).toEqual([
      expect.objectContaining({ code: '2951-2', score: 0.6, why: 'the same code as Lab[NA]' }),
    ]);
  });

  it('the same code with another name is none', () => {
    expect(suggest({ code: 'K', display: 'Vitamin K1' }, candidates)).toEqual([]);
  });

  it('are none where nothing is alike', () => {
    expect(suggest({ code: 'X9', display: 'Ferritin' }, candidates)).toEqual([]);
  });
});
