import { openMemoryStore } from '../../../src/store/memory.ts';
import type { Store } from '../../../src/store/store.ts';
import { openFhirApp, type FhirApp } from '../fhir-app.ts';
import { Worlds, type Asked, type Outcome, type World } from './world.ts';

type Request = (world: World) => Asked;

/** Two processes on one store, which is a new one for each run; one of them can be interrupted by the other. */
export class Rivals {
  readonly #interruption = new Interruption();
  readonly #worlds = new Worlds();
  #store: Store = openMemoryStore();
  #apps: readonly [FhirApp, FhirApp] | undefined;

  async open(): Promise<void> {
    const store = openMemoryStore();
    const shifting = new Proxy(store, {
      get: (_, name) => Reflect.get(this.#store, name) as unknown,
    });
    let ids = 0;
    const newId = (): string => `id-${String((ids += 1))}`;
    this.#apps = [
      await openFhirApp(async () => this.#interruption.in(shifting), { newId }),
      await openFhirApp(async () => shifting, { newId }),
    ];
  }

  async close(): Promise<void> {
    for (const app of this.#apps ?? []) await app.close();
  }

  /** Where the other request came between two steps of the one, and it was as if it had come neither before it nor after it. */
  async faults(one: Request, other: Request): Promise<readonly Fault[]> {
    const allowed = [
      await this.#run(async (ask) => {
        await ask.one(one);
        await ask.other(other);
      }),
      await this.#run(async (ask) => {
        await ask.other(other);
        await ask.one(one);
      }),
    ];
    const faults: Fault[] = [];
    for (let [at, met] = [1, true]; met; at += 1) {
      const outcome = await this.#run(async (ask) => {
        this.#interruption.set(at, () => ask.other(other));
        await ask.one(one);
        met = this.#interruption.end();
        if (!met) await ask.other(other);
      });
      const isAllowed = allowed.some((each) => JSON.stringify(each) === JSON.stringify(outcome));
      if (!isAllowed) faults.push({ at, outcome, allowed });
    }
    return faults;
  }

  async #run(
    happens: (ask: Record<'one' | 'other', (r: Request) => Promise<void>>) => Promise<void>,
  ): Promise<Outcome> {
    const [mine, theirs] = this.#apps ?? [];
    if (mine === undefined || theirs === undefined) throw new Error('Not open');
    this.#store = openMemoryStore();
    const begun = await this.#worlds.begin(this.#store);
    await happens({
      one: (request) => begun.ask(mine, 'one', request),
      other: (request) => begun.ask(theirs, 'other', request),
    });
    return begun.outcome();
  }
}

interface Fault {
  /** Before which call of the store. */
  readonly at: number;
  readonly outcome: Outcome;
  readonly allowed: readonly Outcome[];
}

/** Something that happens before one of the next calls of a store. */
class Interruption {
  #left = 0;
  #happens: () => Promise<void> = async () => undefined;

  /** @param at the number of the call, from 1 */
  set(at: number, happens: () => Promise<void>): void {
    this.#left = at;
    this.#happens = happens;
  }

  /** Whether it has happened; it does not any more. */
  end(): boolean {
    const hasHappened = this.#left === 0;
    this.#left = 0;
    return hasHappened;
  }

  in(store: Store): Store {
    const counted = ['read', 'readMany', 'search', 'claimOwners', 'commit'];
    return new Proxy(store, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function' || !counted.includes(String(name))) return method;
        return async (...args: unknown[]): Promise<unknown> => {
          if (this.#left > 0 && (this.#left -= 1) === 0) await this.#happens();
          return Reflect.apply(Reflect.get(target, name) as () => unknown, target, args);
        };
      },
    });
  }
}
