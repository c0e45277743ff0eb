import { describe, expect, it } from 'vitest';
import {
  checkAnswers,
  checkFacts,
  findPeople,
  readExpectation,
} from '../../src/cli/demo/expectation.ts';
import type { Expectation, SearchJson } from '../../src/cli/demo/expectation.ts';
import { acknowledgmentCode } from '../../src/cli/demo/play.ts';

const expectation: Expectation = {
  people: { ann: 'urn:a|1', annAtLab: 'urn:l|9', bob: 'urn:a|2' },
  answers: { EHR: { AA: 2 }, LAB: { AA: 1, AR: 1 } },
  same: [['ann', 'annAtLab']],
  facts: [
    { what: 'Two people', search: 'Patient', total: 2 },
    { what: 'One task', search: 'Task?patient=Patient/{ann}', total: 1 },
  ],
};

/** A record in which ann is p1, also at the laboratory, and bob is p2; with what a test changes. */
function searchIn(change: Readonly<Record<string, readonly string[]>> = {}): SearchJson {
  const found: Readonly<Record<string, readonly string[]>> = {
    'Patient?identifier=urn%3Aa%7C1': ['p1'],
    'Patient?identifier=urn%3Al%7C9': ['p1'],
    'Patient?identifier=urn%3Aa%7C2': ['p2'],
    'Patient?_summary=count': ['p1', 'p2'],
    'Task?patient=Patient/p1&_summary=count': ['t1'],
    ...change,
  };
  return async (query) => {
    const ids = found[query] ?? [];
    return { total: ids.length, entry: ids.map((id) => ({ resource: { id } })) };
  };
}

const answers = (rows: Readonly<Record<string, Readonly<Record<string, number>>>>) =>
  new Map(Object.entries(rows).map(([name, counts]) => [name, new Map(Object.entries(counts))]));

describe('what must be so after the demo', () => {
  it('is so', async () => {
    const { ids, deviations } = await findPeople(expectation, searchIn());
    expect(deviations).toEqual([]);
    expect([...ids]).toEqual([
      ['ann', 'p1'],
      ['annAtLab', 'p1'],
      ['bob', 'p2'],
    ]);
    expect(await checkFacts(expectation, ids, searchIn())).toEqual([]);
    const given = answers({ EHR: { AA: 2 }, LAB: { AA: 1, AR: 1 } });
    expect(checkAnswers(expectation, given)).toEqual([]);
  });

  it.each([
    ['a person who is missing', { 'Patient?identifier=urn%3Aa%7C2': [] }, 'bob: 0 people'],
    ['a person who is two', { 'Patient?identifier=urn%3Aa%7C2': ['p2', 'p3'] }, 'bob: 2 people'],
    [
      'two who must be one',
      { 'Patient?identifier=urn%3Al%7C9': ['p7'] },
      'ann, annAtLab are not one person',
    ],
  ])('finds %s', async (_case, change, text) => {
    const { deviations } = await findPeople(expectation, searchIn(change));
    expect(deviations).toEqual([expect.stringContaining(text)]);
  });

  it.each([
    [{ 'Patient?_summary=count': ['p1'] }, 'Two people: Patient finds 1, not 2'],
    [
      { 'Task?patient=Patient/p1&_summary=count': [] },
      'One task: Task?patient=Patient/{ann} finds 0, not 1',
    ],
  ])('finds a fact that does not hold: %j', async (change, text) => {
    const { ids } = await findPeople(expectation, searchIn());
    expect(await checkFacts(expectation, ids, searchIn(change))).toEqual([text]);
  });

  it('finds a fact about somebody who is missing', async () => {
    const found = await checkFacts(expectation, new Map(), searchIn());
    expect(found).toEqual(['One task: Task?patient=Patient/{ann} finds 0, not 1']);
  });

  it.each([
    [{ EHR: { AA: 1 }, LAB: { AA: 1, AR: 1 } }, ['EHR: 1 frames were answered AA, not 2']],
    [
      { EHR: { AA: 2 }, LAB: { AA: 2 } },
      ['LAB: 2 frames were answered AA, not 1', 'LAB: 0 frames were answered AR, not 1'],
    ],
    [{ LAB: { AA: 1, AR: 1 } }, ['EHR: 0 frames were answered AA, not 2']],
    [
      { EHR: { AA: 2, none: 1 }, LAB: { AA: 1, AR: 1 }, NEW: { AE: 1 } },
      ['EHR: 1 frames were answered none, not 0', 'NEW: 1 frames were answered AE, not 0'],
    ],
  ])('finds answers that are others: %j', (given, deviations) => {
    expect(checkAnswers(expectation, answers(given))).toEqual(deviations);
  });

  it('of the demo site can be read, and names no person that it does not know', () => {
    const site = readExpectation('fixtures/demo-site/expected.yaml');
    const named = site.facts.flatMap(({ search }) => [...search.matchAll(/\{(\w+)\}/g)]);
    const known = Object.keys(site.people);
    for (const [, name] of named) expect(known).toContain(name);
    for (const name of site.same.flat()) expect(known).toContain(name);
    expect(site.facts.length).toBeGreaterThan(20);
  });
});

describe('MSA-1', () => {
  it.each([
    ['MSH|^~\\&|A\rMSA|AE|1\r', 'AE'],
    ['MSA|CA|1', 'CA'],
    ['MSH#*~\\&#A\rMSA#AR#1\r', 'AR'],
    ['MSH|^~\\&|A|MSA|AA', 'none'],
    ['', 'none'],
  ])('of %j is %s', (ack, code) => {
    expect(acknowledgmentCode(Buffer.from(ack))).toBe(code);
  });
});
