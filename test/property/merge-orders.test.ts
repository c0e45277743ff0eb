import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../src/fhir/resource.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { cx, pid, pv1, Register, type Said } from '../feed/effect/register.ts';
import { codeOf } from '../feed/pipeline-fixture.ts';
import { delays, slow } from './slow-store.ts';
import { folders, storesUnderTest } from './stores-under-test.ts';

const numbers = ['M1', 'M2', 'M3', 'M4', 'M5'] as const;
const aNumber = fc.constantFrom(...numbers);

/** A hospital's day: people are admitted, change their names, have results, and turn out to be one. */
const day = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('name' as const), one: aNumber }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('result' as const), one: aNumber }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('merge' as const), one: aNumber, other: aNumber }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('link' as const), one: aNumber, other: aNumber }),
    },
  ),
  { minLength: 4, maxLength: 24 },
);

type Happening = typeof day extends fc.Arbitrary<(infer One)[]> ? One : never;

function saidOf(happening: Happening, index: number): Said {
  const { kind, one } = happening;
  const at = { minute: index + 1 };
  switch (kind) {
    case 'name':
      return {
        ...at,
        event: 'ADT^A08',
        segments: [pid(one).replace('Alvarez', `Name${String(index)}`), pv1(`V${one}`)],
      };
    case 'result':
      return {
        ...at,
        event: 'ORU^R01',
        sender: 'LAB|LABCO',
        segments: [
          pid(one),
          `OBR|1|O${String(index)}^MERCY|F${String(index)}^LABCO|718-7^Hemoglobin^LN|||20260501080000|||||||||||||||20260501090000||LAB|F`,
          'OBX|1|NM|718-7^Hemoglobin^LN||13.5|g/dL|12-16||||F|||20260501080000',
        ],
      };
    case 'merge':
      return { ...at, event: 'ADT^A40', segments: [pid(one), `MRG|${cx(happening.other)}`] };
    case 'link':
      return { ...at, event: 'ADT^A24', segments: [pid(one), pid(happening.other)] };
  }
}

/** What is stored, people called by their first number and without what differs from run to run. */
async function stored(store: Store): Promise<readonly string[]> {
  const { versions } = await store.history({ count: 10_000 });
  const newest = new Map<string, Resource>();
  for (const { type, id, body } of versions) {
    const key = `${type}/${id}`;
    if (!newest.has(key)) newest.set(key, JSON.parse(body) as Resource);
  }
  const names = [...newest].flatMap(([key, { identifier }]) => {
    const [first] = (identifier ?? []) as { readonly value: string }[];
    return key.startsWith('Patient/') ? [[key, `Patient/${first?.value ?? ''}`] as const] : [];
  });
  const named = (item: unknown): string =>
    names.reduce((text, [key, name]) => text.replaceAll(key, name), JSON.stringify(item));
  return [...newest]
    .filter(([key]) => !key.startsWith('Provenance/'))
    .map(([, { meta: _, id, link = [], identifier = [], ...rest }]) => {
      const own = rest.resourceType === 'Patient' ? '' : id;
      const content =
        rest.resourceType === 'Task' ? { ...rest, input: withoutMessage(rest['input']) } : rest;
      // Links and numbers come in the order in which the messages happened to be taken.
      const lists = [link, identifier].map((list) =>
        (list as readonly unknown[]).map(named).sort(),
      );
      return named({ own, ...content }) + JSON.stringify(lists);
    })
    .sort();
}

/** The journal row of a merge that was refused has an id of its own in each run. */
function withoutMessage(input: unknown): unknown {
  const inputs = input as readonly { readonly type: { readonly text: string } }[];
  return inputs.filter(({ type }) => type.text !== 'Message');
}

describe('merges among other messages', () => {
  it('taken side by side end as one after another', async () => {
    await fc.assert(
      fc.asyncProperty(day, delays, async (happenings, waits) => {
        const said = happenings.map(saidOf);
        const oracle = new Register(openMemoryStore());
        for (const one of said) await oracle.say(one);
        const store = openMemoryStore();
        const on = new Register(slow(store, waits));
        await Promise.all(said.map((one) => on.say(one)));
        await on.processor.idle();
        expect(await stored(store)).toEqual(await stored(oracle.store));
        expect(await on.leftOver()).toEqual([]);
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});

/** Who is merged into whom, such that there is no circle: each into one with a higher number. */
const forest = fc.tuple(...[1, 2, 3, 4].map((at) => fc.option(fc.integer({ min: at, max: 4 }))));

describe.each([
  { name: 'memory', open: async (): Promise<Store> => openMemoryStore(), runs: 40 },
  ...storesUnderTest.map((one) => ({ ...one, runs: 6 })),
])('two processes that merge and write at once, on $name', ({ name, open, runs, ...rest }) => {
  if (open === undefined) {
    it.skip('absent' in rest ? String(rest.absent) : name, () => undefined);
    return;
  }
  it('leave nothing with whom was merged', async () => {
    await fc.assert(
      fc.asyncProperty(
        forest,
        delays,
        fc.array(fc.tuple(aNumber, fc.boolean()), { minLength: 4, maxLength: 10 }),
        async (roots, waits, results) => {
          const store = await open();
          const one = new Register(slow(store, waits), { newId: ids('a') });
          for (const number of numbers) await one.say(admission(number));
          const other = new Register(slow(store, waits.toReversed()), { newId: ids('b') });
          const merges = roots.flatMap((root, index) =>
            root === null ? [] : [[numbers[root], numbers[index]] as const],
          );
          const acks = await Promise.all([
            ...merges.map(([into = '', prior = ''], index) =>
              (index % 2 === 0 ? one : other).say({
                event: 'ADT^A40',
                minute: 60 + index,
                segments: [pid(into), `MRG|${cx(prior)}`],
              }),
            ),
            ...results.map(([number, isOther], index) =>
              (isOther ? other : one).say(resultFor(number, 100 + index)),
            ),
          ]);
          expect(acks.filter((ack) => codeOf(ack) !== 'AA')).toEqual([]);
          await Promise.all([one.processor.idle(), other.processor.idle()]);
          await one.processor.sweep();
          await one.processor.idle();
          await check(one, merges);
          expect(await one.leftOver()).toEqual([]);
          await store.close();
          folders.remove();
        },
      ),
      { numRuns: runs },
    );
  }, 240_000);
});

async function check(
  on: Register,
  merges: readonly (readonly [string | undefined, string | undefined])[],
): Promise<void> {
  const next = new Map(merges.map(([into, prior]) => [prior, into]));
  const rootOf = (number: string): string => {
    const into = next.get(number);
    return into === undefined ? number : rootOf(into);
  };
  for (const number of numbers) {
    expect([number, await on.owner(number)]).toEqual([number, await on.owner(rootOf(number))]);
  }
  const owners = new Set(await Promise.all(numbers.map((number) => on.owner(number))));
  const { versions } = await on.store.history({ type: 'Patient', count: 1000 });
  for (const id of new Set(versions.map((version) => version.id))) {
    const isRoot = owners.has(`Patient/${id}`);
    expect(await on.read(`Patient/${id}`)).toMatchObject({ active: isRoot });
    if (isRoot) continue;
    for (const type of ['Observation', 'Encounter', 'ServiceRequest']) {
      expect([type, await on.of(`Patient/${id}`, type)]).toEqual([type, []]);
    }
  }
}

function ids(prefix: string): () => string {
  let count = 0;
  return () => `${prefix}-${String((count += 1)).padStart(6, '0')}`;
}

/** Each with a number of the laboratory's too. */
function admission(number: string): Said {
  return {
    event: 'ADT^A01',
    segments: [pid(`${number}~L${number}^^^LABCO^MR`), pv1(`V${number}`)],
  };
}

/** By turns under the hospital's number and the laboratory's, of which a merge says nothing. */
function resultFor(number: (typeof numbers)[number], index: number): Said {
  const said = saidOf({ kind: 'result', one: number }, index);
  const segments =
    index % 2 === 0
      ? said.segments
      : said.segments.map((each) => each.replace(cx(number), `L${number}^^^LABCO^MR`));
  return { ...said, segments };
}
