import { expect, it } from 'vitest';
import { OutcomeError } from '../../src/fhir/issue.ts';
import { limits } from '../../src/limits.ts';
import { resourceFilter } from '../../src/store/mongodb/filter.ts';

/** What a chain leads to at most: an id has up to 64 characters. */
const ids = Array.from({ length: limits.searchResolvedMax }, (_, n) => String(n).padEnd(64, 'x'));
const chain = (param: string) =>
  ({ op: 'keys', keys: ids.map((id) => `${param}\tt\tPractitioner\t${id}`) }) as const;

it('one query holds what a chain leads to at most', () => {
  expect(() => resourceFilter(['Patient'], chain('general-practitioner'))).not.toThrow();
});

it('what several chains lead to, and no query holds, is refused with its reason', () => {
  const nodes = [chain('general-practitioner'), chain('link')];
  let refused: unknown;
  try {
    resourceFilter(['Patient'], { op: 'and', nodes });
  } catch (error) {
    refused = error;
  }
  expect(refused).toBeInstanceOf(OutcomeError);
  expect((refused as OutcomeError).issues).toMatchObject([{ code: 'limit' }]);
});
