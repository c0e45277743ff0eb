import { expect, it, onTestFinished, vi } from 'vitest';
import { limits } from '../../src/limits.ts';
import { accessRecorder } from '../../src/security/access-recorder.ts';
import type { AccessEvent } from '../../src/security/audit-event.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';

const at = new Date('2026-05-01T12:00:00Z');

function access(requestId: string): AccessEvent {
  return {
    at,
    interaction: 'read',
    principal: { id: 'ann', display: 'Ann', role: 'nurse' },
    requestId,
    resources: ['Observation/o1'],
    patients: ['Patient/p1'],
    status: 200,
  };
}

function recorder(store: Store, delayMs = 60_000) {
  const faults: unknown[] = [];
  const onFault = (error: unknown): void => void faults.push(error);
  return { faults, audit: accessRecorder({ store, clock: () => at, delayMs, onFault }) };
}

async function recorded(store: Store): Promise<string[]> {
  const rows = await store.audit.rows(0, 1000);
  return rows.map(({ event }) => /"requestId":"(r\d+)"/.exec(event)?.[1] ?? '');
}

it('writes what waits, in its order, in one commit', async () => {
  const store = openMemoryStore();
  const commit = vi.spyOn(store, 'commit');
  const { audit } = recorder(store);
  for (const id of ['r1', 'r2', 'r3']) void audit.record(access(id));
  expect(await recorded(store)).toEqual([]);
  await audit.flush();
  expect(await recorded(store)).toEqual(['r1', 'r2', 'r3']);
  expect(commit).toHaveBeenCalledTimes(1);
  await audit.flush();
  expect(commit).toHaveBeenCalledTimes(1);
});

it('writes by itself after the delay, from the first event on', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const store = openMemoryStore();
  const { audit } = recorder(store, 250);
  void audit.record(access('r1'));
  await vi.advanceTimersByTimeAsync(200);
  void audit.record(access('r2'));
  expect(await recorded(store)).toEqual([]);
  await vi.advanceTimersByTimeAsync(50);
  expect(await recorded(store)).toEqual(['r1', 'r2']);
  void audit.record(access('r3'));
  await vi.advanceTimersByTimeAsync(250);
  expect(await recorded(store)).toEqual(['r1', 'r2', 'r3']);
});

it('keeps the order while a write is under way, and flush waits for all of it', async () => {
  const store = openMemoryStore();
  const gate = Promise.withResolvers<undefined>();
  const commit = store.commit.bind(store);
  vi.spyOn(store, 'commit').mockImplementationOnce(async (given) => {
    await gate.promise;
    return commit(given);
  });
  const { audit } = recorder(store);
  void audit.record(access('r1'));
  const first = audit.flush();
  void audit.record(access('r2'));
  const second = audit.flush();
  gate.resolve(undefined);
  await second;
  expect(await recorded(store)).toEqual(['r1', 'r2']);
  await first;
});

it('says when it cannot write, and writes it with the next', async () => {
  const store = openMemoryStore();
  const fault = new Error('the disk is full');
  vi.spyOn(store, 'commit').mockRejectedValueOnce(fault);
  const { audit, faults } = recorder(store);
  void audit.record(access('r1'));
  await audit.flush();
  expect(faults).toEqual([fault]);
  void audit.record(access('r2'));
  await audit.flush();
  expect(await recorded(store)).toEqual(['r1', 'r2']);
});

it('tries again by itself, until it is closed', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const store = openMemoryStore();
  const commit = vi.spyOn(store, 'commit').mockRejectedValue(new Error('the disk is full'));
  const { audit, faults } = recorder(store, 250);
  void audit.record(access('r1'));
  await vi.advanceTimersByTimeAsync(1000);
  expect(faults).toHaveLength(4);
  await audit.close();
  expect(vi.getTimerCount()).toBe(0);
  expect(commit).toHaveBeenCalledTimes(5);
});

it('keeps a bounded number for a store that fails for long', async () => {
  const store = openMemoryStore();
  const commit = vi.spyOn(store, 'commit').mockRejectedValueOnce(new Error('the disk is full'));
  const { audit } = recorder(store);
  for (let id = 1; id <= limits.auditWaitingMax + 5; id += 1) void audit.record(access(`r${id}`));
  await audit.flush();
  await audit.flush();
  expect(commit.mock.lastCall?.[0].audit).toHaveLength(limits.auditWaitingMax);
});

it('writes a full batch before its delay is over', async () => {
  const store = openMemoryStore();
  const { audit } = recorder(store);
  for (let n = 0; n < limits.auditBatchMax; n++) void audit.record(access(`r${n}`));
  await vi.waitFor(async () => expect((await recorded(store)).at(-1)).toBe('r999'));
});

it('has readers wait where the store does not keep up', async () => {
  const store = openMemoryStore();
  const gate = Promise.withResolvers<undefined>();
  const commit = store.commit.bind(store);
  vi.spyOn(store, 'commit').mockImplementationOnce(async (given) => {
    await gate.promise;
    return commit(given);
  });
  const { audit } = recorder(store);
  for (let n = 1; n < limits.auditWaitingMax; n++) {
    expect(audit.record(access(`r${n}`))).toBeUndefined();
  }
  let goesOn = false;
  const last = audit.record(access('r0'))?.then(() => (goesOn = true));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(goesOn).toBe(false);
  gate.resolve(undefined);
  await last;
  expect(goesOn).toBe(true);
  expect(await store.audit.head()).toMatchObject({ seq: limits.auditWaitingMax });
});
