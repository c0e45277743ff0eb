import { expect } from 'vitest';
import type { IdentifiedResource } from '../../src/fhir/resource.ts';
import { matchAll } from '../../src/fhir/search-ast.ts';
import type { Change, Commit, Store } from '../../src/store/store.ts';
import type { DefineLaw } from './store.ts';
import { at, commit, idsOf, journalEntry, put, refusalOf, remove, token } from './store-fixture.ts';

/** Laws 1 and 2: all or nothing, and durable. */
export function commitLaws(define: DefineLaw): void {
  define(1, 'a commit with 500 changes and its effects is visible as a whole', async (store) => {
    const changes = many(500);
    const { seq, versions } = await commit(store, changes, effects());
    expect(versions).toHaveLength(500);
    expect(new Set(versions.map((version) => version.seq))).toEqual(new Set([seq]));
    expect(await footprint(store)).toEqual({
      found: 500,
      history: 500,
      outbox: 500,
      counts: new Map([['Patient', 500]]),
      claim: 'Patient/p0',
      state: 'v',
      journal: 'processed',
      jobs: 1,
      audit: 2,
      sources: 1,
    });
  });

  const faults: readonly [string, Partial<Commit>][] = [
    ['a failed expectation', { changes: [...many(500), put('p1', { expect: 'absent' })] }],
    ['a claim that is taken', { claims: [{ key: 'taken', owner: 'me' }] }],
    ['a repeated journal row', { journal: [journalEntry('j2', { controlId: 'C', hash: 'h' })] }],
    ['an outbox row that is gone', { outboxDone: [{ position: 987_654 }] }],
    ['a lost job lease', { jobs: [{ op: 'done', key: 'none', lease: 'none' }] }],
    ['a changed state revision', { state: [{ key: 'none', value: 'x', expectRevision: 7 }] }],
  ];
  for (const [what, fault] of faults) {
    define(1, `${what} leaves nothing of a commit of 500 changes`, async (store) => {
      await commit(store, [], {
        claims: [{ key: 'taken', owner: 'other' }],
        journal: [journalEntry('j1', { controlId: 'C', hash: 'h' })],
      });
      const before = await footprint(store);
      const { seq } = await commit(store, []);
      await refusalOf(commit(store, fault.changes ?? many(500), withFault(fault)));
      expect(await footprint(store)).toEqual(before);
      expect((await commit(store, [])).seq).toBe(seq + 1);
    });
  }

  define(1, 'a fault in the last effect, after all others, leaves nothing', async (store) => {
    await commit(store, [put('p0')]);
    const before = await footprint(store);
    // No text, and none can be made of it: the hash of the last audit row cannot be taken.
    const noText = { toString: null, valueOf: null } as unknown as string;
    const broken = commit(store, many(500), withFault({ audit: [{ event: noText }] }));
    await expect(broken).rejects.toThrow();
    expect(await footprint(store)).toEqual(before);
    await commit(store, many(500), effects());
    expect(await footprint(store)).toMatchObject({ found: 500, audit: 2, state: 'v' });
  });

  define(1, 'refused commits leave their neighbours of the same turn alone', async (store) => {
    const outcomes = await Promise.allSettled([
      commit(store, [put('a', { expect: 'absent' })]),
      commit(store, [put('b'), put('a', { expect: 'absent' })]),
      commit(store, [put('c')]),
      commit(store, [put('a', { expect: { versionId: '1' } })]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(await idsOf(store, matchAll)).toEqual(['a', 'c']);
    expect((await store.read('Patient', 'a'))?.versionId).toBe('2');
  });

  define(1, 'what a caller does to its objects after commit changes nothing', async (store) => {
    const resource: { -readonly [Key in keyof IdentifiedResource]: IdentifiedResource[Key] } = {
      resourceType: 'Patient',
      id: 'a',
      active: true,
    };
    const pending = commit(store, [{ op: 'put', resource, index: [] }]);
    resource['active'] = false;
    await pending;
    expect((await store.read('Patient', 'a'))?.body).toContain('"active":true');
  });

  define(2, 'what was committed is there after closing and opening again', async (_store, open) => {
    await commit(open.store, many(3), effects());
    await commit(open.store, [remove('p1')]);
    const before = await footprint(open.store);
    const again = await open.reopen();
    expect(await footprint(again)).toEqual(before);
    const { seq, versions } = await commit(again, [put('p0')]);
    expect([seq, versions[0]?.versionId]).toEqual([3, '2']);
    await again.close();
  });
}

function many(count: number): Change[] {
  return Array.from({ length: count }, (_, n) =>
    put(`p${n}`, { index: [token('identifier', `${n}`, 'urn:mrn')] }),
  );
}

function effects(): Partial<Commit> {
  return {
    claims: [{ key: 'mrn|1', owner: 'Patient/p0' }],
    state: [{ key: 'k', value: 'v' }],
    journal: [journalEntry('m1', { state: 'processed', ackCode: 'AA' })],
    jobs: [{ op: 'put', job: { key: 'j', kind: 'x', dueAt: at(1), payload: '{}', attempts: 0 } }],
    audit: [{ event: '{"n":1}' }, { event: '{"n":2}' }],
    sources: [
      {
        source: 'ehr',
        type: 'Patient',
        id: 'p0',
        eventTime: at(0),
        receivedAt: at(1),
        controlId: 'm1',
        view: '{}',
      },
    ],
  };
}

/** All effects, with a faulty one behind the others of its kind. */
function withFault(fault: Partial<Commit>): Partial<Commit> {
  const whole: Record<string, unknown> = { ...effects() };
  for (const [part, list] of Object.entries(fault)) {
    whole[part] = [...((whole[part] ?? []) as unknown[]), ...(list as unknown[])];
  }
  return whole;
}

/** A trace of every part of a store. */
async function footprint(store: Store) {
  const found = await store.search({
    types: ['Patient'],
    where: { op: 'token', param: 'identifier', system: 'urn:mrn' },
    sort: [],
    count: 0,
    total: 'accurate',
  });
  return {
    found: found.total,
    history: (await store.history({ count: 1 })).total,
    outbox: (await store.outbox.pending(1_000)).length,
    counts: await store.counts(),
    claim: (await store.claimOwners(['mrn|1'])).get('mrn|1'),
    state: (await store.state('k'))?.value,
    journal: (await store.journal.read('m1'))?.state,
    jobs: (await store.jobs.list('', 10)).length,
    audit: (await store.audit.rows(0, 10)).length,
    sources: (await store.sourceViews('Patient', 'p0')).length,
  };
}
