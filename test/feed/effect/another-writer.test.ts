import { describe, expect, it } from 'vitest';
import { extractIndex } from '../../../src/fhir/search-extract.ts';
import type { IdentifiedResource } from '../../../src/fhir/resource.ts';
import { same } from '../../../src/record/same.ts';
import { openMemoryStore } from '../../../src/store/memory.ts';
import type { Store } from '../../../src/store/store.ts';
import { codeOf } from '../pipeline-fixture.ts';
import { cx, pid, pv1, Register, type Said } from './register.ts';

/** An element that no map of the pack fills: what another writer says there is to stay, whatever a message does. */
const kept = { language: 'de' } as const;

const moment: Readonly<Record<string, Said>> = {
  'a change of name': {
    event: 'ADT^A08',
    segments: [pid('M1').replace('Alvarez', 'Alvarado'), pv1('V1')],
  },
  'a result': {
    event: 'ORU^R01',
    sender: 'LAB|LABCO',
    segments: [
      pid('M1'),
      'OBR|1|O1^MERCY|FO1^LABCO|718-7^Hemoglobin^LN|||20260501080000|||||||||||||||20260501100000||LAB|C',
      'OBX|1|NM|718-7^Hemoglobin^LN||14.1|g/dL|12-16||||C|||20260501080000',
    ],
  },
  'a link': { event: 'ADT^A24', segments: [pid('M1').replace('Alvarez', 'Al'), pid('M2')] },
  'the end of a link': { event: 'ADT^A37', segments: [pid('M3'), pid('M2')] },
  'a merge': {
    event: 'ADT^A40',
    segments: [pid('M1').replace('Alvarez', 'Al'), `MRG|${cx('M2')}`],
  },
  'a visit moved': {
    event: 'ADT^A45',
    segments: [pid('M1'), `MRG|${cx('M2')}||||V2^^^MERCY^VN`, pv1('V2')],
  },
  'a number changed': { event: 'ADT^A47', segments: [pid('M9'), `MRG|${cx('M2')}`] },
};

/** Two people with their visits and results, and a third who is linked with the second. */
async function begun(): Promise<Store> {
  const on = register(openMemoryStore());
  for (const number of ['1', '2', '3']) {
    await on.admit(`M${number}`, `V${number}`);
    await on.result(`M${number}`, `O${number}`);
  }
  await on.taken({ event: 'ADT^A24', segments: [pid('M3'), pid('M2')] });
  return on.store;
}

/** Ids count on from how many there were, so that each run gives the same. */
function register(store: Store): Register {
  let count = 0;
  return new Register(store, { newId: () => `n${String((count += 1))}` });
}

const later = 600;

/** The newest of everything that the message may change. */
async function newest(store: Store): Promise<ReadonlyMap<string, IdentifiedResource>> {
  const { versions } = await store.history({ count: 10_000 });
  const found = new Map<string, IdentifiedResource>();
  for (const { type, id, body } of versions) {
    const isRecord = type !== 'Provenance' && type !== 'Task';
    if (!isRecord || found.has(`${type}/${id}`)) continue;
    const resource = JSON.parse(body) as IdentifiedResource;
    found.set(`${type}/${id}`, { ...resource, meta: {} });
  }
  return found;
}

/** Somebody else writes it, as an app does, on top of what is stored. */
async function write(store: Store, reference: string): Promise<void> {
  const [type = '', id = ''] = reference.split('/');
  const stored = await store.read(type, id);
  if (stored === undefined) throw new Error(`${reference} is not there`);
  const resource = { ...(JSON.parse(stored.body) as IdentifiedResource), ...kept };
  const expect = { versionId: stored.versionId };
  await store.commit({
    now: new Date('2027-01-01T00:00:00Z'),
    origin: 'app:test',
    changes: [{ op: 'put', resource, expect, index: extractIndex(resource) }],
  });
}

/** The store, with something that happens before one of the calls. */
function before(store: Store, at: number, happens: () => Promise<void>): Store {
  let calls = 0;
  return new Proxy(store, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (!['read', 'search', 'claimOwners', 'sourceViews', 'commit'].includes(String(name))) {
        return method;
      }
      return async (...args: unknown[]): Promise<unknown> => {
        if ((calls += 1) === at) await happens();
        return Reflect.apply(method as () => unknown, target, args);
      };
    },
  });
}

describe('another writer who comes between any two steps of a message loses nothing, and neither does the message', () => {
  it.each(Object.keys(moment))('%s', async (what) => {
    const said = { ...(moment[what] as Said), minute: later };
    const untouched = await begun();
    expect(codeOf(await register(untouched).say(said))).toBe('AA');
    const expected = await newest(untouched);
    for (const [victim, was] of await newest(await begun())) {
      const becomes = expected.get(victim);
      if (becomes === undefined || same(was, becomes)) continue;
      const wanted = new Map(expected).set(victim, { ...becomes, ...kept });
      for (let [at, met] = [1, true]; met; at += 1) {
        met = false;
        const raw = await begun();
        const store = before(raw, at, async () => {
          met = true;
          await write(raw, victim);
        });
        expect(codeOf(await register(store).say(said))).toBe('AA');
        if (met) expect([victim, at, await newest(raw)]).toEqual([victim, at, wanted]);
      }
    }
  });
});
