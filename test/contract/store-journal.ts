import { expect } from 'vitest';
import { limits } from '../../src/limits.ts';
import type { JournalEntry, JournalQuery, JournalRemoval, Store } from '../../src/store/store.ts';
import type { DefineLaw } from './store.ts';
import { at, commit, journalEntry, put, refusalOf } from './store-fixture.ts';

/** Law 9: the journal. */
export function journalLaws(define: DefineLaw): void {
  define(9, 'an entry comes back as it was given', async (store) => {
    const bytes = Uint8Array.from({ length: 256 }, (_, n) => n);
    const full = journalEntry('m1', {
      bytes,
      state: 'failed',
      attempts: 2,
      lastError: 'x',
      nextRetryAt: at(9),
      ack: bytes.slice(0, 3),
      ackCode: 'AE',
      written: ['Patient/1/_history/2'],
      patient: 'Patient/1',
      report: '{}',
      fields: ['PID-3=1', 'MSH-4=MERCY'],
      notes: '[]',
    });
    const bare = journalEntry('m2', { controlId: '', messageType: '' });
    expect(await store.journal.append(full)).toEqual({});
    expect(await store.journal.append(bare)).toEqual({});
    expect(plain(await store.journal.read('m1'))).toEqual(plain(full));
    expect(plain(await store.journal.read('m2'))).toEqual(plain(bare));
    expect(await store.journal.read('m3')).toBeUndefined();
  });

  define(9, 'an equal entry is answered with the first and writes nothing', async (store) => {
    const first = journalEntry('m1', { controlId: 'C', hash: 'h' });
    const again = journalEntry('m2', { controlId: 'C', hash: 'h', peer: 'other' });
    const both = await Promise.all([store.journal.append(first), store.journal.append(again)]);
    expect(both.map(({ existing }) => existing?.id)).toEqual([undefined, 'm1']);
    const refusal = await refusalOf(commit(store, [], { journal: [again] }));
    expect(refusal).toMatchObject({ kind: 'journal-duplicate', index: 0, existing: { id: 'm1' } });
    expect(await store.journal.read('m2')).toBeUndefined();
    for (const other of [{ feed: 'lab' }, { controlId: 'D' }, { hash: 'i' }]) {
      const id = `m-${Object.values(other).join()}`;
      expect(await store.journal.append({ ...first, id, ...other })).toEqual({});
    }
    const found = await store.journal.find('ehr', 'C');
    expect(found.map(({ id }) => id)).toEqual(['m1', 'm-i']);
  });

  define(9, 'more than a bound are not found by one control id', async (store) => {
    const entries = Array.from({ length: limits.journalFindMax + 2 }, (_, n) =>
      journalEntry(`m${n}`, { controlId: 'C', hash: `h${n}` }),
    );
    for (const entry of entries) await store.journal.append(entry);
    const found = await store.journal.find('ehr', 'C');
    expect(found.map(({ id }) => id)).toEqual(entries.slice(0, -2).map(({ id }) => id));
  });

  define(9, 'of 20 parallel equal entries one is written', async (store) => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        store.journal.append(journalEntry(`m${n}`, { controlId: 'C', hash: 'h' })),
      ),
    );
    expect(answers.filter(({ existing }) => existing === undefined)).toHaveLength(1);
    expect(await store.journal.find('ehr', 'C')).toHaveLength(1);
  });

  define(9, 'a commit brings an entry up to date, its bytes and origin stay', async (store) => {
    const entry = journalEntry('m1');
    await store.journal.append(entry);
    const processed = { state: 'processed', attempts: 1, ackCode: 'AA' } as const;
    const changed = { ...entry, ...processed, bytes: new Uint8Array(), peer: 'elsewhere' };
    await commit(store, [], { journal: [changed] });
    expect(plain(await store.journal.read('m1'))).toEqual(plain({ ...entry, ...processed }));
    const rest = { ...entry, state: 'received', attempts: 2 } as const;
    await commit(store, [], { journal: [rest] });
    expect(plain(await store.journal.read('m1'))).toEqual(plain(rest));
  });

  define(
    9,
    'of those who settle an entry at once, the one that knows its attempts wins',
    async (store) => {
      const entry = journalEntry('m1');
      await store.journal.append(entry);
      const settled = { ...entry, state: 'processed', attempts: 1, expectAttempts: 0 } as const;
      const settle = async (n: number) =>
        commit(store, [put(`by-${n}`)], { journal: [settled] }).then(
          () => 'settled',
          (error: unknown) => error,
        );
      const outcomes = await Promise.all(Array.from({ length: 20 }, (_, n) => settle(n)));
      expect(outcomes.filter((outcome) => outcome === 'settled')).toHaveLength(1);
      const refused = outcomes.find((outcome) => outcome !== 'settled');
      expect(refused).toMatchObject({
        refusal: { kind: 'journal-attempts', index: 0, existing: { id: 'm1', state: 'processed' } },
      });
      expect((await store.counts()).get('Patient')).toBe(1);
      expect(await store.journal.read('m1')).not.toHaveProperty('expectAttempts');
    },
  );

  define(9, 'counts follow every row through its states', async (store) => {
    await populate(store);
    const before = await store.journal.counts();
    expect(before).toEqual([
      { feed: 'ehr', state: 'failed', ackCode: 'AE', count: 1 },
      { feed: 'ehr', state: 'processed', ackCode: 'AA', count: 2 },
      { feed: 'lab', state: 'received', ackCode: '', count: 2 },
    ]);
    const moved = await store.journal.read('m4');
    await commit(store, [], {
      journal: [{ ...(moved ?? journalEntry('m4')), state: 'processed', ackCode: 'AA' }],
    });
    expect(await store.journal.counts()).toEqual([
      ...before.slice(0, 2),
      { feed: 'lab', state: 'processed', ackCode: 'AA', count: 1 },
      { feed: 'lab', state: 'received', ackCode: '', count: 1 },
    ]);
  });

  const queries: readonly [Partial<JournalQuery>, readonly string[]][] = [
    [{}, ['m5', 'm4', 'm3', 'm2', 'm1']],
    [{ feed: 'ehr' }, ['m3', 'm2', 'm1']],
    [{ state: 'failed' }, ['m3']],
    [{ state: 'processed' }, ['m2', 'm1']],
    [{ messageType: 'ORU^R01' }, ['m5', 'm4']],
    [{ controlId: 'C-m2' }, ['m2']],
    [{ patient: 'Patient/1' }, ['m4', 'm1']],
    [{ patient: 'Patient/1', feed: 'lab' }, ['m4']],
    [{ feed: 'none' }, []],
    [{ state: ['failed', 'received'] }, ['m5', 'm4', 'm3']],
    [{ state: ['processed', 'failed'], feed: 'ehr' }, ['m3', 'm2', 'm1']],
    [{ state: [] }, []],
    [{ fields: ['PID-3=1'] }, ['m4', 'm1']],
    [{ fields: ['PID-3=1', 'MSH-4=LAB'] }, ['m4']],
    [{ fields: ['PID-3=1'], state: 'processed' }, ['m1']],
    [{ fields: ['PID-3=1'], feed: 'lab', messageType: 'ORU^R01', patient: 'Patient/1' }, ['m4']],
    [{ fields: ['PID-3'] }, []],
    [{ fields: ['PID-3=1', 'PID-3=2'] }, []],
    [{ from: at(2) }, ['m5', 'm4', 'm3', 'm2']],
    [{ to: at(3) }, ['m2', 'm1']],
    [{ from: at(2), to: at(4), fields: ['MSH-4=MERCY'] }, ['m3', 'm2']],
    [{ from: at(3), to: at(3) }, []],
    [{ oldestFirst: true }, ['m1', 'm2', 'm3', 'm4', 'm5']],
    [{ oldestFirst: true, fields: ['MSH-4=LAB'], from: at(2) }, ['m4', 'm5']],
    [{ oldestFirst: true, state: ['received', 'failed'] }, ['m3', 'm4', 'm5']],
    [{ bare: true, feed: 'lab' }, ['m5', 'm4']],
  ];
  define(9, 'fields are brought up to date with their row', async (store) => {
    await store.journal.append(journalEntry('m1', { fields: ['PID-3=1', 'PID-3=2'] }));
    const row = await store.journal.read('m1');
    await commit(store, [], { journal: [{ ...row!, fields: ['PID-3=2', 'PID-3=3'] }] });
    const found = await Promise.all(
      ['1', '2', '3'].map((id) => idsBy(store, { fields: [`PID-3=${id}`] })),
    );
    expect(found).toEqual([[], ['m1'], ['m1']]);
    expect((await store.journal.read('m1'))?.fields).toEqual(['PID-3=2', 'PID-3=3']);
  });

  define(9, 'a bare row has everything but its bytes', async (store) => {
    const entry = journalEntry('m1', { fields: ['PID-3=1'], notes: '[]', report: '{}' });
    await store.journal.append(entry);
    const { entries } = await store.journal.list({ bare: true, count: 5 });
    expect(entries.map(plain)).toEqual([{ ...plain(entry), bytes: [] }]);
  });

  define(9, 'what came at one instant is in the order in which it was written', async (store) => {
    for (const id of ['b', 'a', 'c']) await store.journal.append(journalEntry(id));
    await store.journal.append(journalEntry('earlier', { receivedAt: at(-1) }));
    expect(await idsBy(store, {})).toEqual(['c', 'a', 'b', 'earlier']);
    expect(await idsBy(store, { oldestFirst: true })).toEqual(['earlier', 'b', 'a', 'c']);
  });

  for (const [query, expected] of queries) {
    define(9, `listed by ${JSON.stringify(query)}, newest first`, async (store) => {
      await populate(store);
      const whole = await store.journal.list({ ...query, count: 10 });
      expect(whole.entries.map(({ id }) => id)).toEqual(expected);
      expect(whole.next).toBeUndefined();
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.journal.list({
          ...query,
          count: 1,
          ...(cursor === undefined ? {} : { cursor }),
        });
        seen.push(...page.entries.map(({ id }) => id));
        cursor = page.next;
      } while (cursor !== undefined);
      expect(seen).toEqual(expected);
    });
  }
}

/** What retention removes. */
export function removalLaws(define: DefineLaw): void {
  const settled = ['processed', 'failed', 'parked', 'ignored'] as const;

  define(
    9,
    'a removal takes the oldest of its states, and nothing is left of them',
    async (store) => {
      await populate(store);
      const bytes = new Uint8Array(100).fill(7);
      const first = await store.journal.read('m1');
      expect(await store.journal.remove({ states: ['processed'], before: at(9), count: 1 })).toBe(
        1,
      );
      expect(await store.journal.read('m1')).toBeUndefined();
      expect(await idsBy(store, { fields: ['PID-3=1'] })).toEqual(['m4']);
      expect(await store.journal.find('ehr', 'C-m1')).toEqual([]);
      expect(await store.journal.counts()).toContainEqual({
        ...{ feed: 'ehr', state: 'processed', ackCode: 'AA', count: 1 },
      });
      // An equal one is new.
      const again = journalEntry('m9', { ...first, id: 'm9', bytes });
      expect(await store.journal.append(again)).toEqual({});
      expect(plain(await store.journal.read('m9'))?.bytes).toEqual([...bytes]);
    },
  );

  const removals: readonly [JournalRemoval, number, readonly string[]][] = [
    [{ states: ['processed'], before: at(2), count: 10 }, 1, ['m5', 'm4', 'm3', 'm2']],
    [{ states: ['failed'], before: at(9), count: 10 }, 1, ['m5', 'm4', 'm2', 'm1']],
    [{ states: ['failed'], before: at(3), count: 10 }, 0, ['m5', 'm4', 'm3', 'm2', 'm1']],
    [{ states: settled, before: at(9), count: 10 }, 3, ['m5', 'm4']],
    [{ states: settled, before: at(9), count: 2 }, 2, ['m5', 'm4', 'm3']],
    [{ states: settled, before: at(9), count: 0 }, 0, ['m5', 'm4', 'm3', 'm2', 'm1']],
    [{ states: [], before: at(9), count: 10 }, 0, ['m5', 'm4', 'm3', 'm2', 'm1']],
  ];
  for (const [removal, removed, left] of removals) {
    const { states, before, count } = removal;
    const name = `${states.join() || 'nothing'} before ${String(before.getTime() - at(0).getTime())} ms`;
    define(
      9,
      `a removal of ${String(count)} ${name} never takes what is not settled`,
      async (store) => {
        await populate(store);
        expect(await store.journal.remove(removal)).toBe(removed);
        expect(await idsBy(store, {})).toEqual(left);
      },
    );
  }

  define(9, 'a long frame is removed as a short one is', async (store) => {
    const bytes = new Uint8Array(limits.mongoPartBytes + 10).fill(3);
    await store.journal.append(journalEntry('m1', { bytes, state: 'ignored' }));
    expect(await store.journal.remove({ states: ['ignored'], before: at(1), count: 5 })).toBe(1);
    await store.journal.append(journalEntry('m2', { bytes, state: 'parked' }));
    expect((await store.journal.read('m2'))?.bytes.byteLength).toBe(bytes.byteLength);
    expect(await idsBy(store, {})).toEqual(['m2']);
  });

  define(9, 'of removals and changes at once each row has one end', async (store) => {
    const entries = Array.from({ length: 20 }, (_, n) =>
      journalEntry(`m${String(n)}`, { state: 'failed', fields: [`N=${String(n)}`] }),
    );
    for (const entry of entries) await store.journal.append(entry);
    const retried = entries.map(async (entry) =>
      commit(store, [], { journal: [{ ...entry, state: 'processed', attempts: 1 }] }).catch(
        () => 0,
      ),
    );
    const removed = await Promise.all([
      store.journal.remove({ states: ['failed'], before: at(9), count: 5 }),
      store.journal.remove({ states: ['failed'], before: at(9), count: 5 }),
      ...retried.map(async (each) => (await each, 0)),
    ]);
    const taken = removed.reduce<number>((sum, each) => sum + Number(each), 0);
    const { entries: left } = await store.journal.list({ count: 50 });
    expect(left.filter(({ state }) => state === 'failed')).toEqual([]);
    // One that was removed before it was changed is written anew by the change, which has all of it.
    expect(left.length).toBeGreaterThanOrEqual(20 - taken);
    for (const { id, fields = [] } of left) expect(await idsBy(store, { fields })).toEqual([id]);
  });
}

async function idsBy(store: Store, query: Partial<JournalQuery>): Promise<readonly string[]> {
  return (await store.journal.list({ ...query, count: 50 })).entries.map(({ id }) => id);
}

async function populate(store: Store): Promise<void> {
  const processed = { state: 'processed', ackCode: 'AA' } as const;
  const lab = { feed: 'lab', messageType: 'ORU^R01', fields: ['MSH-4=LAB'] };
  const mercy = { fields: ['MSH-4=MERCY'] };
  const one = { patient: 'Patient/1', receivedAt: at(1) };
  const entries = [
    journalEntry('m1', { ...processed, ...one, fields: ['PID-3=1', 'MSH-4=MERCY'] }),
    journalEntry('m2', { ...processed, ...mercy, receivedAt: at(2) }),
    journalEntry('m3', { state: 'failed', ackCode: 'AE', ...mercy, receivedAt: at(3) }),
    journalEntry('m4', { ...lab, ...one, fields: ['PID-3=1', 'MSH-4=LAB'], receivedAt: at(4) }),
    journalEntry('m5', { ...lab, receivedAt: at(5) }),
  ];
  for (const entry of entries) await store.journal.append(entry);
}

/** Bytes as arrays: one store gives Buffers, another what it was given. */
function plain(entry: JournalEntry | undefined) {
  if (entry === undefined) return undefined;
  const { ack, ...rest } = entry;
  return { ...rest, bytes: [...entry.bytes], ...(ack === undefined ? {} : { ack: [...ack] }) };
}
