import { expect } from 'vitest';
import { limits } from '../../src/limits.ts';
import type { JournalEntry, JournalQuery, Store } from '../../src/store/store.ts';
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
  ];
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

async function populate(store: Store): Promise<void> {
  const processed = { state: 'processed', ackCode: 'AA' } as const;
  const lab = { feed: 'lab', messageType: 'ORU^R01' };
  const entries = [
    journalEntry('m1', { ...processed, patient: 'Patient/1' }),
    journalEntry('m2', processed),
    journalEntry('m3', { state: 'failed', ackCode: 'AE' }),
    journalEntry('m4', { ...lab, patient: 'Patient/1' }),
    journalEntry('m5', lab),
  ];
  for (const entry of entries) await store.journal.append(entry);
}

/** Bytes as arrays: one store gives Buffers, another what it was given. */
function plain(entry: JournalEntry | undefined) {
  if (entry === undefined) return undefined;
  const { ack, ...rest } = entry;
  return { ...rest, bytes: [...entry.bytes], ...(ack === undefined ? {} : { ack: [...ack] }) };
}
