import { expect, it } from 'vitest';
import { defaultAlarms } from '../../src/feed/alarm-settings.ts';
import { alarmTaskId } from '../../src/feed/alarm-task.ts';
import { watchFeeds } from '../../src/feed/alarm-watch.ts';
import { defaultFeed, type Feed } from '../../src/feed/feed.ts';
import type { IdentifiedResource } from '../../src/fhir/resource.ts';
import { extractIndex } from '../../src/fhir/search-extract.ts';
import { limits } from '../../src/limits.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { JournalEntry, Store } from '../../src/store/store.ts';
import { keepLog } from './mllp-peer.ts';

const feed: Feed = {
  ...{ ...defaultFeed, name: 'ehr', title: 'The EHR' },
  alarms: { ...defaultAlarms, silence: 'off' },
};
const id = alarmTaskId('ehr', 'age');
const note = { note: [{ text: 'Their line is down until noon' }] };

/** A feed of which a message may wait, and which is looked at. */
class Watched {
  readonly raw = openMemoryStore();
  /** What happens before one of the calls. */
  happens: { readonly at: number; readonly what: () => Promise<void> } | undefined;
  #calls = 0;
  #at = Date.parse('2026-05-04T10:00:00Z');
  #rows = 0;
  readonly #store: Store = new Proxy(this.raw, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (!['read', 'state', 'commit'].includes(String(name))) return method;
      return async (...args: unknown[]): Promise<unknown> => {
        if ((this.#calls += 1) === this.happens?.at) await this.happens.what();
        return Reflect.apply(method as () => unknown, target, args);
      };
    },
  });

  async look(times: number): Promise<void> {
    for (let count = 0; count < times; count += 1) {
      this.#at += limits.alarmTickMs;
      this.#calls = 0;
      const clock = (): Date => new Date(this.#at);
      await watchFeeds({ store: this.#store, feeds: () => [feed], clock, log: keepLog() });
    }
  }

  async waits(): Promise<JournalEntry> {
    const row = `r${String((this.#rows += 1))}`;
    const entry: JournalEntry = {
      ...{ id: row, feed: 'ehr', peer: 'p', receivedAt: new Date(this.#at), controlId: row },
      ...{ messageType: 'ADT^A08', hash: row, bytes: Buffer.from('x') },
      ...{ state: 'received', attempts: 1 },
    };
    await this.raw.journal.append(entry);
    return entry;
  }

  async goesOn(entry: JournalEntry): Promise<void> {
    const journal = [{ ...entry, state: 'processed' } as const];
    await this.raw.commit({ now: new Date(this.#at), origin: 'test', changes: [], journal });
  }

  async task(): Promise<IdentifiedResource> {
    return JSON.parse((await this.raw.read('Task', id))?.body ?? '') as IdentifiedResource;
  }

  async write(change: object): Promise<void> {
    const resource = { ...(await this.task()), ...change };
    const put = { op: 'put', resource, index: extractIndex(resource) } as const;
    await this.raw.commit({ now: new Date(this.#at), origin: 'rest', changes: [put] });
  }
}

const untilRaised = 16;

async function raised(): Promise<{ watched: Watched; row: JournalEntry }> {
  const watched = new Watched();
  const row = await watched.waits();
  await watched.look(untilRaised);
  return { watched, row };
}

/** One look before it is cleared. */
async function calm(): Promise<Watched> {
  const { watched, row } = await raised();
  await watched.goesOn(row);
  await watched.look(limits.alarmCalmTicks - 1);
  return watched;
}

/** One look before it is raised again. */
async function rising(): Promise<Watched> {
  const watched = await calm();
  await watched.look(1);
  await watched.waits();
  await watched.look(untilRaised - 1);
  return watched;
}

it.each([
  ['cleared', calm, 'completed'],
  ['raised again', rising, 'requested'],
] as const)('a note that a person writes while an alarm is %s stays', async (_, before, status) => {
  const was = (await (await before()).task())['status'];
  expect(was).not.toBe(status);
  for (let [at, met] = [1, true]; met; at += 1) {
    met = false;
    const watched = await before();
    const what = async (): Promise<void> => {
      met = true;
      await watched.write(note);
    };
    watched.happens = { at, what };
    await watched.look(1);
    watched.happens = undefined;
    if (!met) break;
    // A look that met somebody is done again by the next.
    await watched.look(1);
    expect([at, await watched.task()]).toMatchObject([at, { status, ...note }]);
  }
});

it('why a person closed it is not said of it any more when it is raised again', async () => {
  const watched = await calm();
  await watched.write({ statusReason: { text: 'Known' }, ...note });
  await watched.look(1);
  await watched.waits();
  await watched.look(untilRaised);
  const task = await watched.task();
  expect(task).toMatchObject({ status: 'requested', ...note });
  expect(task).not.toHaveProperty('statusReason');
  expect(task['executionPeriod']).not.toHaveProperty('end');
});
