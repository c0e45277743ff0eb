import { expect } from 'vitest';
import { verifyChain } from '../../src/store/audit-chain.ts';
import type { SourceView } from '../../src/store/store.ts';
import type { DefineLaw } from './store.ts';
import { at, commit, put, refusalOf } from './store-fixture.ts';

/** Law 12, and what is kept by key: state, source views, counts. */
export function keyedLaws(define: DefineLaw): void {
  define(12, 'audit rows are one chain in commit order', async (store) => {
    await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        commit(store, n % 3 === 0 ? [put('a', { expect: 'absent' })] : [], {
          now: at(n),
          audit: [{ event: `{"n":${n}}` }, { event: `{"n":${n},"second":true}` }],
        }).catch(() => undefined),
      ),
    );
    const rows = await store.audit.rows(0, 100);
    expect(rows).toHaveLength(42);
    expect(verifyChain(rows)).toBeUndefined();
    expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 42 }, (_, n) => n + 1));
    const order = rows.map(({ event }) => (JSON.parse(event) as { n: number }).n);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(await store.audit.head()).toEqual(rows.at(-1));
    expect(await store.audit.rows(40, 100)).toEqual(rows.slice(40));
    expect(await store.audit.rows(0, 2)).toEqual(rows.slice(0, 2));
  });

  define(12, 'an empty chain has no head', async (store) => {
    expect(await store.audit.head()).toBeUndefined();
    expect(await store.audit.rows(0, 10)).toEqual([]);
  });

  define(3, 'state is compared by revision, and none is ever used twice', async (store) => {
    const set = (value: string | undefined, expectRevision?: number) =>
      commit(store, [], {
        state: [
          {
            key: 'k',
            ...(value === undefined ? {} : { value }),
            ...(expectRevision === undefined ? {} : { expectRevision }),
          },
        ],
      });
    await set('one', 0);
    const first = await store.state('k');
    expect(first?.value).toBe('one');
    expect(await refusalOf(set('x', 0))).toEqual({ kind: 'state', index: 0, current: first });
    const parallel = await Promise.allSettled([
      set('two', first?.revision),
      set('three', first?.revision),
    ]);
    expect(parallel.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await set(undefined);
    expect(await store.state('k')).toBeUndefined();
    const gone = await refusalOf(set('x', first?.revision));
    expect(gone).toEqual({ kind: 'state', index: 0, current: undefined });
    await set('four', 0);
    expect((await store.state('k'))?.revision).toBeGreaterThan(first?.revision ?? 0);
  });

  define(1, 'state entries are listed by the beginning of their key', async (store) => {
    const keys = ['user/b', 'user/a', 'user', 'users', 'user/\u{10ffff}', 'vser/'];
    await commit(store, [], { state: keys.map((key) => ({ key, value: key })) });
    const listed = async (prefix: string) => (await store.states(prefix)).map(({ key }) => key);
    expect(await listed('user/')).toEqual(['user/a', 'user/b', 'user/\u{10ffff}']);
    expect(await listed('')).toEqual([...keys].sort());
    expect(await listed('none')).toEqual([]);
  });

  define(1, 'each source has its last view of a resource', async (store) => {
    const view = (source: string, id: string, text: string): SourceView => ({
      source,
      type: 'Patient',
      id,
      eventTime: at(1),
      receivedAt: at(2),
      controlId: 'c',
      view: text,
    });
    await commit(store, [], { sources: [view('lab', 'a', '1'), view('ehr', 'a', '2')] });
    await commit(store, [], { sources: [view('ehr', 'a', '3'), view('ehr', 'b', '4')] });
    expect(await store.sourceView('ehr', 'Patient', 'a')).toEqual(view('ehr', 'a', '3'));
    expect(await store.sourceView('lab', 'Patient', 'b')).toBeUndefined();
    expect(await store.sourceViews('Patient', 'a')).toEqual([
      view('ehr', 'a', '3'),
      view('lab', 'a', '1'),
    ]);
    expect(await store.sourceViews('Basic', 'a')).toEqual([]);
  });

  define(1, 'a closed store refuses commits and says so when checked', async (store) => {
    await store.check();
    const last = commit(store, [put('a')]);
    await Promise.all([last, store.close()]);
    const closing = { issues: [{ code: 'shutting-down' }] };
    await expect(commit(store, [])).rejects.toMatchObject(closing);
    await expect(store.check()).rejects.toMatchObject(closing);
    await store.close();
  });
}
