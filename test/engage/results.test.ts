import { afterEach, describe, expect, it } from 'vitest';
import { order, patient, report, result, stay } from './records.ts';
import { openSite, type Site } from './site.ts';

let site: Site;
afterEach(() => site.close());

const panel = Array.from({ length: 12 }, (_, index) => result(`test-${index}`, 4 + index, 'N'));
const potassium = result('potassium', 6.8, 'HH');

async function fed(...resources: Parameters<Site['feed']>): Promise<void> {
  site = await openSite();
  await site.feed(patient('p'), order());
  await site.feed(...resources);
  await site.settle();
}

describe('a critical or abnormal result', () => {
  it('gives one stat Task and one message to the ordering doctor for a panel of 13', async () => {
    await fed(...panel, potassium, report('final', [...panel, potassium]));
    expect(await site.one('Task')).toMatchObject({
      status: 'requested',
      intent: 'order',
      priority: 'stat',
      code: { coding: [{ code: 'review-result' }] },
      focus: { reference: 'DiagnosticReport/report' },
      for: { reference: 'Patient/p' },
      owner: { reference: 'Practitioner/dr' },
    });
    expect(await site.messages()).toEqual([
      'completed Practitioner/dr: Critical result, Metabolic panel: potassium 6.8 mmol/L (HH).',
    ]);
  });

  it.each([
    ['HH', 'stat'],
    ['LL', 'stat'],
    ['AA', 'stat'],
    ['H', 'urgent'],
    ['L', 'urgent'],
    ['A', 'urgent'],
  ])('flagged %s is %s', async (flag, priority) => {
    const value = result('k', 1, flag);
    await fed(value, report('final', [value]));
    expect((await site.one('Task'))['priority']).toBe(priority);
    expect((await site.one('Communication'))['priority']).toBe(priority);
  });

  it('gives nothing when normal, preliminary, or when the value itself is preliminary', async () => {
    const early = result('early', 9, 'HH', 'preliminary');
    await fed(...panel, report('final', panel));
    await site.feed(potassium, report('preliminary', [potassium], { id: 'second' }));
    await site.feed(early, report('final', [early], { id: 'third' }));
    await site.settle();
    expect(await site.all('Task')).toEqual([]);
    expect(await site.all('Communication')).toEqual([]);
    expect(await site.all('CommunicationRequest')).toEqual([]);
  });

  it('that is sent again gives nothing new', async () => {
    await fed(potassium, report('final', [potassium]));
    const before = [await site.one('Task'), await site.one('Communication')];
    await site.feed(potassium, report('final', [potassium]));
    await site.feed(report('final', [potassium], { issued: '2026-03-02T15:01:00Z' }));
    await site.settle();
    expect([await site.one('Task'), await site.one('Communication')]).toEqual(before);
  });

  it('that is corrected opens the same Task again, with before and after', async () => {
    await fed(potassium, report('final', [potassium]));
    const task = await site.one('Task');
    await site.feed({ ...task, id: task.id ?? '', status: 'completed', executionPeriod: {} });
    const corrected = result('potassium', 4.1, 'N', 'corrected');
    await site.feed(corrected, report('corrected', [corrected]));
    await site.settle();
    const again = await site.one('Task');
    expect(again).toMatchObject({ id: task.id, status: 'requested', priority: 'routine' });
    expect(again['executionPeriod']).toBeUndefined();
    expect(again['note']).toEqual([
      {
        time: '2026-03-02T15:00:00Z'.replace('Z', '.000Z'),
        text: 'The report is corrected. potassium: before 6.8 mmol/L (HH), now 4.1 mmol/L (N).',
      },
    ]);
    expect(await site.all('Communication')).toHaveLength(1);
  });

  it('whose value alone is corrected opens the Task of its report again', async () => {
    await fed(potassium, report('final', [potassium]));
    await site.feed(result('potassium', 7.25, 'HH'));
    await site.settle();
    const { note } = (await site.one('Task')) as unknown as { note: { text: string }[] };
    expect(note.map(({ text }) => text)).toEqual([
      'The report is final. potassium: before 6.8 mmol/L (HH), now 7.25 mmol/L (HH).',
    ]);
  });

  it('asks about the report once, however many of its values have changed', async () => {
    await fed(...panel, potassium, report('final', [...panel, potassium]));
    await site.feed(...panel.map(({ id }) => result(id, 99, 'H')));
    await site.settle();
    const asked = site.lines.filter(
      ({ message, rule }) => message === 'rule fired' && rule === 'result-review',
    );
    expect(asked).toHaveLength(2);
  });

  it('that becomes critical by correction tells the doctor anew', async () => {
    const high = result('potassium', 5.3, 'H');
    await fed(high, report('final', [high]));
    await site.feed(potassium, report('corrected', [potassium]));
    await site.settle();
    expect((await site.one('Task'))['priority']).toBe('stat');
    expect(await site.messages()).toEqual([
      'completed Practitioner/dr: Abnormal result, Metabolic panel: potassium 5.3 mmol/L (H).',
      'completed Practitioner/dr: Critical result, Metabolic panel: potassium 6.8 mmol/L (HH).',
    ]);
  });

  it('handled late shows what each version said, not what the record says now', async () => {
    site = await openSite();
    await site.feed(patient('p'), order());
    await site.feed(potassium, report('final', [potassium]));
    const corrected = result('potassium', 4.1, 'N', 'corrected');
    await site.feed(corrected, report('corrected', [corrected]));
    await site.settle();
    const { note } = (await site.one('Task')) as unknown as { note: { text: string }[] };
    expect(note[0]?.text).toContain('before 6.8 mmol/L (HH), now 4.1 mmol/L (N)');
    expect(await site.messages()).toEqual([expect.stringContaining('6.8 mmol/L (HH)')]);
  });

  it('keeps the decimals it came with', async () => {
    const raw = JSON as unknown as { rawJSON(text: string): unknown };
    const value = { ...potassium, valueQuantity: { value: raw.rawJSON('6.80'), unit: 'mmol/L' } };
    await fed(value, report('final', [value]));
    expect((await site.messages())[0]).toContain('potassium 6.80 mmol/L (HH)');
  });

  it('without a report is its own focus', async () => {
    const lone = { ...potassium, basedOn: [{ reference: 'ServiceRequest/order' }] };
    await fed(lone);
    expect(await site.one('Task')).toMatchObject({
      focus: { reference: 'Observation/potassium' },
      owner: { reference: 'Practitioner/dr' },
    });
    expect(await site.messages()).toHaveLength(1);
  });
});

describe('the ordering doctor is', () => {
  const people = { reference: 'Practitioner/reader' };
  it.each([
    ['the requester of the order', {}, 'Practitioner/dr'],
    ['else who interprets', { basedOn: [], resultsInterpreter: [people] }, 'Practitioner/reader'],
    [
      'else who attends the encounter',
      { basedOn: [], encounter: { reference: 'Encounter/stay' } },
      'Practitioner/att',
    ],
  ])('%s', async (_, more, owner) => {
    const attending = stay('in-progress', {
      participant: [
        { individual: { reference: 'Practitioner/other' } },
        { type: [{ coding: [{ code: 'ATND' }] }], individual: { reference: 'Practitioner/att' } },
      ],
    });
    await fed(attending, potassium, report('final', [potassium], more));
    expect(await site.one('Task')).toMatchObject({ owner: { reference: owner } });
  });

  it('else who performed the test, and nobody: the results desk', async () => {
    const performed = { ...potassium, performer: [{ reference: 'Practitioner/tech' }] };
    await fed(performed, report('final', [performed], { basedOn: [] }));
    expect(await site.one('Task')).toMatchObject({ owner: { reference: 'Practitioner/tech' } });
    await site.close();
    await fed(potassium, report('final', [potassium], { basedOn: [] }));
    const desk = { identifier: { system: 'urn:weir:department', value: 'results' } };
    expect(await site.one('Task')).toMatchObject({ owner: { type: 'Organization', ...desk } });
  });
});
