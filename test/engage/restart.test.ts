import { afterEach, describe, expect, it } from 'vitest';
import { compileRules } from '../../src/engage/rules.ts';
import type { Store } from '../../src/store/store.ts';
import { appointment, order, patient, report, result, stay } from './records.ts';
import { openSite, storeKinds, type Site } from './site.ts';

let site: Site;
afterEach(() => site.close());

const start = '2026-03-08T09:00:00-04:00';
const later = '2026-03-12T14:00:00-04:00';
const potassium = result('potassium', 6.8, 'HH');

/** A day of a hospital: results, a booking that moves, a discharge. */
async function play(onto: Site): Promise<void> {
  await onto.feed(patient('p'), order(), stay('in-progress'), appointment('booked', start));
  await onto.feed(potassium, report('final', [potassium]));
  await onto.feed(appointment('booked', later), stay('finished'));
}

/** Everything the room wrote, without the times of writing. */
async function written(from: Site): Promise<readonly string[]> {
  const types = ['Task', 'Communication', 'CommunicationRequest', 'Provenance'];
  const found = (await Promise.all(types.map((type) => from.all(type)))).flat();
  return found.map((each) => `${each.resourceType} ${each.id} ${String(each['status'])}`).sort();
}

describe.each(storeKinds)('on %s', (kind) => {
  it('an event committed while nobody was there is handled after the start, once', async () => {
    site = await openSite(kind);
    await play(site);
    await site.restart();
    await site.settle();
    const once = await written(site);
    expect(await site.all('Task')).toHaveLength(2);
    expect(await site.messages()).toHaveLength(5);
    await site.restart();
    await site.settle();
    expect(await written(site)).toEqual(once);
  });

  it('a reminder that fell due while nobody was there is sent once after the start', async () => {
    site = await openSite(kind);
    await site.feed(patient('p'), appointment('booked', start));
    await site.settle();
    await site.restart();
    site.now = new Date('2026-03-07T18:00:00Z');
    await site.settle();
    await site.restart();
    await site.settle();
    expect((await site.messages()).filter((each) => each.includes('Reminder'))).toHaveLength(1);
  });

  it('one that is of no use any more expires and says so', async () => {
    site = await openSite(kind);
    await site.feed(patient('p'), appointment('booked', start));
    await site.settle();
    await site.restart();
    await site.at('2026-03-08T11:30:00Z');
    const found = await site.all('Communication');
    expect(found.filter((each) => each['status'] === 'not-done')).toMatchObject([
      { statusReason: { coding: [{ code: 'expired' }] } },
    ]);
    expect(await site.plans('reminder')).toEqual(['revoked 2026-03-07T09:00:00-05:00']);
  });

  it('two processes at once give what one gives', async () => {
    site = await openSite(kind);
    await play(site);
    const [one, other] = [site.startEngage(), site.startEngage()];
    await Promise.all([one.idle(), other.idle()]);
    await Promise.all([one.idle(), other.idle()]);
    const both = await written(site);
    await Promise.all([one.stop(), other.stop()]);
    const alone = await openSite();
    await play(alone);
    await alone.settle();
    expect(both).toEqual(await written(alone));
    await alone.close();
  });
});

/** The process dies at the n-th commit: before it, or after it without hearing of it. */
function dyingAt(store: Store, commits: number, when: 'before' | 'after'): Store {
  let count = 0;
  return {
    ...store,
    commit: async (commit) => {
      count += 1;
      if (count > commits || (count === commits && when === 'before')) throw new Error('killed');
      const done = await store.commit(commit);
      if (count === commits) throw new Error('killed');
      return done;
    },
  };
}

describe('killed at any commit, before or after it', () => {
  it.each(
    Array.from({ length: 12 }, (_, index) => index + 1).flatMap((nth) => [
      [nth, 'before'] as const,
      [nth, 'after'] as const,
    ]),
  )('%i %s: nothing is lost or doubled', async (nth, when) => {
    const calm = await openSite();
    await play(calm);
    await calm.settle();
    site = await openSite();
    await play(site);
    const sound = site.store;
    site.store = dyingAt(sound, nth, when);
    await site.settle().catch(() => undefined);
    await site.engage?.stop();
    site.engage = undefined;
    site.store = sound;
    // A job that was held by the dead process comes back when its lease has run out.
    for (const moment of [site.now, calm.now]) {
      moment.setTime(moment.getTime() + 61_000);
    }
    await site.settle();
    await calm.settle();
    expect(await written(site)).toEqual(await written(calm));
    await calm.close();
  });
});

it('an event that is handed out again after it was done has no second effect', async () => {
  site = await openSite();
  await play(site);
  const events = await site.store.outbox.pending(100);
  await site.settle();
  const once = await written(site);
  await site.engage?.stop();
  const { store } = site;
  let handedOut = false;
  const stale: Store = {
    ...store,
    outbox: {
      ...store.outbox,
      pending: async () => {
        if (handedOut) return [];
        handedOut = true;
        return events;
      },
    },
  };
  site.store = stale;
  site.engage = undefined;
  await site.settle();
  expect(handedOut).toBe(true);
  site.store = store;
  expect(await written(site)).toEqual(once);
});

it('where another process marked some of a batch, the rest is marked in one commit more', async () => {
  site = await openSite();
  for (let n = 0; n < 40; n++) await site.feed(patient(`p${String(n)}`));
  const { store, now } = site;
  const done = (await store.outbox.pending(15)).map(({ position }) => ({ position }));
  let commits = 0;
  site.store = {
    ...store,
    commit: async (commit) => {
      commits += 1;
      const others = { now, changes: [], outboxDone: done, origin: 'engage' };
      if (commits === 1) await store.commit(others);
      return store.commit(commit);
    },
  };
  await site.settle();
  expect(commits).toBe(2);
  expect(await store.outbox.pending(1)).toEqual([]);
});

it('what the room writes itself sets off nothing', async () => {
  site = await openSite();
  await play(site);
  await site.settle();
  expect(await site.store.outbox.pending(10)).toEqual([]);
  const fired = site.lines.filter(({ message }) => message === 'rule fired').length;
  await site.settle();
  expect(site.lines.filter(({ message }) => message === 'rule fired')).toHaveLength(fired);
});

it('a rule about messages is not set off by the messages of rules', async () => {
  const settings =
    'channels: {patient: [in-app], staff: [in-app]}\ndepartments: {nursing: Nursing}';
  const pack = `
pack: echo
title: Echo
templates: {echo: "Echo"}
rules:
  - id: echo
    version: 1
    mode: live
    title: Echo
    on: [{resource: Communication, change: [create]}]
    steps: [{name: say, do: communication, to: "dept:nursing", category: echo, template: echo}]
    examples: [{name: one, now: "2026-01-01T00:00:00Z", event: {resourceType: Communication, id: c}, expect: [{step: say}]}]
`;
  const files = [
    { name: 'settings.yaml', text: settings },
    { name: 'echo.yaml', text: pack },
  ];
  site = await openSite('memory', { rules: compileRules([files]) });
  await site.feed({ resourceType: 'Communication', id: 'first', status: 'completed' });
  await site.settle();
  expect(await site.all('Communication')).toHaveLength(2);
});

it('logs no patient data', async () => {
  site = await openSite();
  await site.feed(patient('p', { name: [{ family: 'Quarrington' }] }), order());
  await site.feed(potassium, report('final', [potassium]));
  await site.settle();
  expect(site.lines.length).toBeGreaterThan(0);
  expect(JSON.stringify(site.lines)).not.toMatch(/Quarrington|6\.8|Metabolic/);
});
