import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { compileRules, type RuleBook } from '../../src/engage/rules.ts';
import { simulate } from '../../src/engage/simulate.ts';
import { start } from '../../src/engage/start.ts';
import { limits } from '../../src/limits.ts';
import { loopShare, Share } from '../../src/ops/share.ts';
import type { Store } from '../../src/store/store.ts';
import { appointment, patient, result } from './records.ts';
import { baseRules, openSite, type Site } from './site.ts';

let site: Site;
afterEach(async () => {
  vi.useRealTimers();
  await site.close();
});

const visit = appointment('booked', '2026-03-08T09:00:00-04:00');

function book(rules: string): RuleBook {
  const settings =
    'channels: {patient: [in-app], staff: [in-app]}\ndepartments: {nursing: Nursing}';
  const head = 'pack: pack\ntitle: Pack\ntemplates: {hello: Hello}\nrules:\n';
  return compileRules([
    [
      { name: 'settings.yaml', text: settings },
      { name: 'pack.yaml', text: head + rules },
    ],
  ]);
}
function rule(id: string, mode: string, step: string): string {
  return `  - id: ${id}
    version: 1
    mode: ${mode}
    title: A rule
    on: [{resource: Appointment, change: [create]}]
    steps: [${step}]
    examples: [{name: one, now: "2026-01-01T00:00:00Z", event: {resourceType: Appointment, id: a}, expect: []}]
`;
}
const hello = '{name: say, do: communication, to: patient, category: hello, template: hello}';
const breaks =
  '{name: work, do: task, code: work, owner: "dept:nursing", description: Work, state: "{{ focus.nothing }}"}';

describe('a rule that breaks', () => {
  it('leaves a Task for those who run the interfaces, and the others go on', async () => {
    const rules = book(rule('broken', 'live', breaks) + rule('hello', 'live', hello));
    site = await openSite('memory', { rules });
    await site.feed(patient('p'), visit);
    await site.settle();
    expect(await site.messages()).toEqual(['completed Patient/p: Hello']);
    expect(await site.one('Task')).toMatchObject({
      code: { coding: [{ code: 'rule-failed' }] },
      focus: { reference: 'Appointment/visit' },
      owner: { identifier: { value: 'integration' } },
      description: 'Rule broken, version 1, failed; the log says why',
    });
    expect(await site.store.outbox.pending(10)).toEqual([]);
  });
});

describe('a rule in shadow', () => {
  it('is logged, and nothing is written', async () => {
    site = await openSite('memory', { rules: book(rule('hello', 'shadow', hello)) });
    await site.feed(patient('p'), visit);
    await site.settle();
    expect(site.lines).toContainEqual({
      rule: 'hello',
      version: 1,
      mode: 'shadow',
      focus: 'Appointment/visit',
      message: 'rule fired',
    });
    expect(await site.all('CommunicationRequest')).toEqual([]);
  });
});

describe('a rule that is withdrawn', () => {
  it('leaves what it had planned unsent, with that reason', async () => {
    site = await openSite();
    await site.feed(patient('p'), visit);
    await site.settle();
    await site.engage?.stop();
    const without = { ...baseRules, rule: () => undefined };
    const later = new Date('2026-03-07T14:00:00Z');
    const log = { info: () => 0, warn: () => 0, error: () => 0 };
    const next = start({ store: site.store, rules: without, clock: () => later, log, zone: 'UTC' });
    await next.idle();
    await next.stop();
    expect(await site.messages()).toContainEqual(expect.stringMatching(/^not-done/));
    expect(JSON.stringify(await site.all('Communication'))).toContain('rule-withdrawn');
  });
});

describe('the room', () => {
  it('is woken by a commit', async () => {
    site = await openSite();
    site.engage = site.startEngage();
    await site.engage.idle();
    await site.feed(patient('p'), visit);
    await vi.waitFor(async () => expect(await site.messages()).toHaveLength(1));
  });

  it('is woken by the tick when a job falls due', async () => {
    site = await openSite();
    await site.feed(patient('p'), visit);
    await site.settle();
    await site.restart();
    vi.useFakeTimers({ now: site.now });
    site.engage = site.startEngage();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await site.messages()).toHaveLength(1);
    site.now = new Date('2026-03-07T14:00:00Z');
    await vi.advanceTimersByTimeAsync(16_000);
    expect(await site.messages()).toHaveLength(2);
  });

  it('has its share of the thread: others have a turn when it is used up, and not before', async () => {
    site = await openSite('memory', { rules: book(rule('hello', 'shadow', hello)) });
    const visits = Array.from({ length: 30 }, (_, n) => ({ ...visit, id: `visit-${String(n)}` }));
    /** Turns of others while so many events are handled, each step of which takes so long. */
    const turnsOf = async (stepMs: number): Promise<number> => {
      await site.feed(patient('p'), ...visits.map((one) => ({ ...one, comment: `${stepMs} ms` })));
      let now = 0;
      let turns = 0;
      const others = async (): Promise<void> => {
        turns += 1;
        await setImmediate();
      };
      const engage = site.startEngage({ share: new Share({ now: () => (now += stepMs), others }) });
      await engage.idle();
      await engage.stop();
      expect(await site.store.outbox.pending(1)).toEqual([]);
      return turns;
    };
    expect(await turnsOf(limits.shareMsMin)).toBeGreaterThan(visits.length);
    expect(await turnsOf(limits.shareMsMin / 1_000)).toBe(1);
  });

  it('reads nothing of an event that can set off no rule', async () => {
    site = await openSite('memory', { rules: book(rule('hello', 'live', hello)) });
    await site.feed(patient('p'), visit);
    await site.settle();
    const read = vi.spyOn(site.store, 'readVersion');
    await site.feed(patient('p', { active: false }));
    await site.remove('Appointment', 'visit');
    await site.settle();
    expect(read).not.toHaveBeenCalled();
    expect(await site.store.outbox.pending(1)).toEqual([]);
    // Of a version that follows a deletion the row does not tell whether it is a first one.
    await site.feed(visit);
    await site.settle();
    expect(read).toHaveBeenCalled();
    expect((await site.messages()).length).toBeGreaterThan(0);
  });

  it('asks for more of the thread while events are late', async () => {
    site = await openSite();
    const share = loopShare();
    const { outbox } = site.store;
    const asked: boolean[] = [];
    const pending: typeof outbox.pending = async (...page) => {
      asked.push(share.isLate);
      return outbox.pending(...page);
    };
    site.store = { ...site.store, outbox: { ...outbox, pending } };
    const engage = site.startEngage({ share });
    await site.feed(patient('p'));
    await engage.idle();
    expect(asked).not.toContain(true);
    await site.feed(patient('late'));
    site.now = new Date(site.now.getTime() + limits.eventLateMs + 1);
    await engage.idle();
    expect(asked).toContain(true);
    expect(share.isLate).toBe(false);
    await engage.stop();
  });

  it('stops after what it has taken, and takes nothing more', async () => {
    site = await openSite();
    await site.feed(patient('p'), visit);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const sound = site.store;
    let commits = 0;
    site.store = {
      ...sound,
      commit: async (commit) => {
        commits += 1;
        await held;
        return sound.commit(commit);
      },
    };
    const engage = site.startEngage();
    await vi.waitFor(() => expect(commits).toBeGreaterThan(0));
    let stopped = false;
    const stopping = engage.stop().then(() => {
      stopped = true;
    });
    await Promise.resolve();
    expect(stopped).toBe(false);
    release();
    await stopping;
    expect(await site.plans('reminder')).toHaveLength(1);
    expect(await site.messages()).toEqual([]);
    await site.feed(appointment('booked', '2026-03-09T09:00:00-04:00', { id: 'other' }));
    await engage.idle();
    expect(await site.plans('reminder')).toHaveLength(1);
    site.store = sound;
  });

  it('says so when the store fails, and goes on when it is back', async () => {
    site = await openSite();
    const sound = site.store;
    let down = true;
    const shaky: Store = {
      ...sound,
      outbox: {
        ...sound.outbox,
        pending: async (...page) => {
          if (down) throw new Error('disk is full');
          return sound.outbox.pending(...page);
        },
      },
    };
    site.store = shaky;
    await site.feed(patient('p'), visit);
    await expect(site.settle()).rejects.toThrow('disk is full');
    down = false;
    await site.settle();
    expect(await site.messages()).toHaveLength(1);
  });

  it('does not blame a rule for a store that cannot be read', async () => {
    site = await openSite();
    const sound = site.store;
    let failures = 1;
    site.store = {
      ...sound,
      search: async (query) => {
        if (failures-- > 0) throw new Error('disk is slow');
        return sound.search(query);
      },
    };
    await site.feed(result('potassium', 6.8, 'HH'));
    await expect(site.settle()).rejects.toThrow('The store could not be read');
    await site.settle();
    expect(await site.one('Task')).toMatchObject({ code: { coding: [{ code: 'review-result' }] } });
  });

  it('leaves a job that nobody knows where it is, and says so', async () => {
    site = await openSite();
    const job = { key: 'x', kind: 'x', dueAt: site.now, payload: '{}', attempts: 0 };
    await site.store.commit({
      now: site.now,
      changes: [],
      jobs: [{ op: 'put', job }],
      origin: 'test',
    });
    await site.feed(patient('p'), visit);
    await site.settle();
    expect(await site.messages()).toHaveLength(1);
    expect(site.lines).toContainEqual(
      expect.objectContaining({ message: 'job failed', kind: 'x' }),
    );
    expect(await site.store.jobs.list('x', 1)).toHaveLength(1);
  });
});

it('rules can be tried on events without writing anything', async () => {
  site = await openSite();
  const event = { ...visit, status: 'cancelled' };
  const now = '2026-03-02T15:00:00Z';
  const found = await simulate(baseRules, [
    { now, zone: 'America/New_York', resources: [], event: visit },
    { now, zone: 'America/New_York', resources: [], previous: visit, event },
  ]);
  expect(found.map(({ rule: id, step, at }) => [id, step, at])).toEqual([
    ['appointment-messages', 'replace', undefined],
    ['appointment-messages', 'confirmation', '2026-03-02T10:00:00-05:00'],
    ['appointment-messages', 'reminder', '2026-03-07T09:00:00-05:00'],
    ['appointment-off', 'messages', undefined],
    ['appointment-off', 'survey', undefined],
  ]);
});
