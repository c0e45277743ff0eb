import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../src/fhir/resource.ts';
import { mergeView } from '../../src/record/merge.ts';
import { canonicalText, same } from '../../src/record/same.ts';
import { nextView } from '../../src/record/source-view.ts';

const telecom = fc.record({
  system: fc.constantFrom('phone', 'email'),
  use: fc.constantFrom('home', 'work'),
  value: fc.constantFrom('1', '2', '3'),
});
const address = fc.record({
  use: fc.constantFrom('home', 'work'),
  city: fc.constantFrom('A', 'B'),
});
const elements = {
  telecom: fc.uniqueArray(telecom, { minLength: 1, maxLength: 4, selector: canonicalText }),
  address: fc.uniqueArray(address, { minLength: 1, maxLength: 3, selector: canonicalText }),
  birthDate: fc.constantFrom('1980-01-01', '1980-01-02'),
  deceasedBoolean: fc.boolean(),
  period: fc.record({ start: fc.constantFrom('1', '2'), end: fc.constantFrom('3', '4') }),
};
const names = Object.keys(elements);
const view: fc.Arbitrary<Resource> = fc
  .record(elements, { requiredKeys: [] })
  .map((fields) => ({ resourceType: 'Patient', ...fields }));
const maybeView = fc.option(view, { nil: undefined });

describe('three-way merge, for any views', () => {
  it('is idempotent: the same view again changes nothing', () => {
    fc.assert(
      fc.property(maybeView, maybeView, view, (base, theirs, mine) => {
        const once = mergeView({ base, theirs, mine, clears: [], stale: false });
        const next = nextView({ base, mine, clears: [] });
        const again = { base: next, theirs: once.resource, mine, clears: [], stale: false };
        expect(mergeView(again)).toMatchObject({ changed: false, resource: once.resource });
      }),
    );
  });

  it('leaves the store alone where the source repeats itself', () => {
    fc.assert(
      fc.property(view, view, (base, theirs) => {
        const outcome = mergeView({ base, theirs, mine: base, clears: [], stale: false });
        expect(outcome).toEqual({ resource: theirs, changed: false, applied: [], kept: [] });
      }),
    );
  });

  it('never touches an element that the source does not mention', () => {
    fc.assert(
      fc.property(maybeView, view, view, (base, theirs, mine) => {
        const { resource } = mergeView({ base, theirs, mine, clears: [], stale: false });
        for (const name of names) {
          if (mine[name] === undefined) expect(same(resource[name], theirs[name])).toBe(true);
        }
      }),
    );
  });

  it('gives the same for edits of different elements in either order', () => {
    fc.assert(
      fc.property(view, view, fc.subarray(names), (start, edited, first) => {
        const edit = (chosen: readonly string[]): Resource => ({
          ...start,
          ...Object.fromEntries(Object.entries(edited).filter(([name]) => chosen.includes(name))),
        });
        const a = edit(first);
        const b = edit(names.filter((name) => !first.includes(name)));
        const apply = (theirs: Resource, mine: Resource): Resource =>
          mergeView({ base: start, theirs, mine, clears: [], stale: false }).resource;
        expect(same(apply(apply(start, a), b), apply(apply(start, b), a))).toBe(true);
      }),
    );
  });

  it('says nothing of a stale event and changes nothing by it', () => {
    fc.assert(
      fc.property(maybeView, view, view, (base, theirs, mine) => {
        const outcome = mergeView({ base, theirs, mine, clears: ['telecom'], stale: true });
        expect(outcome.resource).toBe(theirs);
        expect(outcome.changed).toBe(false);
      }),
    );
  });

  it('reports a change exactly where the resource differs', () => {
    fc.assert(
      fc.property(maybeView, view, view, (base, theirs, mine) => {
        const outcome = mergeView({ base, theirs, mine, clears: [], stale: false });
        expect(outcome.changed).toBe(!same(outcome.resource, theirs));
      }),
    );
  });
});
