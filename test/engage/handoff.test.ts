import { afterEach, describe, expect, it } from 'vitest';
import type { IdentifiedResource } from '../../src/fhir/resource.ts';
import { order, patient, report, result, stay } from './records.ts';
import { openSite, reasonOf, type Site } from './site.ts';

let site: Site;
afterEach(() => site.close());

async function discharged(more: object = {}): Promise<void> {
  site = await openSite();
  await site.feed(patient('p'), order('order'), order('second'), stay('in-progress'));
  await site.settle();
  await site.feed(stay('finished', more));
  await site.settle();
}

it('a discharge hands over with what is open', async () => {
  site = await openSite();
  const value = result('potassium', 6.8, 'HH');
  await site.feed(patient('p'), order('order'), order('second'), stay('in-progress'));
  await site.feed(value, report('final', [value]), {
    resourceType: 'MedicationRequest',
    id: 'm',
    status: 'active',
    intent: 'order',
    subject: { reference: 'Patient/p' },
  });
  await site.feed(stay('finished'));
  await site.settle();
  const handoffs = (await site.all('Task')).filter((task) =>
    JSON.stringify(task['code']).includes('handoff'),
  );
  expect(handoffs).toMatchObject([
    {
      status: 'requested',
      encounter: { reference: 'Encounter/stay' },
      for: { reference: 'Patient/p' },
      owner: { identifier: { value: 'care-coordination' } },
      input: [
        { type: { text: 'Open orders' }, valueInteger: 2 },
        { type: { text: 'Results not reviewed' }, valueInteger: 1 },
        { type: { text: 'Active medications' }, valueInteger: 1 },
      ],
    },
  ]);
});

/** What two records become when `from` is merged into `to`: what was the one's is the other's. */
function merged(
  from: string,
  to: string,
  theirs: readonly IdentifiedResource[],
): readonly IdentifiedResource[] {
  const link = (other: string, type: string): object => ({
    link: [{ other: { reference: `Patient/${other}` }, type }],
  });
  return [
    patient(from, { active: false, ...link(to, 'replaced-by') }),
    patient(to, link(from, 'replaces')),
    ...theirs.map((each) => ({ ...each, subject: { reference: `Patient/${to}` } })),
  ];
}

describe.each([
  ['all is turned to the survivor', ['order', 'second']],
  ['some is still with the prior', ['order']],
])('of somebody who is merged before the rule runs, when %s', (_, turned) => {
  it.each([
    ['hands over what is open all the same', {}],
    ['hands over what is open of the survivor too', { subject: { reference: 'Patient/q' } }],
  ])('%s', async (_, visit) => {
    site = await openSite();
    const orders = ['order', 'second'].map((id) => order(id));
    await site.feed(patient('p'), patient('q'), ...orders, stay('in-progress', visit));
    await site.feed(stay('finished', visit));
    await site.feed(
      ...merged(
        'p',
        'q',
        orders.filter(({ id }) => turned.includes(id)),
      ),
    );
    await site.settle();
    expect(await site.one('Task')).toMatchObject({ input: [{ valueInteger: 2 }, {}, {}] });
  });
});

it('a discharge to an organization hands over to it', async () => {
  await discharged({ hospitalization: { destination: { reference: 'Organization/rehab' } } });
  expect(await site.one('Task')).toMatchObject({ owner: { reference: 'Organization/rehab' } });
});

it('a discharge by death hands over nothing', async () => {
  await discharged({ hospitalization: { dischargeDisposition: { coding: [{ code: '20' }] } } });
  expect(await site.all('Task')).toEqual([]);
});

it('a cancelled discharge cancels the Task, and another discharge opens it again', async () => {
  await discharged();
  const { id } = await site.one('Task');
  await site.feed(stay('in-progress'));
  await site.settle();
  const cancelled = await site.one('Task');
  expect([cancelled.id, cancelled['status'], reasonOf(cancelled)]).toEqual([
    id,
    'cancelled',
    'Discharge cancelled',
  ]);
  await site.feed(stay('finished', { period: { end: '2026-03-02' } }));
  await site.settle();
  expect(await site.one('Task')).toMatchObject({ id, status: 'requested' });
});

it('a Task that was completed is not cancelled, and one that was deleted is not brought back', async () => {
  await discharged();
  const task = await site.one('Task');
  await site.feed({ ...task, id: task.id ?? '', status: 'completed' });
  await site.feed(stay('in-progress'));
  await site.settle();
  expect((await site.one('Task'))['status']).toBe('completed');
  await site.remove('Task', task.id ?? '');
  await site.feed(stay('finished'));
  await site.settle();
  expect(await site.all('Task')).toEqual([]);
});

it('says why: rule, version and the version of the resource that set it off', async () => {
  await discharged();
  const task = await site.one('Task');
  expect(await site.one('Provenance')).toMatchObject({
    target: [{ reference: `Task/${task.id}` }],
    agent: [{ who: { identifier: { system: 'urn:weir:rule', value: 'discharge-handoff|1' } } }],
    entity: [{ role: 'source', what: { reference: 'Encounter/stay/_history/2' } }],
  });
});
