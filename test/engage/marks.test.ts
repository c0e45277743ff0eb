import { describe, expect, it } from 'vitest';
import { Marks } from '../../src/engage/marks.ts';
import { limits } from '../../src/limits.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Commit, Store } from '../../src/store/store.ts';

/** A store whose commits end when told to. */
function bench() {
  const begun: { commit: Commit; end: (error?: Error) => void }[] = [];
  const commit: Store['commit'] = (one) =>
    new Promise((resolve, reject) =>
      begun.push({
        commit: one,
        end: (error) => (error ? reject(error) : resolve({ seq: 1, versions: [] })),
      }),
    );
  const store: Store = { ...openMemoryStore(), commit };
  return { begun, marks: new Marks({ store, clock: () => new Date(0) }) };
}

async function breath(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

describe('marking events done', () => {
  it('goes on while earlier marks are being written, up to a bound', async () => {
    const { begun, marks } = bench();
    for (let page = 1; page <= limits.marksParallelMax; page += 1) {
      marks.add({ position: page });
      await marks.begin();
    }
    expect(begun).toHaveLength(limits.marksParallelMax);
    marks.add({ position: 99 });
    const next = marks.begin();
    await breath();
    expect(begun).toHaveLength(limits.marksParallelMax);
    begun[3]?.end();
    await next;
    await breath();
    expect(begun.at(-1)?.commit.outboxDone).toEqual([{ position: 99 }]);
    for (const { end } of begun) end();
    await marks.done();
  });

  it('is not done before all are written, and tells of one that was not', async () => {
    const { begun, marks } = bench();
    marks.add({ position: 1 });
    await marks.begin();
    let isDone = false;
    const done = marks.done().then(
      () => (isDone = true),
      (error: unknown) => error,
    );
    await breath();
    expect(isDone).toBe(false);
    begun[0]?.end(new Error('disk is full'));
    expect(await done).toMatchObject({ message: 'disk is full' });
    await expect(marks.begin()).rejects.toThrow('disk is full');
  });
});
