import { describe, expect, it } from 'vitest';
import { defaultFeed, type Feed } from '../../src/feed/feed.ts';
import { alarmFault, alarmSettings, defaultAlarms } from '../../src/feed/alarm-settings.ts';
import { alarmsOf, type AlarmSettings, type Observation } from '../../src/feed/alarm.ts';
import { hourOfWeek, learn, missedBetween, type Rhythm } from '../../src/feed/alarm-rhythm.ts';
import { alarmTaskId } from '../../src/feed/alarm-task.ts';
import { raisedAlarms, watchFeeds } from '../../src/feed/alarm-watch.ts';
import { parseFeed } from '../../src/feed/feed-file.ts';
import type { IdentifiedResource } from '../../src/fhir/resource.ts';
import { validateResource } from '../../src/fhir/validate.ts';
import { limits } from '../../src/limits.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { JournalEntry, Store } from '../../src/store/store.ts';
import { folders, storesUnderTest } from '../property/stores-under-test.ts';
import { keepLog } from './mllp-peer.ts';

const minute = 60_000;
/** A Monday. */
const monday = Date.parse('2026-05-04T10:00:00Z');

describe('when an alarm holds', () => {
  const calm: Observation = {
    at: new Date(monday),
    total: 100,
    failed: 0,
    unsettled: 0,
    missed: 0,
    missedMax: 1,
    lastAt: new Date(monday),
  };
  const before = [{ at: monday - 15 * minute, total: 0, failed: 0 }];
  const ago = (minutes: number): Date => new Date(monday - minutes * minute);
  const rows: readonly [string, Partial<Observation>, Record<string, string>][] = [
    ['nothing is wrong', {}, {}],
    ['the oldest is as old as it may be', { oldestAt: ago(15) }, {}],
    [
      'the oldest is older',
      { oldestAt: ago(16) },
      { age: 'A message waits for 16 min to be processed' },
    ],
    [
      'the oldest is days old',
      { oldestAt: ago(1500) },
      { age: 'A message waits for 1 d 1 h to be processed' },
    ],
    ['as many wait as may', { unsettled: 2000 }, {}],
    ['more wait', { unsettled: 2001 }, { queue: '2001 messages wait to be processed' }],
    ['a fifth failed', { failed: 20 }, {}],
    ['more failed', { failed: 21 }, { errors: '21 % of 100 messages failed in 15 min' }],
    ['more failed of a few', { total: 6, failed: 4 }, {}],
    ['rows were removed meanwhile', { total: 0, failed: 0 }, {}],
    ['it was silent as long as it may', { missed: 1, lastAt: ago(60) }, {}],
    [
      'it is silent for longer',
      { missed: 1.1, lastAt: ago(66) },
      { silence: 'No message for 1 h 6 min, which is longer than it should be' },
    ],
    [
      'it is stopped',
      { stop: { message: 'm1' } },
      { stopped: 'The feed is stopped since message m1 failed' },
    ],
    ['it was told to go on', { stop: { message: 'm1', resuming: true } }, {}],
  ];
  it.each(rows)('%s', (_, change, expected) => {
    expect(Object.fromEntries(alarmsOf(defaultAlarms, { ...calm, ...change }, before))).toEqual(
      expected,
    );
  });

  it('errors count within the window only', () => {
    const samples = [
      { at: monday - 60 * minute, total: 0, failed: 0 },
      { at: monday - 15 * minute, total: 50, failed: 50 },
      { at: monday - minute, total: 99, failed: 50 },
    ];
    expect([...alarmsOf(defaultAlarms, { ...calm, failed: 52 }, samples)]).toEqual([]);
    expect([...alarmsOf(defaultAlarms, { ...calm, failed: 62 }, samples)]).toHaveLength(1);
  });
});

describe('how many messages are missed', () => {
  const rows = alarmSettings(
    { silence: { 'mon-fri 08-18': 'PT10M', 'sat,sun 00-24': 'PT4H' } },
    undefined,
  ).silence;
  const between = (from: string, to: string, zone = 'UTC') =>
    missedBetween([new Date(from), new Date(to)], { silence: rows, rhythm: {}, zone }).missed;

  it.each([
    ['ten minutes in office hours', '2026-05-04T10:00Z', '2026-05-04T10:10Z', 1],
    ['a night', '2026-05-04T18:00Z', '2026-05-05T08:00Z', 0],
    ['a night, and five minutes of the morning', '2026-05-04T17:55Z', '2026-05-05T08:05Z', 1],
    ['a Saturday morning', '2026-05-09T08:00Z', '2026-05-09T12:00Z', 1],
    ['no time', '2026-05-04T10:00Z', '2026-05-04T10:00Z', 0],
  ])('%s', (_, from, to, missed) => {
    expect(between(from, to)).toBeCloseTo(missed);
  });

  it('by the clock of the feed, also where that jumps, and where zones are at quarters', () => {
    expect(between('2026-05-04T06:00Z', '2026-05-04T06:10Z', 'Europe/Rome')).toBeCloseTo(1);
    expect(between('2026-05-04T02:10Z', '2026-05-04T02:20Z', 'Asia/Kathmandu')).toBeCloseTo(0.5);
    expect(between('2026-03-28T23:00Z', '2026-03-29T22:00Z', 'Europe/Rome')).toBeCloseTo(23 / 4);
  });

  it('what is learned counts from the second week on, and ten must be missed', () => {
    const given = (rhythm: Rhythm) => ({ silence: 'learned' as const, rhythm, zone: undefined });
    const hour = hourOfWeek(new Date(monday), undefined);
    const once = learn({}, hour, 60);
    const span = [new Date(monday), new Date(monday + 11 * minute)] as const;
    expect(missedBetween(span, given(once)).missed).toBe(0);
    const twice = learn(once, hour, 60);
    expect(missedBetween(span, given(twice))).toEqual({ missed: 11, missedMax: 10 });
    expect(learn(twice, hour, 0)[String(hour)]).toEqual({ perHour: 42, weeks: 3 });
  });

  it('off is never', () => {
    const given = { silence: 'off' as const, rhythm: {}, zone: undefined };
    expect(missedBetween([new Date(0), new Date(monday)], given)).toEqual({
      missed: 0,
      missedMax: 1,
    });
  });
});

describe('alarms in a feed file', () => {
  const fileOf = (text: string) => parseFeed(`feed: x\n${text}\n`, 'x.feed.yaml');
  it('are the defaults where it says nothing, and three times expectedEvery', () => {
    expect(fileOf('').feed?.alarms).toEqual(defaultAlarms);
    expect(fileOf('expectedEvery: PT10M').feed?.alarms?.silence).toMatchObject([
      { everyMs: 30 * minute },
    ]);
  });
  it('are as it says', () => {
    const text =
      "alarms: { age: PT5M, errorRate: 0.5, errors: 1, errorWindow: PT1H, queue: 10, silence: { 'mon,wed-thu 08-18': PT5M } }";
    expect(fileOf(text).feed?.alarms).toEqual({
      ageMs: 5 * minute,
      errorRate: 0.5,
      errorsMin: 1,
      errorWindowMs: 60 * minute,
      queueDepth: 10,
      silence: [{ days: [1, 3, 4], from: 8, until: 18, everyMs: 5 * minute }],
    });
    expect(fileOf('alarms: { silence: PT1H }').feed?.alarms?.silence).toMatchObject([
      { from: 0, until: 24, everyMs: 60 * minute },
    ]);
  });
  it.each([
    ['{ ages: PT1M }', 'alarms has no ages'],
    ['{ age: 5 }', 'alarms.age is wrong'],
    ['{ age: PT0S }', 'alarms.age is wrong'],
    ['{ errorRate: 2 }', 'alarms.errorRate is wrong'],
    ['{ queue: -1 }', 'alarms.queue is wrong'],
    ['{ silence: sometimes }', 'alarms.silence is wrong'],
    ["{ silence: { 'fri-mon 08-18': PT5M } }", 'alarms.silence is wrong'],
    ["{ silence: { 'mon 18-08': PT5M } }", 'alarms.silence is wrong'],
    ["{ silence: { 'mon 08-25': PT5M } }", 'alarms.silence is wrong'],
    ['loud', 'alarms is {'],
  ])('%s is refused', (text, message) => {
    expect(fileOf(`alarms: ${text}`).faults[0]?.message).toContain(message);
    expect(alarmFault(undefined)).toContain('alarms is {');
  });
});

const settings: AlarmSettings = { ...defaultAlarms, silence: 'off' };
const ehr: Feed = { ...defaultFeed, name: 'ehr', title: 'The EHR', alarms: settings };

for (const { name, open, ...rest } of [
  { name: 'memory', open: async (): Promise<Store> => openMemoryStore() },
  ...storesUnderTest,
]) {
  describe(`Tasks, on ${name}`, () => {
    if (open === undefined) {
      it.skip('absent' in rest ? String(rest.absent) : 'absent', () => undefined);
      return;
    }
    const opened = async (feed: Feed = ehr) => {
      const store = await open();
      let at = monday;
      let rows = 0;
      const watching = { store, feeds: () => [feed], clock: () => new Date(at), log: keepLog() };
      return {
        store,
        watching,
        tick: async (times = 1): Promise<void> => {
          for (let count = 0; count < times; count += 1) {
            at += limits.alarmTickMs;
            await watchFeeds(watching);
          }
        },
        append: async (
          state: JournalEntry['state'],
          change: Partial<JournalEntry> = {},
        ): Promise<JournalEntry> => {
          rows += 1;
          const id = `r${String(rows).padStart(6, '0')}`;
          const entry: JournalEntry = {
            ...{ id, feed: 'ehr', peer: 'p', receivedAt: new Date(at), controlId: id },
            ...{ messageType: 'ADT^A08', hash: id, bytes: Buffer.from('x'), state, attempts: 1 },
            ...change,
          };
          await store.journal.append(entry);
          return entry;
        },
        settle: (entry: JournalEntry) =>
          store.commit({
            ...{ now: new Date(at), origin: 'test', changes: [] },
            journal: [{ ...entry, state: 'processed' }],
          }),
        task: async (kind: 'age' | 'errors' | 'silence') => {
          const stored = await store.read('Task', alarmTaskId('ehr', kind));
          return stored && (JSON.parse(stored.body) as IdentifiedResource);
        },
        close: async () => {
          await store.close();
          folders.remove();
        },
      };
    };

    it('one is opened when an alarm begins, stays one, and is closed when it is over', async () => {
      const site = await opened();
      const waiting = await site.append('received');
      await site.tick(10);
      expect(await site.task('age')).toBeUndefined();
      await site.tick(30);
      const raised = await site.task('age');
      expect(raised).toMatchObject({
        status: 'requested',
        description: 'The EHR: A message waits for 16 min to be processed',
        meta: { versionId: '1' },
      });
      expect(
        raised && validateResource(raised).filter(({ severity }) => severity === 'error'),
      ).toEqual([]);
      expect(await raisedAlarms(site.store)).toMatchObject([{ feed: 'ehr', kind: 'age' }]);
      await site.settle(waiting);
      await site.tick(limits.alarmCalmTicks - 1);
      expect(await site.task('age')).toMatchObject({ status: 'requested' });
      await site.tick(1);
      expect(await site.task('age')).toMatchObject({
        status: 'completed',
        meta: { versionId: '2' },
      });
      expect(await raisedAlarms(site.store)).toEqual([]);
      await site.append('received');
      await site.tick(16);
      expect(await site.task('age')).toMatchObject({
        status: 'requested',
        meta: { versionId: '3' },
      });
      await site.close();
    });

    it('several processes raise it once', async () => {
      const site = await opened();
      await site.append('received');
      await site.tick(15);
      await Promise.all(Array.from({ length: 5 }, () => site.tick(1)));
      expect(await site.task('age')).toMatchObject({ meta: { versionId: '1' } });
      const { versions } = await site.store.history({ type: 'Task', count: 10 });
      expect(versions).toHaveLength(1);
      await site.close();
    });

    it('one that a person closed stays closed while the alarm holds', async () => {
      const site = await opened();
      await site.append('received');
      await site.tick(17);
      const task = await site.task('age');
      const resource = { ...task, status: 'completed' } as IdentifiedResource;
      await site.store.commit({
        ...{ now: new Date(monday), origin: 'rest' },
        changes: [{ op: 'put', resource, index: [] }],
      });
      await site.tick(20);
      expect(await site.task('age')).toMatchObject({
        status: 'completed',
        meta: { versionId: '2' },
      });
      await site.close();
    });

    it('errors of the window', async () => {
      const site = await opened();
      await site.tick(1);
      for (let count = 0; count < 10; count += 1)
        await site.append(count < 4 ? 'processed' : 'failed');
      await site.tick(1);
      expect(await site.task('errors')).toMatchObject({
        description: 'The EHR: 60 % of 10 messages failed in 15 min',
      });
      await site.tick(20);
      expect(await site.task('errors')).toMatchObject({ status: 'completed' });
      await site.close();
    });

    it('silence, configured and learned', async () => {
      const often = { days: [1, 2, 3, 4, 5, 6, 7], from: 0, until: 24, everyMs: 30 * minute };
      const site = await opened({ ...ehr, alarms: { ...settings, silence: [often] } });
      await site.tick(29);
      expect(await site.task('silence')).toBeUndefined();
      await site.tick(3);
      expect(await site.task('silence')).toMatchObject({ status: 'requested' });
      await site.append('processed');
      await site.tick(limits.alarmCalmTicks);
      expect(await site.task('silence')).toMatchObject({ status: 'completed' });
      await site.close();
    });
  });
}

it('learns how often a feed speaks at each hour of the week, and misses it in the third', async () => {
  const store = openMemoryStore();
  const feed: Feed = { ...ehr, alarms: { ...settings, silence: 'learned' } };
  let at = monday;
  const watching = { store, feeds: () => [feed], clock: () => new Date(at), log: keepLog() };
  let rows = 0;
  const speak = async (): Promise<void> => {
    const id = `r${String((rows += 1))}`;
    await store.journal.append({
      ...{ id, feed: 'ehr', peer: 'p', receivedAt: new Date(at), controlId: id, messageType: 'A' },
      ...{ hash: id, bytes: Buffer.from('x'), state: 'processed', attempts: 1 },
    });
  };
  const end = monday + 14 * 24 * 60 * minute;
  // Every three looks, for speed.
  const stepMs = 3 * limits.alarmTickMs;
  for (; at < end; at += stepMs) {
    const hour = new Date(at).getUTCHours();
    if (hour >= 8 && hour < 18) await speak();
    await watchFeeds(watching);
  }
  expect(await raisedAlarms(store)).toEqual([]);
  // Monday of the third week, 10:00: from now on it is silent.
  const silentSince = at;
  while ((await raisedAlarms(store)).length === 0 && at < end + 60 * minute) {
    at += stepMs;
    await watchFeeds(watching);
  }
  expect((await raisedAlarms(store))[0]).toMatchObject({ kind: 'silence' });
  expect(at - silentSince).toBeLessThan(40 * minute);
}, 120_000);
