import { expect } from 'vitest';
import type { IndexEntry } from '../../src/fhir/search-ast.ts';
import type { Change, Expectation, Store } from '../../src/store/store.ts';
import type { DefineLaw } from './store.ts';
import { at, commit, date, idsOf, put, refusalOf, remove, text, token } from './store-fixture.ts';

const code = (value: string) => ({ op: 'token', param: 'code', code: value }) as const;
const missing = (param: string) => ({ op: 'missing', param, missing: true }) as const;

/** Law 8: index entries change by themselves and leave no trace, and nothing else changes with them. */
export function indexLaws(define: DefineLaw): void {
  define(8, 'an index change replaces the entries of the current version', async (store) => {
    await commit(store, [put('a', { index: [token('code', 'old'), token('kept', '1')] })]);
    await commit(store, [put('b', { index: [token('code', 'old')] })]);
    await commit(store, [index('a', [token('code', 'new'), token('kept', '1'), date('on', 1, 2)])]);
    expect(await idsOf(store, code('old'))).toEqual(['b']);
    expect(await idsOf(store, code('new'))).toEqual(['a']);
    expect(await idsOf(store, { op: 'not', node: code('old') })).toEqual(['a']);
    expect(await idsOf(store, missing('on'))).toEqual(['b']);
    expect(await idsOf(store, { op: 'token', param: 'kept', code: '1' })).toEqual(['a']);
    const sort = [{ param: 'code', kind: 'token', descending: false }] as const;
    expect(await idsOf(store, { op: 'and', nodes: [] }, { sort })).toEqual(['a', 'b']);
    await commit(store, [index('a', [])]);
    expect(await idsOf(store, missing('code'))).toEqual(['a']);
    expect(await idsOf(store, missing('kept'))).toEqual(['a', 'b']);
  });

  define(
    8,
    'an index change makes no version, and is answered with the current one',
    async (store) => {
      await commit(store, [put('a')], { now: at(1) });
      const { versions: written } = await commit(store, [put('a')], { now: at(2) });
      const before = await trace(store);
      let heard = 0;
      const stop = store.outbox.onAppend(() => {
        heard += 1;
      });
      const { versions } = await commit(store, [index('a', [token('code', 'x')])], { now: at(3) });
      await new Promise((resolve) => setTimeout(resolve, 5));
      stop();
      expect(versions).toEqual([{ ...written[0], changed: false }]);
      expect(await trace(store)).toEqual(before);
      expect(heard).toBe(0);
    },
  );

  define(8, 'an index change of what is deleted or never was changes nothing', async (store) => {
    await commit(store, [put('a', { index: [token('code', 'x')] })]);
    await commit(store, [remove('a')]);
    const before = await trace(store);
    const changes = [index('a', [token('code', 'x')]), index('none', [token('code', 'x')])];
    const { versions } = await commit(store, changes);
    expect(versions[0]).toEqual(await store.read('Patient', 'a'));
    expect(versions[1]).toMatchObject({ id: 'none', versionId: '0', deleted: true, body: '' });
    expect(await trace(store)).toEqual(before);
    await commit(store, [put('a'), put('none')]);
    expect(await idsOf(store, code('x'))).toEqual([]);
  });

  const expectations: readonly [Expectation, boolean][] = [
    [{ versionId: '1' }, false],
    [{ versionId: '2' }, true],
    ['current', true],
    ['absent', false],
    ['absent-or-deleted', false],
  ];
  for (const [expectation, holds] of expectations) {
    const verb = holds ? 'holds' : 'does not hold';
    const title = `${JSON.stringify(expectation)} ${verb} for an index change of version 2`;
    define(3, title, async (store) => {
      await commit(store, [put('a', { index: [token('code', 'first')] })]);
      await commit(store, [put('a', { index: [token('code', 'second')] })]);
      const current = await store.read('Patient', 'a');
      const attempt = commit(store, [index('a', [token('code', 'late')], expectation)]);
      if (holds) expect((await attempt).versions).toHaveLength(1);
      else expect(await refusalOf(attempt)).toEqual({ kind: 'expectation', index: 0, current });
      expect(await idsOf(store, code('late'))).toEqual(holds ? ['a'] : []);
      expect(await idsOf(store, code('second'))).toEqual(holds ? [] : ['a']);
    });
  }

  define(8, 'what an index change added goes with the next version', async (store) => {
    await commit(store, [put('a'), put('b'), put('c')]);
    const added = [token('code', 'x'), text('name', 'X'), date('on', 1, 2)];
    await commit(store, [index('a', added), index('b', added), index('c', added)]);
    await commit(store, [put('a', { index: [token('code', 'y')] }), remove('b')]);
    expect(await idsOf(store, code('x'))).toEqual(['c']);
    expect(await idsOf(store, missing('on'))).toEqual(['a']);
    await commit(store, [put('b')]);
    expect(await idsOf(store, missing('name'))).toEqual(['a', 'b']);
    expect(await idsOf(store, { op: 'not', node: code('x') })).toEqual(['a', 'b']);
  });

  define(8, 'index changes and writes of one commit take effect in their order', async (store) => {
    await commit(store, [
      put('a', { index: [token('code', '1')] }),
      index('a', [token('code', '2')]),
      put('b', { index: [token('code', '1')] }),
      index('b', [token('code', '2')]),
      put('b', { index: [token('code', '3')] }),
    ]);
    const found = await Promise.all(['1', '2', '3'].map((value) => idsOf(store, code(value))));
    expect(found).toEqual([[], ['a'], ['b']]);
  });

  define(8, 'a refused commit leaves the entries as they were', async (store) => {
    await commit(store, [put('a', { index: [token('code', 'old')] })]);
    await refusalOf(
      commit(store, [index('a', [token('code', 'new')]), put('a', { expect: 'absent' })]),
    );
    expect(await idsOf(store, code('old'))).toEqual(['a']);
    expect(await idsOf(store, code('new'))).toEqual([]);
  });

  define(8, 'of writers and index changes in parallel the last version decides', async (store) => {
    const ids = Array.from({ length: 40 }, (_, n) => `p${n}`);
    await commit(
      store,
      ids.map((id) => put(id, { index: [token('code', 'old')] })),
    );
    await Promise.allSettled(
      ids.flatMap((id, n) => {
        const write = () => commit(store, [put(id, { index: [token('code', 'written')] })]);
        const change = () =>
          commit(store, [index(id, [token('code', 'indexed')], { versionId: '1' })]);
        return n % 2 === 0 ? [write(), change()] : [change(), write()];
      }),
    );
    expect(await idsOf(store, code('written'))).toEqual(ids);
    expect(await idsOf(store, code('indexed'))).toEqual([]);
    expect(await idsOf(store, code('old'))).toEqual([]);
  });
}

function index(id: string, entries: readonly IndexEntry[], expect?: Expectation): Change {
  const expected = expect === undefined ? {} : { expect };
  return { op: 'index', type: 'Patient', id, index: entries, ...expected };
}

/** All that an index change must leave alone. */
async function trace(store: Store) {
  return {
    current: await store.read('Patient', 'a'),
    history: await store.history({ count: 100 }),
    outbox: await store.outbox.pending(100),
    changes: await store.changes(0, 100),
    counts: await store.counts(),
  };
}
