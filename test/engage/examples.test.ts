import { describe, expect, it } from 'vitest';
import { loadRules } from '../../src/engage/rules.ts';
import { runExample } from '../../src/engage/simulate.ts';

const book = await loadRules(['automations']);

describe('every rule keeps its own examples', () => {
  for (const rule of book.rules) {
    for (const example of rule.examples) {
      it(`${rule.id}: ${example.name}`, async () => {
        expect(await runExample(book, rule, example)).toBeUndefined();
      });
    }
  }

  it('an example that expects something else fails with a sentence', async () => {
    const rule = book.rule('appointment-moved');
    const [example] = rule?.examples ?? [];
    if (!rule || !example) throw new Error('the pack has lost a rule');
    const wrong = { ...example, expect: example.expect.map((each) => ({ ...each, to: 'x' })) };
    expect(await runExample(book, rule, wrong)).toBe(
      'rule appointment-moved, example "three departments, one message each": ' +
        'intent 1, to is "dept:nursing", expected "x"',
    );
    expect(await runExample(book, rule, { ...example, expect: [] })).toContain(
      'expected 0 intents, got 3 (tell, tell, tell)',
    );
  });
});
