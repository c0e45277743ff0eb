import { afterEach, describe, expect, it } from 'vitest';
import type { IdentifiedResource } from '../../src/fhir/resource.ts';
import { appointment, optOut, patient } from './records.ts';
import { openSite, reasonOf, type Site } from './site.ts';

let site: Site;
afterEach(() => site.close());

const start = '2026-03-12T09:00:00-04:00';
const due = '2026-03-11T13:00:00Z';

/** Books, lets `then` happen, and waits for the reminder. */
async function remindedAfter(...then: IdentifiedResource[]): Promise<void> {
  site = await openSite();
  await site.feed(patient('p'), appointment('booked', start));
  await site.settle();
  await site.feed(...then);
  await site.at(due);
}

/** The reason why the reminder was not sent. */
async function reason(): Promise<string | undefined> {
  const notDone = (await site.all('Communication')).filter((each) => each['status'] === 'not-done');
  expect(notDone.length).toBeLessThan(2);
  return notDone[0] && reasonOf(notDone[0]);
}

describe('a reminder says why it was not sent', () => {
  it.each<[string, IdentifiedResource]>([
    ['deceased', patient('p', { deceasedDateTime: '2026-03-05' })],
    ['inactive', patient('p', { active: false })],
    ['superseded', appointment('arrived', start)],
    ['opt-out', optOut()],
    [
      'merged',
      patient('p', { link: [{ type: 'replaced-by', other: { reference: 'Patient/lost' } }] }),
    ],
  ])('%s', async (expected, then) => {
    await remindedAfter(then);
    expect(await reason()).toBe(expected);
    const request = (await site.all('CommunicationRequest')).find(
      (each) => each['status'] === 'revoked',
    );
    expect(request && reasonOf(request)).toBe(expected);
    expect(await site.store.jobs.list('', 10)).toEqual([]);
  });

  it('frequency-cap', async () => {
    const sent: IdentifiedResource[] = Array.from({ length: 10 }, (_, index) => ({
      resourceType: 'Communication',
      id: `other-${index}`,
      status: 'completed',
      sent: '2026-03-11T12:00:00Z',
      recipient: [{ reference: 'Patient/p' }],
    }));
    await remindedAfter(...sent);
    expect(await reason()).toBe('frequency-cap');
  });

  it('but goes out where the same messages are older than the cap looks', async () => {
    const sent: IdentifiedResource[] = Array.from({ length: 10 }, (_, index) => ({
      resourceType: 'Communication',
      id: `other-${index}`,
      status: 'completed',
      sent: '2026-03-10T12:00:00Z',
      recipient: [{ reference: 'Patient/p' }],
    }));
    await remindedAfter(...sent);
    expect(await reason()).toBeUndefined();
    expect(await site.plans('reminder')).toEqual(['completed 2026-03-11T09:00:00-04:00']);
  });
});

it('a reminder that someone revoked is not sent', async () => {
  site = await openSite();
  await site.feed(patient('p'), appointment('booked', start));
  await site.settle();
  const plan = (await site.all('CommunicationRequest')).find((each) => each['status'] === 'active');
  if (plan?.id === undefined) throw new Error('nothing was planned');
  await site.feed({ ...plan, id: plan.id, status: 'revoked' });
  await site.at(due);
  expect((await site.messages()).filter((each) => each.includes('Reminder'))).toEqual([]);
  expect(await site.store.jobs.list('', 10)).toEqual([]);
});

describe('a reminder that is sent all the same', () => {
  it('goes to the record that survived a merge', async () => {
    await remindedAfter(
      patient('survivor'),
      patient('p', {
        active: false,
        link: [{ type: 'replaced-by', other: { reference: 'Patient/survivor' } }],
      }),
    );
    expect((await site.messages()).filter((each) => each.includes('Reminder'))).toEqual([
      'completed Patient/survivor: Reminder: your appointment is on Thursday 12 March 2026, 09:00.',
    ]);
  });

  it('waits for the end of quiet hours', async () => {
    site = await openSite();
    await site.feed(patient('p'), appointment('booked', '2026-03-12T07:00:00-04:00'));
    await site.at('2026-03-11T11:00:00Z');
    expect(await site.plans('reminder')).toEqual(['active 2026-03-11T07:00:00-04:00']);
    await site.at('2026-03-11T11:59:59Z');
    expect(await site.plans('reminder')).toEqual(['active 2026-03-11T07:00:00-04:00']);
    await site.at('2026-03-11T12:00:00Z');
    expect(await site.plans('reminder')).toEqual(['completed 2026-03-11T07:00:00-04:00']);
  });
});

it('a template that lacks a value greets nobody as undefined', async () => {
  site = await openSite();
  await site.feed(patient('p'), appointment('booked', start, { participant: [] }));
  await site.settle();
  expect(await site.messages()).toContainEqual(expect.stringMatching(/^not-done nobody/));
  expect(await reason()).toBe('no-channel');
});
