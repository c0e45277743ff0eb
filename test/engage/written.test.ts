import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { notDoneReasons, systems } from '../../src/engage/codes.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { validateResource } from '../../src/fhir/validate.ts';
import { appointment, order, patient, report, result, stay } from './records.ts';
import { baseRules, openSite } from './site.ts';

describe('all that the room writes is R4', () => {
  it('Tasks, plans, messages sent and not sent, and their provenance', async () => {
    const site = await openSite();
    const value = result('potassium', 6.8, 'HH');
    const corrected = result('potassium', 4.1, 'N', 'corrected');
    const start = '2026-03-08T09:00:00-04:00';
    await site.feed(patient('p'), order(), stay('in-progress'), appointment('booked', start));
    await site.feed(value, report('final', [value]));
    await site.feed(corrected, report('corrected', [corrected]));
    await site.feed(appointment('booked', '2026-03-12T14:00:00-04:00'), stay('finished'));
    await site.settle();
    await site.feed(stay('in-progress'), patient('p', { deceasedBoolean: true }));
    await site.at('2026-03-11T18:00:00Z');
    const types = ['Task', 'CommunicationRequest', 'Communication', 'Provenance'];
    for (const type of types) {
      const found = await site.all(type);
      expect(found.length, type).toBeGreaterThan(1);
      for (const each of found) expect(problems(each), `${type}/${each.id}`).toEqual([]);
    }
    const statuses = (await site.all('Communication')).map((each) => each['status']);
    expect(new Set(statuses)).toEqual(new Set(['completed', 'not-done']));
    await site.close();
  });

  it.each(['not-done-reason', 'task-code', 'message-category', 'channel'])(
    'CodeSystem %s',
    (name) => {
      expect(problems(codeSystem(name))).toEqual([]);
    },
  );
});

describe('the code systems', () => {
  it('give every reason its words', () => {
    expect(conceptsOf('not-done-reason')).toEqual(Object.entries(notDoneReasons));
  });

  it('have the addresses that the resources use', () => {
    const names = ['not-done-reason', 'task-code', 'message-category', 'channel'];
    const { notDoneReason, taskCode, messageCategory, channel } = systems;
    expect(names.map((name) => codeSystem(name)['url'])).toEqual([
      notDoneReason,
      taskCode,
      messageCategory,
      channel,
    ]);
  });

  it('know every code of the packs', () => {
    const steps = baseRules.rules.flatMap((rule) => rule.steps);
    const codes = steps.flatMap((step) => (step.do === 'task' ? [step.code] : []));
    const categories = steps.flatMap((step) =>
      step.do === 'plan' || step.do === 'communication' ? [step.category] : [],
    );
    expect(conceptsOf('task-code').map(([code]) => code)).toEqual(expect.arrayContaining(codes));
    expect(conceptsOf('message-category').map(([code]) => code)).toEqual(
      expect.arrayContaining(categories),
    );
  });
});

function codeSystem(name: string): Resource {
  return JSON.parse(readFileSync(`profiles/CodeSystem-${name}.json`, 'utf8')) as Resource;
}
function conceptsOf(name: string): readonly (readonly [string, string])[] {
  const concepts = codeSystem(name)['concept'] as readonly { code: string; display: string }[];
  return concepts.map(({ code, display }) => [code, display]);
}
function problems(resource: Resource): readonly string[] {
  return validateResource(resource)
    .filter(({ severity }) => severity === 'error' || severity === 'fatal')
    .map(({ diagnostics, expression }) => `${expression?.join() ?? ''}: ${diagnostics}`);
}
