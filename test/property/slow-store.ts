import fc from 'fast-check';
import type { Store } from '../../src/store/store.ts';

/** A store that takes its time, each call another one. */
export function slow(store: Store, delays: readonly number[]): Store {
  let calls = 0;
  const waits = ['read', 'search', 'claimOwners', 'commit', 'sourceViews', 'state', 'counts'];
  return new Proxy(store, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function' || !waits.includes(String(name))) return method;
      return async (...args: unknown[]): Promise<unknown> => {
        const turns = delays[(calls += 1) % delays.length] ?? 0;
        for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
        return Reflect.apply(method, target, args) as unknown;
      };
    },
  });
}

/** In turns of the loop. */
export const delays = fc.array(fc.nat(4), { minLength: 5, maxLength: 30 });
