import { describe, expect, it } from 'vitest';
import type { SearchQuery } from '../../src/fhir/search-ast.ts';
import { parseSearch } from '../../src/fhir/search-parse.ts';
import type { RestContext } from '../../src/rest/call.ts';
import { containedCount, containedPage } from '../../src/rest/contained.ts';
import { limits } from '../../src/limits.ts';

const options = { strict: true, now: 0, contained: true };
const parsed = parseSearch(
  ['Medication'],
  [
    ['_contained', 'true'],
    ['code', 'A01'],
  ],
  options,
);
const containers: SearchQuery = { ...parsed.query, types: ['MedicationRequest'], count: 100 };

/** A store of containers without an end; every `each`th holds what is looked for. */
function endless(each: number): { readonly context: RestContext; readonly looked: () => number } {
  let looked = 0;
  const search = async ({ count, cursor = '0' }: SearchQuery) => {
    const first = Number(cursor);
    looked += count;
    const matches = Array.from({ length: count }, (_, at) => {
      const code = (first + at) % each === each - 1 ? 'A01' : 'A02';
      const contained = [{ resourceType: 'Medication', id: 'm', code: { coding: [{ code }] } }];
      const id = String(first + at);
      const body = JSON.stringify({ resourceType: 'MedicationRequest', id, contained });
      return { type: 'MedicationRequest', id, body, lastUpdated: new Date(0) };
    });
    return Promise.resolve({ matches, next: String(first + count) });
  };
  return { context: { store: { search } } as unknown as RestContext, looked: () => looked };
}

describe('a walk through containers', () => {
  it('ends a page past its bound, and goes on there', async () => {
    const { context, looked } = endless(limits.containedLookedAtMax + 50);
    const first = await containedPage(context, containers, parsed, {
      place: { given: 0 },
      room: 1,
    });
    expect(first).toEqual({
      matches: [],
      next: { cursor: String(limits.containedLookedAtMax), given: 0 },
    });
    expect(looked()).toBe(limits.containedLookedAtMax);
    const place = first.next ?? { given: 0 };
    const second = await containedPage(context, containers, parsed, { place, room: 1 });
    expect(second.matches.map(({ version }) => version.id)).toEqual([
      String(limits.containedLookedAtMax + 49),
    ]);
  });

  it('goes on within a step that holds more than a page takes', async () => {
    const { context } = endless(10);
    const ids: string[] = [];
    let place = { given: 0 };
    for (let page = 0; page < 9; page++) {
      const { matches, next } = await containedPage(context, containers, parsed, {
        place,
        room: 7,
      });
      ids.push(...matches.map(({ version }) => version.id));
      place = next ?? { given: 0 };
    }
    expect(ids).toEqual(Array.from({ length: 63 }, (_, at) => String(at * 10 + 9)));
  });

  it('does not count past its bound', async () => {
    const { context } = endless(10);
    const counted = containedCount(context, containers, parsed, { given: 0 });
    await expect(counted).rejects.toThrow('containedLookedAtMax');
  });
});
