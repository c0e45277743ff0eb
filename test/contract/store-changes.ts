import { expect } from 'vitest';
import type { ChangeEvent, Store } from '../../src/store/store.ts';
import type { DefineLaw } from './store.ts';
import { at, commit, put, remove, token } from './store-fixture.ts';

/** Law 13: the change feed. */
export function changeFeedLaws(define: DefineLaw): void {
  define(13, 'each version is one event, oldest first, and stays', async (store) => {
    await commit(store, [put('a'), put('x', { type: 'Basic' })], { now: at(1) });
    await commit(store, [put('a', { skipIfSame: true }), remove('none')], { now: at(2) });
    await commit(
      store,
      [put('a', { content: { active: true } }), remove('x', undefined, 'Basic')],
      {
        now: at(3),
      },
    );
    const events = await store.changes(0, 100);
    expect(events.map(({ position: _, ...event }) => event)).toEqual([
      { seq: 1, type: 'Patient', id: 'a', versionId: '1', method: 'POST', at: at(1) },
      { seq: 1, type: 'Basic', id: 'x', versionId: '1', method: 'POST', at: at(1) },
      { seq: 3, type: 'Patient', id: 'a', versionId: '2', method: 'PUT', at: at(3) },
      { seq: 3, type: 'Basic', id: 'x', versionId: '2', method: 'DELETE', at: at(3) },
    ]);
    const [first, second] = events;
    expect(await store.changes(0, 2)).toEqual([first, second]);
    expect(await store.changes(second?.position ?? 0, 100)).toEqual(events.slice(2));
    expect(await store.changes(events.at(-1)?.position ?? 0, 100)).toEqual([]);
    await commit(store, [], { outboxDone: [{ position: first?.position ?? 0 }] });
    expect(await store.changes(0, 100)).toEqual(events);
  });

  define(13, 'its positions are those of the outbox', async (store) => {
    await Promise.all(['a', 'b', 'c'].map((id) => commit(store, [put(id), put(`${id}2`)])));
    const rows = await store.outbox.pending(100);
    const events = rows.map(({ origin: _, ...event }) => event);
    expect(await store.changes(0, 100)).toEqual(events);
  });

  define(13, 'what was committed when a reader asked is there', async (store) => {
    const writers = Array.from({ length: 20 }, async (_, n) => {
      const { seq } = await commit(store, [put(`p${n}`)]);
      expect((await store.changes(0, 1_000)).map((event) => event.seq)).toContain(seq);
    });
    await Promise.all(writers);
  });

  define(13, 'no position is passed before an earlier one appears', async (store, { rounds }) => {
    const each = rounds(30);
    let writing = true;
    const seen: ChangeEvent[] = [];
    const read = async (): Promise<void> => {
      for (;;) {
        const last = !writing;
        const events = await store.changes(seen.at(-1)?.position ?? 0, 7);
        seen.push(...events);
        if (events.length === 0 && last) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const write = async (writer: number): Promise<void> => {
      for (let n = 0; n < each; n++) {
        const more = Array.from({ length: n % 4 }, (_, k) => put(`p${writer}-${n}-${k}`));
        await commit(store, [put(`w${writer}`), ...more]);
      }
    };
    const reading = read();
    await Promise.all(Array.from({ length: 20 }, (_, n) => write(n)));
    writing = false;
    await reading;
    const whole = await allChanges(store);
    expect(seen).toEqual(whole);
    expect(whole).toHaveLength((await store.history({ count: 0 })).total);
    const ascending = whole.every((event, n) => n === 0 || isBefore(whole[n - 1], event));
    expect(ascending).toBe(true);
  });

  define(6, 'history of the system is the change feed, newest first', async (store) => {
    const writers = Array.from({ length: 20 }, async (_, n) => {
      await commit(store, [put('shared'), put(`p${n}`), put('shared', { content: { n } })]);
      await commit(store, n % 2 === 0 ? [remove(`p${n}`)] : [put(`p${n}`)]);
    });
    await Promise.all(writers);
    const labels: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.history({ count: 9, ...(cursor === undefined ? {} : { cursor }) });
      labels.push(...page.versions.map(labelOf));
      cursor = page.next;
    } while (cursor !== undefined);
    const changes = await store.changes(0, 1_000);
    expect(labels).toHaveLength(80);
    expect(labels).toEqual(changes.map(labelOf).reverse());
  });

  define(13, 'an index change is none', async (store) => {
    await commit(store, [put('a')]);
    const before = await store.changes(0, 10);
    await commit(store, [{ op: 'index', type: 'Patient', id: 'a', index: [token('x', '1')] }]);
    expect(await store.changes(0, 10)).toEqual(before);
  });

  define(13, 'events are there after opening again, and positions go on', async (_store, open) => {
    await commit(open.store, [put('a'), put('b')]);
    const before = await open.store.changes(0, 10);
    const again = await open.reopen();
    expect(await again.changes(0, 10)).toEqual(before);
    await commit(again, [put('c')]);
    expect(await again.changes(before.at(-1)?.position ?? 0, 10)).toMatchObject([{ id: 'c' }]);
    await again.close();
  });
}

async function allChanges(store: Store): Promise<ChangeEvent[]> {
  const all: ChangeEvent[] = [];
  for (;;) {
    const page = await store.changes(all.at(-1)?.position ?? 0, 500);
    if (page.length === 0) return all;
    all.push(...page);
  }
}

/** Whether one event is before another, by position and by commit. */
function isBefore(a: ChangeEvent | undefined, b: ChangeEvent): boolean {
  return a !== undefined && a.position < b.position && a.seq <= b.seq;
}

function labelOf(of: { seq: number; type: string; id: string; versionId: string }): string {
  return `${of.seq}: ${of.type}/${of.id}/${of.versionId}`;
}
