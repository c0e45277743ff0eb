import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { openFhirApp, type FhirApp } from '../rest/fhir-app.ts';
import { inBundles } from '../rest/rivals/in-bundles.ts';
import { ofObservations } from '../rest/rivals/of-observations.ts';
import { ofPeople } from '../rest/rivals/of-people.ts';
import { Worlds, type BegunWorld, type Outcome, type Requests } from '../rest/rivals/world.ts';
import { delays, slow } from './slow-store.ts';
import { folders, storesUnderTest } from './stores-under-test.ts';

const requests: Requests = {
  ...ofPeople,
  ...inBundles,
  ...Object.fromEntries(
    Object.entries(ofObservations).map(([name, one]) => [`${name} (observation)`, one]),
  ),
};

const aName = fc.constantFrom(...Object.keys(requests));

/**
 * Two of any kind, or three of one. Of three kinds no such thing can be asked: of two that create under a condition and one that
 * creates what meets it without asking, the one may have looked before that came, and the other after.
 */
const some = fc.oneof(
  { weight: 3, arbitrary: fc.array(aName, { minLength: 2, maxLength: 2 }) },
  { weight: 1, arbitrary: aName.map((name) => [name, name, name]) },
);

/** Which of the requests it is, and its name. */
type One = readonly [at: number, name: string];

/** Two processes on a store, which takes its time or none. */
class Processes {
  readonly #next: () => Store;
  #store: Store;
  readonly #apps: FhirApp[] = [];
  readonly #worlds = new Worlds();

  /** @param next the store of the next run: a new one, or the one of the last */
  constructor(next: () => Store) {
    this.#next = next;
    this.#store = next();
  }

  async open(): Promise<this> {
    let ids = 0;
    const newId = (): string => `id-${String((ids += 1))}`;
    const shared = new Proxy(this.#store, {
      get: (_, name) =>
        name === 'close' ? async () => undefined : (Reflect.get(this.#store, name) as unknown),
    });
    for (let app = 0; app < 2; app += 1) {
      this.#apps.push(await openFhirApp(async () => shared, { newId }));
    }
    return this;
  }

  async close(): Promise<void> {
    for (const app of this.#apps) await app.close();
  }

  /** All at once, by turns to the one process and the other. */
  async atOnce(asked: readonly One[], waits: readonly number[]): Promise<Outcome> {
    const begun = await this.#begin();
    this.#store = slow(this.#store, waits);
    await Promise.all(asked.map((one) => this.#ask(begun, one)));
    return begun.outcome();
  }

  async inTurn(asked: readonly One[]): Promise<Outcome> {
    const begun = await this.#begin();
    for (const one of asked) await this.#ask(begun, one);
    return begun.outcome();
  }

  async #ask(begun: BegunWorld, [at, name]: One): Promise<void> {
    const [app, request] = [this.#apps[at % 2], requests[name]];
    if (app === undefined || request === undefined) throw new Error(`${name} cannot be asked`);
    await begun.ask(app, `${String(at)} ${name}`, request);
  }

  async #begin(): Promise<BegunWorld> {
    this.#store = this.#next();
    return this.#worlds.begin(this.#store);
  }
}

function orders<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2) return [items];
  return items.flatMap((one, i) => {
    const rest = items.toSpliced(i, 1);
    return orders(rest).map((order) => [one, ...order]);
  });
}

describe.each([
  {
    name: 'memory',
    open: async (): Promise<Store> => openMemoryStore(),
    next: () => openMemoryStore(),
    runs: 150,
  },
  ...storesUnderTest.map((one) => ({ ...one, next: (store: Store) => store, runs: 25 })),
])('requests of FHIR that come at once, to two processes on $name', (given) => {
  const { name, open, next, runs } = given;
  if (open === undefined) {
    it.skip('absent' in given ? String(given.absent) : name, () => undefined);
    return;
  }
  let store: Store;
  let oracle: Processes;
  let processes: Processes;
  beforeAll(async () => {
    store = await open();
    oracle = await new Processes(openMemoryStore).open();
    processes = await new Processes(() => next(store)).open();
  });
  afterAll(async () => {
    await oracle.close();
    await processes.close();
    await store.close();
    folders.remove();
  });

  it('end as in one order or another', async () => {
    await fc.assert(
      fc.asyncProperty(some, delays, async (names, waits) => {
        const asked = names.map((one, at) => [at, one] as const);
        const outcome = JSON.stringify(await processes.atOnce(asked, waits));
        const allowed: string[] = [];
        for (const order of orders(asked)) allowed.push(JSON.stringify(await oracle.inTurn(order)));
        expect(allowed).toContain(outcome);
      }),
      { numRuns: runs },
    );
  }, 60_000);
});
