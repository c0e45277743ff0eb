import { describe, expect, it, vi } from 'vitest';
import type { Doing } from '../../../src/feed/doing.ts';
import { createRework } from '../../../src/feed/rework.ts';
import type { IdentifiedResource } from '../../../src/fhir/resource.ts';
import { isError } from '../../../src/fhir/outcome.ts';
import { extractIndex } from '../../../src/fhir/search-extract.ts';
import { validateResource } from '../../../src/fhir/validate.ts';
import { taskCodeSystem } from '../../../src/record/task-code.ts';
import { openMemoryStore } from '../../../src/store/memory.ts';
import type { JournalEntry } from '../../../src/store/store.ts';
import { cx, pid, Register } from './register.ts';

const doing: Doing = {
  principal: { id: 'ana', display: 'Ana', role: 'analyst' },
  requestId: 'r1',
};
const reversed = { event: 'ADT^A40', segments: [pid('M1'), `MRG|${cx('M2')}`] };

/** M1 was merged into M2, and then, so many times, M2 into M1: each of those is parked. */
async function refused(times = 1) {
  const on = new Register(openMemoryStore());
  const rework = createRework(on.pipeline, on.processor);
  await on.admit('M1', 'V1');
  await on.admit('M2', 'V2');
  await on.merge('M2', 'M1');
  const rows: JournalEntry[] = [];
  for (let time = 0; time < times; time += 1) {
    await on.say(reversed);
    rows.push(await on.row());
  }
  const person = (await on.owner('M2')) ?? '';
  const task = async (): Promise<IdentifiedResource> => {
    const [found, ...more] = await on.of(person, 'Task');
    expect(more).toEqual([]);
    return found as IdentifiedResource;
  };
  expect(rows.map(({ state }) => state)).toEqual(rows.map(() => 'parked'));
  expect(await task()).toMatchObject({
    status: 'requested',
    code: { coding: [{ system: taskCodeSystem, code: 'identity-review' }] },
  });
  /** Somebody takes the first merge back: M1 is a number in use. */
  const undo = async (): Promise<void> => {
    const current = await on.read(person);
    const identifier = (current['identifier'] as { use?: string }[]).map(
      ({ use: _, ...one }) => one,
    );
    const change = {
      op: 'put',
      resource: { ...current, identifier },
      index: extractIndex(current),
    } as const;
    await on.store.commit({ now: new Date(), origin: 'rest', changes: [change] });
  };
  return { on, rework, rows, row: rows[0] as JournalEntry, task, undo };
}

describe('the Task of a refused merge', () => {
  it('is completed in the commit in which the message is taken', async () => {
    const { on, rework, row, task, undo } = await refused();
    expect(await rework.retry(row, doing)).toMatchObject({ state: 'parked' });
    expect(await task()).toMatchObject({ status: 'requested' });
    await undo();
    const spy = vi.spyOn(on.store, 'commit');
    expect(await rework.retry(row, doing)).toMatchObject({ state: 'processed' });
    const done = await task();
    expect(done).toMatchObject({ status: 'completed', input: [{}, {}, {}] });
    expect(validateResource(done).filter(isError)).toEqual([]);
    const [whole] = spy.mock.calls.flat().filter(({ journal = [] }) => journal.length > 0);
    const written = (whole?.changes ?? []).flatMap((one) =>
      one.op === 'put' ? one.resource.id : [],
    );
    expect(written).toContain(done.id);
  });

  it('is completed by another message that says the same and is taken', async () => {
    const { on, task, undo } = await refused();
    await undo();
    await on.taken(reversed);
    expect(await task()).toMatchObject({ status: 'completed' });
  });

  it('is completed where its message is skipped', async () => {
    const { rework, row, task } = await refused();
    expect(await rework.skip(row, doing)).toMatchObject({ state: 'ignored' });
    expect(await task()).toMatchObject({ status: 'completed' });
  });

  it('stays open where one that came after it is skipped', async () => {
    const { rework, rows, task } = await refused(2);
    await rework.skip(rows[1] as JournalEntry, doing);
    expect(await task()).toMatchObject({ status: 'requested' });
  });

  it('is completed where a message that can be taken takes the place of its own', async () => {
    const { on, rework, row, task } = await refused();
    const { id } = await task();
    const edit = Buffer.from(row.bytes).toString().replace(pid('M1'), pid('M3'));
    expect(await rework.edit(row, Buffer.from(edit), doing)).toMatchObject({ state: 'processed' });
    // In one change with what the merge does to it.
    const reference = await on.owner('M3');
    expect(await on.read(`Task/${id}`)).toMatchObject({ status: 'completed', for: { reference } });
  });

  it('stays open where what takes its place is refused too', async () => {
    const { rework, row, task } = await refused();
    const edit = Buffer.from(row.bytes).toString().replace('|P|2.5.1', '|P|2.5');
    expect(await rework.edit(row, Buffer.from(edit), doing)).toMatchObject({ state: 'parked' });
    expect(await task()).toMatchObject({ status: 'requested' });
  });

  it('stays as somebody closed it', async () => {
    const { on, rework, row, task, undo } = await refused();
    const resource = { ...(await task()), status: 'cancelled' };
    const changes = [{ op: 'put', resource, index: extractIndex(resource) } as const];
    await on.store.commit({ now: new Date(), origin: 'rest', changes });
    await undo();
    expect(await rework.retry(row, doing)).toMatchObject({ state: 'processed' });
    expect(await on.read(`Task/${resource.id}`)).toMatchObject({ status: 'cancelled' });
  });
});
