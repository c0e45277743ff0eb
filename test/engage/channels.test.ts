import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Channel, OutgoingMessage } from '../../src/engage/channel.ts';
import { helloRules } from './hello.ts';
import { limits } from '../../src/limits.ts';
import type { Store } from '../../src/store/store.ts';
import { appointment, patient } from './records.ts';
import { openSite, type Site } from './site.ts';

let site: Site;
afterEach(() => site.close());

const rules = helloRules({
  channels: '[gateway, log]',
  step: '{name: say, do: communication, to: patient, category: hello, template: hello}',
  example:
    '{name: one, now: "2026-01-01T00:00:00Z", event: {resourceType: Appointment, id: a}, expect: [{step: say}]}',
});
const phone = { telecom: [{ system: 'phone', value: '+1 518 555 0141' }] };
const start = '2026-03-08T09:00:00-04:00';

/** Fails as often as told, then takes every message. */
class Gateway implements Channel {
  readonly id = 'gateway';
  withinCommit = false;
  readonly textMax = 160;
  readonly taken: OutgoingMessage[] = [];
  failures = 0;
  beforeAnswer: () => Promise<void> = async () => undefined;
  reaches = (): boolean => true;
  send = async (message: OutgoingMessage): Promise<{ providerId: string; status: 'sent' }> => {
    await this.beforeAnswer();
    if (this.failures-- > 0) throw new Error('gateway is down');
    this.taken.push(message);
    return { providerId: `gw-${this.taken.length}`, status: 'sent' };
  };
}

async function book(gateway: Gateway): Promise<void> {
  site = await openSite('memory', { rules, channels: [gateway] });
  await site.feed(patient('p', phone), appointment('booked', start));
  await site.settle();
}

describe('a gateway', () => {
  it('takes the message, and the Communication has its id', async () => {
    const gateway = new Gateway();
    await book(gateway);
    const sent = await site.one('Communication');
    expect(sent).toMatchObject({
      status: 'completed',
      sent: '2026-03-02T15:00:00.000Z',
      basedOn: [
        { reference: `CommunicationRequest/${(await site.one('CommunicationRequest')).id}` },
      ],
      medium: [{ coding: [{ code: 'gateway' }] }],
      identifier: [{ value: 'hello/say' }, { system: 'urn:weir:channel:gateway', value: 'gw-1' }],
    });
    expect(gateway.taken).toMatchObject([{ id: sent.id, text: 'Hello visit', category: 'hello' }]);
  });

  it('that fails is tried again after 1, 5, 30 and 120 minutes; then a person is told', async () => {
    const gateway = new Gateway();
    gateway.failures = 99;
    await book(gateway);
    const waits: number[] = [];
    for (let round = 0; round < 4; round++) {
      const [job] = await site.store.jobs.list('', 1);
      if (!job) throw new Error('the job is gone');
      waits.push((job.dueAt.getTime() - site.now.getTime()) / 60_000);
      expect((await site.one('Communication'))['status']).toBe('in-progress');
      await site.at(job.dueAt.toISOString());
    }
    expect(waits).toEqual([1, 5, 30, 120]);
    expect(await site.one('Communication')).toMatchObject({
      status: 'not-done',
      statusReason: { coding: [{ code: 'system-error' }] },
    });
    expect(await site.one('Task')).toMatchObject({
      code: { coding: [{ code: 'send-failed' }] },
      owner: { identifier: { value: 'integration' } },
    });
    expect(await site.store.jobs.list('', 1)).toEqual([]);
  });

  it('that recovers delivers once', async () => {
    const gateway = new Gateway();
    gateway.failures = 2;
    await book(gateway);
    await site.at('2026-03-02T15:01:00Z');
    await site.at('2026-03-02T15:06:00Z');
    await site.at('2026-03-02T16:00:00Z');
    expect(gateway.taken).toHaveLength(1);
    expect((await site.one('Communication'))['status']).toBe('completed');
  });

  it('gets one message from two workers', async () => {
    const gateway = new Gateway();
    site = await openSite('memory', { rules, channels: [gateway] });
    await site.feed(patient('p', phone), appointment('booked', start));
    const workers = [site.startEngage(), site.startEngage(), site.startEngage()];
    await Promise.all(workers.map((worker) => worker.idle()));
    await Promise.all(workers.map((worker) => worker.idle()));
    await Promise.all(workers.map((worker) => worker.stop()));
    expect(gateway.taken).toHaveLength(1);
    expect((await site.one('Communication'))['status']).toBe('completed');
  });

  it('that is slow gets no message from a worker whose lease ran out while it waited', async () => {
    const gateway = new Gateway();
    site = await openSite('memory', { rules, channels: [gateway] });
    const [lanes, waiting] = [limits.jobsParallelMax, 4];
    const many = lanes + waiting;
    for (let n = 0; n < many; n += 1) {
      const participant = [{ actor: { reference: `Patient/p${String(n)}` }, status: 'accepted' }];
      await site.feed({ ...appointment('booked', start, { participant }), id: `v${String(n)}` });
    }
    let begun = 0;
    const [theirs, ours] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    gateway.beforeAnswer = async () => {
      begun += 1;
      if (begun <= lanes) await theirs.promise;
      else if (begun > 2 * lanes && begun <= 2 * lanes + waiting) await ours.promise;
    };
    const one = site.startEngage();
    await vi.waitFor(() => expect(begun).toBe(lanes));
    site.now = new Date(site.now.getTime() + 61_000);
    // Another worker comes to what the first has not begun.
    const other = site.startEngage();
    await vi.waitFor(() => expect(begun).toBe(2 * lanes + waiting));
    theirs.resolve();
    await one.stop();
    ours.resolve();
    await other.idle();
    await other.stop();
    const sent = gateway.taken.map(({ id }) => id);
    expect(new Set(sent).size).toBe(many);
    // What was under way when the lease ran out may go twice, under one id; what had only waited goes once.
    expect(sent).toHaveLength(many + lanes);
  });

  it('that took it before the process died gets it again under the same id', async () => {
    const gateway = new Gateway();
    site = await openSite('memory', { rules, channels: [gateway] });
    await site.feed(patient('p', phone), appointment('booked', start));
    const sound = site.store;
    const dead: Store = {
      ...sound,
      commit: async (commit) => {
        if (gateway.taken.length > 0) throw new Error('killed');
        return sound.commit(commit);
      },
    };
    site.store = dead;
    await site.settle().catch(() => undefined);
    await site.engage?.stop();
    site.engage = undefined;
    site.store = sound;
    expect((await site.one('Communication'))['status']).toBe('in-progress');
    await site.at('2026-03-02T15:02:00Z');
    expect(new Set(gateway.taken.map(({ id }) => id)).size).toBe(1);
    expect((await site.one('Communication'))['status']).toBe('completed');
  });

  it('that has the message keeps it when the patient dies before it answers', async () => {
    const gateway = new Gateway();
    gateway.beforeAnswer = () => site.feed(patient('p', { ...phone, deceasedBoolean: true }));
    await book(gateway);
    expect((await site.one('Communication'))['status']).toBe('completed');
    expect(gateway.taken).toHaveLength(1);
  });
});

describe('the commit that decides', () => {
  it.each([false, true])('judges anew when the record changed (within: %s)', async (within) => {
    const gateway = new Gateway();
    gateway.withinCommit = within;
    site = await openSite('memory', { rules, channels: [gateway] });
    await site.feed(patient('p', phone), appointment('booked', start));
    const sound = site.store;
    let raced = false;
    site.store = {
      ...sound,
      commit: async (commit) => {
        const reserves = commit.changes.some(
          (change) => change.op === 'put' && change.resource.resourceType === 'Communication',
        );
        if (reserves && !raced) {
          raced = true;
          await site.feed(patient('p', { ...phone, deceasedBoolean: true }));
        }
        return sound.commit(commit);
      },
    };
    await site.settle();
    expect(await site.one('Communication')).toMatchObject({
      status: 'not-done',
      statusReason: { coding: [{ code: 'deceased' }] },
    });
    if (!within) expect(gateway.taken).toEqual([]);
    // The versions that were relied on were not written again.
    expect((await site.store.read('Appointment', 'visit'))?.versionId).toBe('1');
    expect((await site.store.read('Patient', 'p'))?.versionId).toBe('2');
  });
});

describe('the log sink', () => {
  it('takes whom a gateway could reach, without a word about them', async () => {
    site = await openSite('memory', { rules });
    await site.feed(patient('p', phone), appointment('booked', start));
    await site.settle();
    const { id } = await site.one('Communication');
    expect(site.lines).toContainEqual({
      channel: 'log',
      message: 'message',
      category: 'hello',
      priority: 'routine',
      length: 11,
    });
    expect(id).toBeDefined();
  });

  it.each([
    ['without a number', []],
    ['with an old number', [{ system: 'phone', value: '1', use: 'old' }]],
    [
      'with a number that has ended',
      [{ system: 'sms', value: '1', period: { end: '2025-01-01' } }],
    ],
    ['with a web page only', [{ system: 'url', value: 'https://example.org' }]],
  ])('does not reach a patient %s', async (_, telecom) => {
    site = await openSite('memory', { rules });
    await site.feed(patient('p', { telecom }), appointment('booked', start));
    await site.settle();
    expect(await site.messages()).toEqual(['not-done Patient/p: Hello visit']);
    expect(await site.one('Communication')).toMatchObject({
      statusReason: { coding: [{ code: 'no-channel' }] },
    });
  });
});
