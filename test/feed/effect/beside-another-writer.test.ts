import { describe, expect, it } from 'vitest';
import type { Doing } from '../../../src/feed/doing.ts';
import { createRework, type Rework } from '../../../src/feed/rework.ts';
import type { IdentifiedResource } from '../../../src/fhir/resource.ts';
import { extractIndex } from '../../../src/fhir/search-extract.ts';
import { openMemoryStore } from '../../../src/store/memory.ts';
import type { JournalEntry, Store } from '../../../src/store/store.ts';
import { cx, pid, Register } from './register.ts';

const doing: Doing = {
  principal: { id: 'ana', display: 'Ana', role: 'analyst' },
  requestId: 'r1',
};
const reversed = { event: 'ADT^A40', segments: [pid('M1'), `MRG|${cx('M2')}`] };
const note = { note: [{ text: 'I have asked the ward' }] };

interface Begun {
  readonly on: Register;
  readonly rework: Rework;
  /** The row of what is parked. */
  readonly row: JournalEntry;
  /** `Task/id` */
  readonly task: string;
  /** Lets something happen before one of the calls that follow; tells, once it has, whether it did. */
  readonly before: (at: number, happens: () => Promise<void>) => () => Promise<boolean>;
}

/** M1 was merged into M2, and then M2 into M1, which is parked and asked of a human. */
async function begun(): Promise<Begun> {
  let [calls, set] = [0, { at: 0, happens: async (): Promise<void> => undefined }];
  const methods = ['read', 'search', 'claimOwners', 'sourceViews', 'state', 'states', 'commit'];
  const store: Store = new Proxy(openMemoryStore(), {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (!methods.includes(String(name))) return method;
      return async (...args: unknown[]): Promise<unknown> => {
        calls += 1;
        if (calls === set.at) await set.happens();
        return Reflect.apply(method as () => unknown, target, args);
      };
    },
  });
  const on = new Register(store);
  await on.admit('M1', 'V1');
  await on.admit('M2', 'V2');
  await on.merge('M2', 'M1');
  await on.say(reversed);
  const [found] = await on.of(await on.owner('M2'), 'Task');
  return {
    ...{ on, rework: createRework(on.pipeline, on.processor), row: await on.row() },
    task: `Task/${found?.id ?? ''}`,
    before: (at, happens) => {
      let happening: Promise<void> | undefined;
      calls = 0;
      set = { at, happens: () => (happening = happens()) };
      return async () => {
        set = { ...set, at: 0 };
        await happening;
        return happening !== undefined;
      };
    },
  };
}

async function write({ on }: Begun, reference: string, change: object): Promise<void> {
  const resource = { ...(await on.read(reference)), ...change } as IdentifiedResource;
  const put = { op: 'put', resource, index: extractIndex(resource) } as const;
  await on.store.commit({ now: new Date(), origin: 'rest', changes: [put] });
}

/** Somebody takes the first merge back: M1 is a number in use. */
async function undo(all: Begun): Promise<void> {
  const person = (await all.on.owner('M2')) ?? '';
  const identifier = (await all.on.read(person))['identifier'] as { use?: string }[];
  await write(all, person, { identifier: identifier.map(({ use: _, ...one }) => one) });
}

const late = 'Task/late';

/** A merge, and what a rule makes later of the record of before it. */
async function lateTask(all: Begun): Promise<void> {
  const { on } = all;
  await on.admit('M5', 'V5');
  await on.admit('M6', 'V6');
  const prior = (await on.owner('M6')) ?? '';
  await on.merge('M5', 'M6');
  const task = { resourceType: 'Task', id: 'late', status: 'requested', intent: 'order' } as const;
  await write(all, late, { ...task, for: { reference: prior } });
}

const works: Readonly<
  Record<
    string,
    {
      readonly prepare?: (all: Begun) => Promise<void>;
      readonly does: (all: Begun) => Promise<unknown>;
      readonly victim?: string;
      /** What the Task becomes. */
      readonly becomes: (all: Begun) => Promise<object>;
    }
  >
> = {
  'a message is skipped': {
    does: ({ rework, row }) => rework.skip(row, doing),
    becomes: async () => ({ status: 'completed' }),
  },
  'another message takes the place of one': {
    does: ({ rework, row }) => {
      const edit = Buffer.from(row.bytes).toString().replace(pid('M1'), pid('M3'));
      return rework.edit(row, Buffer.from(edit), doing);
    },
    becomes: async ({ on }) => ({
      status: 'completed',
      for: { reference: await on.owner('M3') },
    }),
  },
  'a message is tried again': {
    prepare: undo,
    does: ({ rework, row }) => rework.retry(row, doing),
    becomes: async () => ({ status: 'completed' }),
  },
  'what a rule made late is turned to the survivor': {
    prepare: lateTask,
    does: ({ on }) => on.leftOver(),
    victim: late,
    becomes: async ({ on }) => ({ for: { reference: await on.owner('M5') } }),
  },
};

describe.each(Object.entries(works))(
  'while %s, at whatever step',
  (_, { prepare, does, victim, becomes }) => {
    it.each([
      ['a note stays', note, {}],
      [
        'who completes the Task has the last word',
        { status: 'completed', ...note },
        { status: 'completed' },
      ],
    ])('%s', async (_, change, wanted) => {
      let steps = 0;
      for (let [at, met] = [1, true]; met; at += 1) {
        const all = await begun();
        await prepare?.(all);
        const reference = victim ?? all.task;
        const isMet = all.before(at, () => write(all, reference, change));
        await does(all);
        met = await isMet();
        if (!met) break;
        steps += 1;
        const expected = { ...(await becomes(all)), ...note, ...wanted };
        expect([at, await all.on.read(reference)]).toMatchObject([at, expected]);
      }
      expect(steps).toBeGreaterThan(2);
    });
  },
);
