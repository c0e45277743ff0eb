import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeptRows } from '../../src/feed/kept-rows.ts';
import { numberField, turnFields } from '../../src/feed/turn-field.ts';

const person = fc.constantFrom('1', '2', '3', '4', '5');
const row = fc.uniqueArray(person, { maxLength: 2 });
const fieldsOf = (people: readonly string[]): readonly string[] => [
  ...turnFields({ orderKeys: [] }, {}),
  ...people.map(numberField),
  'PID-3=x',
];

/** Of rows in a list: those that share somebody with these people, or with one that does. */
function sharing(rows: readonly (readonly string[])[], people: readonly string[]): number[] {
  const known = new Set(people);
  for (let before = -1; before !== known.size;) {
    before = known.size;
    for (const one of rows) {
      if (one.some((each) => known.has(each))) for (const each of one) known.add(each);
    }
  }
  return rows.flatMap((one, at) => (one.some((each) => known.has(each)) ? at : []));
}

describe('rows that are known to wait', () => {
  it('stand in the order of arrival, and are found by what they take turns for', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 12 }), fc.array(person), (rows, asked) => {
        const kept = new KeptRows();
        rows.forEach((people, at) => kept.add({ id: String(at), fields: fieldsOf(people) }));
        expect(kept.sharing(asked.map(numberField)).map(Number)).toEqual(sharing(rows, asked));
        for (const [at] of rows.entries()) {
          expect(kept.first()).toBe(String(at));
          kept.delete(String(at));
        }
        expect([kept.size, kept.first(), kept.sharing(asked.map(numberField))]).toEqual([
          0,
          undefined,
          [],
        ]);
      }),
    );
  });

  it('one that is added again keeps its place', () => {
    const kept = new KeptRows();
    for (const id of ['a', 'b', 'a']) kept.add({ id });
    expect([kept.size, kept.first(), kept.has('b'), kept.has('c')]).toEqual([2, 'a', true, false]);
  });
});
