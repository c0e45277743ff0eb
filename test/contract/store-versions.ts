import { expect } from 'vitest';
import { limits } from '../../src/limits.ts';
import type { Change, Expectation } from '../../src/store/store.ts';
import type { DefineLaw } from './store.ts';
import { at, commit, idsOf, put, refusalOf, remove, token } from './store-fixture.ts';
import { rawNumber } from '../../src/fhir/decimal.ts';
import { matchAll } from '../../src/fhir/search-ast.ts';

/** Laws 3, 5 and 8: expectations, the count of versions, and no traces in the index. */
export function versionLaws(define: DefineLaw): void {
  const life: Record<string, readonly Change[]> = {
    never: [],
    live: [put('a')],
    deleted: [put('a'), remove('a')],
  };
  const table: readonly [Expectation, string, boolean][] = [
    ['absent', 'never', true],
    ['absent', 'live', false],
    ['absent', 'deleted', false],
    ['current', 'never', false],
    ['current', 'live', true],
    ['current', 'deleted', false],
    ['absent-or-deleted', 'never', true],
    ['absent-or-deleted', 'live', false],
    ['absent-or-deleted', 'deleted', true],
    [{ versionId: '1' }, 'never', false],
    [{ versionId: '1' }, 'live', true],
    [{ versionId: '1' }, 'deleted', false],
    [{ versionId: '2' }, 'deleted', true],
  ];
  for (const [expectation, state, holds] of table) {
    const verb = holds ? 'holds' : 'does not hold';
    define(3, `${JSON.stringify(expectation)} ${verb} where it was ${state}`, async (store) => {
      for (const change of life[state] ?? []) await commit(store, [change]);
      const current = await store.read('Patient', 'a');
      const attempt = commit(store, [put('z'), put('a', { expect: expectation })]);
      if (holds) {
        expect((await attempt).versions).toHaveLength(2);
        return;
      }
      expect(await refusalOf(attempt)).toEqual({ kind: 'expectation', index: 1, current });
      expect(await store.read('Patient', 'z')).toBeUndefined();
    });
  }

  define(3, 'of 20 writers that expect one version, one wins', async (store) => {
    await commit(store, [put('a')]);
    for (let round = 1; round <= 10; round++) {
      const writers = Array.from({ length: 20 }, (_, n) =>
        commit(store, [put('a', { expect: { versionId: String(round) }, content: { n } })]),
      );
      const outcomes = await Promise.allSettled(writers);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    }
    expect((await store.read('Patient', 'a'))?.versionId).toBe('11');
  });

  define(5, 'versions count on through a deletion', async (store) => {
    await commit(store, [put('a')], { now: at(1) });
    await commit(store, [put('a')], { now: at(2) });
    await commit(store, [remove('a')], { now: at(3) });
    const deleted = await store.read('Patient', 'a');
    expect(deleted).toMatchObject({ versionId: '3', deleted: true, body: '', method: 'DELETE' });
    const { versions } = await commit(store, [put('a')], { now: at(4) });
    expect(versions[0]).toMatchObject({ versionId: '4', deleted: false, method: 'POST' });
    const methods = await Promise.all(
      ['1', '2', '3', '4'].map((version) => store.readVersion('Patient', 'a', version)),
    );
    expect(methods.map((version) => version?.method)).toEqual(['POST', 'PUT', 'DELETE', 'POST']);
    expect(methods.map((version) => version?.lastUpdated)).toEqual([at(1), at(2), at(3), at(4)]);
  });

  define(5, 'a resource put twice in one commit gets two versions', async (store) => {
    const { versions } = await commit(store, [put('a'), put('a', { content: { active: true } })]);
    expect(versions.map(({ versionId }) => versionId)).toEqual(['1', '2']);
    expect((await store.read('Patient', 'a'))?.body).toContain('"active":true');
  });

  define(5, 'a deletion of what never was, or is deleted, adds no version', async (store) => {
    const { versions } = await commit(store, [remove('a')]);
    expect(versions).toMatchObject([{ versionId: '0', deleted: true, changed: false }]);
    expect(await store.read('Patient', 'a')).toBeUndefined();
    await commit(store, [put('a')]);
    await commit(store, [remove('a')]);
    const again = await commit(store, [remove('a')]);
    expect(again.versions).toMatchObject([{ versionId: '2', deleted: true, changed: false }]);
    expect((await store.history({ count: 10 })).total).toBe(2);
  });

  define(5, 'readMany gives each as read does, in their order', async (store) => {
    await commit(store, [put('a'), put('b'), put('a', { type: 'Basic' })]);
    await commit(store, [put('a'), remove('b')]);
    const keys = ['b', 'a', 'none', 'a'].map((id) => ({ type: 'Patient', id }));
    const found = await store.readMany([...keys, { type: 'Basic', id: 'a' }]);
    const [b, a, basic] = await Promise.all([
      store.read('Patient', 'b'),
      store.read('Patient', 'a'),
      store.read('Basic', 'a'),
    ]);
    expect(found).toEqual([b, a, undefined, a, basic]);
    expect(await store.readMany([])).toEqual([]);
  });

  define(5, 'readMany takes as many keys as the port says, and no more', async (store) => {
    await commit(store, [put('a')]);
    const keys = Array.from({ length: limits.readManyMax }, () => ({ type: 'Patient', id: 'a' }));
    expect(await store.readMany(keys)).toHaveLength(limits.readManyMax);
    const more = store.readMany([...keys, { type: 'Patient', id: 'a' }]);
    await expect(more).rejects.toMatchObject({ issues: [{ code: 'limit' }] });
  });

  define(5, 'versions and types that never were are not there', async (store) => {
    await commit(store, [put('a')]);
    for (const version of ['2', '0', '01', '1.0', 'x', '']) {
      expect(await store.readVersion('Patient', 'a', version)).toBeUndefined();
    }
    expect(await store.readVersion('Basic', 'a', '1')).toBeUndefined();
    expect(await store.read('Basic', 'a')).toBeUndefined();
  });

  define(5, 'bodies are stamped where their meta is, decimals kept', async (store) => {
    const value = rawNumber('1.00');
    const own = { text: 'x', meta: { versionId: '99', profile: ['p'], lastUpdated: 'y' }, value };
    await commit(store, [put('a', { content: own }), put('b', { content: { active: true } })]);
    const stamp = `"versionId":"1","lastUpdated":"${at(0).toISOString()}"`;
    expect((await store.read('Patient', 'a'))?.body).toBe(
      `{"resourceType":"Patient","id":"a","text":"x","meta":{${stamp},"profile":["p"]},"value":1.00}`,
    );
    expect((await store.read('Patient', 'b'))?.body).toBe(
      `{"resourceType":"Patient","id":"b","meta":{${stamp}},"active":true}`,
    );
  });

  define(5, 'skipIfSame keeps the version of equal content only', async (store) => {
    const content = { meta: { source: 's' }, n: rawNumber('1.0') };
    await commit(store, [put('a', { content })], { now: at(1) });
    const same = await commit(store, [put('a', { content, skipIfSame: true })], { now: at(2) });
    expect(same.versions).toMatchObject([
      { versionId: '1', changed: false, lastUpdated: at(1), method: 'POST' },
    ]);
    expect(await store.outbox.pending(9)).toHaveLength(1);
    const other = { ...content, n: rawNumber('1.00') };
    const changed = await commit(store, [put('a', { content: other, skipIfSame: true })]);
    expect(changed.versions).toMatchObject([{ versionId: '2', changed: true }]);
    await commit(store, [remove('a')]);
    const revived = await commit(store, [put('a', { content: other, skipIfSame: true })]);
    expect(revived.versions).toMatchObject([{ versionId: '4', changed: true }]);
  });

  define(8, 'replaced and deleted content leaves no entry', async (store) => {
    const status = (code: string) => ({ op: 'token', param: 'status', code }) as const;
    await commit(store, [put('a', { index: [token('status', 'old'), token('x', '1')] })]);
    await commit(store, [put('b', { index: [token('status', 'old')] })]);
    await commit(store, [put('a', { index: [token('status', 'new')] })]);
    expect(await idsOf(store, status('old'))).toEqual(['b']);
    expect(await idsOf(store, { op: 'not', node: status('old') })).toEqual(['a']);
    expect(await idsOf(store, { op: 'missing', param: 'x', missing: true })).toEqual(['a', 'b']);
    await commit(store, [remove('a')]);
    expect(await idsOf(store, matchAll)).toEqual(['b']);
    expect(await idsOf(store, { op: 'not', node: status('old') })).toEqual([]);
    expect(await idsOf(store, { op: 'missing', param: 'x', missing: true })).toEqual(['b']);
    expect(await idsOf(store, { op: 'id', ids: ['a', 'b'] })).toEqual(['b']);
    await commit(store, [put('a')]);
    expect(await idsOf(store, { op: 'missing', param: 'status', missing: true })).toEqual(['a']);
    expect(await store.counts()).toEqual(new Map([['Patient', 2]]));
  });
}
