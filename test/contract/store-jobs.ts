import { expect } from 'vitest';
import type { Job, JobChange, Store } from '../../src/store/store.ts';
import type { DefineLaw } from './store.ts';
import { at, commit, refusalOf } from './store-fixture.ts';

/** Law 11: jobs and leases. */
export function jobLaws(define: DefineLaw): void {
  define(11, 'due jobs are leased once, earliest first', async (store) => {
    await apply(store, plan('late', 20), plan('b', 5), plan('a', 5), plan('first', 1));
    expect(await store.jobs.lease(at(0), 1_000, 10)).toEqual([]);
    const [one, two] = await store.jobs.lease(at(10), 60_000, 2);
    expect([one, two]).toMatchObject([
      { key: 'first', kind: 'remind', dueAt: at(1), payload: '{"n":1}', attempts: 1 },
      { key: 'a', attempts: 1 },
    ]);
    expect(one?.lease).not.toBe(two?.lease);
    const rest = await store.jobs.lease(at(10), 60_000, 10);
    expect(rest.map(({ key }) => key)).toEqual(['b']);
    expect(await store.jobs.lease(at(10), 60_000, 10)).toEqual([]);
  });

  define(11, 'of 20 takers each job goes to one', async (store) => {
    await apply(store, ...Array.from({ length: 30 }, (_, n) => plan(`j${n}`, 1)));
    const taken = await Promise.all(
      Array.from({ length: 20 }, () => store.jobs.lease(at(2), 60_000, 4)),
    );
    const keys = taken.flat().map(({ key }) => key);
    expect(keys).toHaveLength(30);
    expect(new Set(keys).size).toBe(30);
  });

  define(
    11,
    'a lease expires and is taken over once; the first holder has lost it',
    async (store) => {
      await apply(store, plan('j', 1));
      const [first] = await store.jobs.lease(at(2), 10_000, 1);
      expect(await store.jobs.lease(at(11), 10_000, 1)).toEqual([]);
      const takers = await Promise.all(
        Array.from({ length: 5 }, () => store.jobs.lease(at(12), 10_000, 1)),
      );
      const [second, ...others] = takers.flat();
      expect(others).toEqual([]);
      expect(second?.attempts).toBe(2);
      const lost = { key: 'j', lease: first?.lease ?? '' };
      for (const change of [
        { op: 'done', ...lost },
        { op: 'retry', ...lost, dueAt: at(50) },
      ] as const) {
        expect(await refusalOf(apply(store, change))).toEqual({ kind: 'job-lease', index: 0 });
      }
      await apply(store, { op: 'done', key: 'j', lease: second?.lease ?? '' });
      expect(await store.jobs.list('', 10)).toEqual([]);
    },
  );

  define(11, 'a retried job comes back at its new time and keeps its attempts', async (store) => {
    await apply(store, plan('j', 1));
    const [held] = await store.jobs.lease(at(2), 60_000, 1);
    await apply(store, { op: 'retry', key: 'j', lease: held?.lease ?? '', dueAt: at(30) });
    expect(await store.jobs.lease(at(29), 60_000, 1)).toEqual([]);
    expect(await store.jobs.lease(at(30), 60_000, 1)).toMatchObject([{ key: 'j', attempts: 2 }]);
  });

  define(11, 'a put replaces a job and its lease, unless it is to keep it', async (store) => {
    await apply(store, plan('j', 1));
    const [held] = await store.jobs.lease(at(2), 60_000, 1);
    await apply(store, { ...plan('j', 90), keep: true });
    expect((await store.jobs.list('j', 1))[0]?.dueAt).toEqual(at(1));
    await apply(store, plan('j', 3));
    const lost = apply(store, { op: 'done', key: 'j', lease: held?.lease ?? '' });
    expect(await refusalOf(lost)).toEqual({ kind: 'job-lease', index: 0 });
    expect(await store.jobs.lease(at(3), 60_000, 1)).toMatchObject([{ key: 'j', attempts: 1 }]);
  });

  define(11, 'a cancelled job is gone whoever holds it; none is no fault', async (store) => {
    await apply(store, plan('j', 1));
    const [held] = await store.jobs.lease(at(2), 60_000, 1);
    await apply(store, { op: 'cancel', key: 'j' }, { op: 'cancel', key: 'none' });
    const lost = apply(store, { op: 'done', key: 'j', lease: held?.lease ?? '' });
    expect(await refusalOf(lost)).toEqual({ kind: 'job-lease', index: 0 });
  });

  define(11, 'jobs are listed by the beginning of their key, by due time', async (store) => {
    await apply(store, plan('r/b', 2), plan('r/a', 2), plan('r/c', 1), plan('s', 0), plan('r', 0));
    const keys = (jobs: readonly Job[]) => jobs.map(({ key }) => key);
    expect(keys(await store.jobs.list('r/', 10))).toEqual(['r/c', 'r/a', 'r/b']);
    expect(keys(await store.jobs.list('r/', 2))).toEqual(['r/c', 'r/a']);
    expect(keys(await store.jobs.list('', 10))).toEqual(['r', 's', 'r/c', 'r/a', 'r/b']);
  });
}

function plan(key: string, dueSecond: number): Extract<JobChange, { op: 'put' }> {
  const payload = `{"n":${dueSecond}}`;
  return { op: 'put', job: { key, kind: 'remind', dueAt: at(dueSecond), payload, attempts: 0 } };
}

function apply(store: Store, ...jobs: readonly JobChange[]) {
  return commit(store, [], { jobs });
}
