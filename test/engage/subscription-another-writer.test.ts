import { expect, it } from 'vitest';
import { startSubscriptions } from '../../src/engage/subscription/start.ts';
import type { IdentifiedResource } from '../../src/fhir/resource.ts';
import { extractIndex } from '../../src/fhir/search-extract.ts';
import type { Outbound } from '../../src/ops/outbound.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { ownerKey, recordKey } from '../../src/subscription/record.ts';
import { patient } from './records.ts';

const now = new Date('2026-03-02T15:00:00Z');
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const client = { id: 'ana', display: 'Ana', role: 'admin' } as const;

/** A client, and a receiver that refuses what goes to `/down`. */
class Client {
  readonly raw = openMemoryStore();
  readonly told = new Set<string>();
  readonly outbound: Outbound = {
    objection: () => undefined,
    send: async ({ url, body = '' }) => {
      const isDown = url.endsWith('/down');
      if (!isDown) this.told.add((JSON.parse(body) as IdentifiedResource).id);
      return { status: isDown ? 503 : 200, body: nothing(), drop: () => undefined };
    },
  };

  async put(resource: IdentifiedResource): Promise<void> {
    await this.raw.commit({
      now,
      origin: 'rest',
      changes: [{ op: 'put', resource, index: extractIndex(resource) }],
    });
  }

  async subscribe(endpoint: string): Promise<void> {
    const resource: IdentifiedResource = {
      ...{ resourceType: 'Subscription', id: 's', status: 'requested', reason: 'test' },
      criteria: 'Patient',
      channel: { type: 'rest-hook', endpoint, payload: 'application/fhir+json' },
    };
    await this.raw.commit({
      now,
      origin: 'rest',
      changes: [{ op: 'put', resource, index: extractIndex(resource) }],
      state: [{ key: ownerKey('s'), value: JSON.stringify(client) }],
    });
  }

  async status(): Promise<unknown> {
    const { body = '{}' } = (await this.raw.read('Subscription', 's')) ?? {};
    return (JSON.parse(body) as IdentifiedResource)['status'];
  }

  /** The store, with something that happens before the n-th call after the subscription is met. */
  before(at: number, happens: () => Promise<void>): Store {
    let calls = 0;
    const methods = ['read', 'readVersion', 'changes', 'state', 'commit'];
    return new Proxy(this.raw, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (!methods.includes(String(name))) return method;
        return async (...args: unknown[]): Promise<unknown> => {
          const isMet = (await this.raw.state(recordKey('s'))) !== undefined;
          if (isMet && (calls += 1) === at) await happens();
          return Reflect.apply(method as () => unknown, target, args);
        };
      },
    });
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // There is no body.
}

it.each([
  ['begins', 'https://example.org/hook'],
  ['waits for a receiver that fails', 'https://example.org/down'],
])(
  'what is owed stays owed where a client changes a subscription while it %s',
  async (_, endpoint) => {
    let steps = 0;
    for (let [at, met] = [1, true]; met; at += 1) {
      met = false;
      let [isOver, wasError] = [false, false];
      const on = new Client();
      await on.subscribe(endpoint);
      for (const id of ['a', 'b']) await on.put(patient(id));
      const store = on.before(at, async () => {
        if (isOver) return;
        [met, wasError] = [true, (await on.status()) === 'error'];
        await on.put(patient('c'));
        await on.subscribe('https://example.org/other');
        await on.put(patient('d'));
      });
      const serving = startSubscriptions({
        ...{ store, clock: () => now, newId: () => 'n', log: silent, outbound: on.outbound },
        ...{ conformance: [], baseUrl: 'https://example.org/fhir', pauses: [0, 0] },
      });
      for (let round = 0; round < 3; round += 1) await serving.idle();
      isOver = true;
      await serving.stop();
      if (!met) break;
      steps += 1;
      // One that is in error is owed nothing until it begins anew.
      const told = wasError ? ['d'] : ['a', 'b', 'c', 'd'];
      expect([at, await on.status(), [...on.told].sort()]).toEqual([at, 'active', told]);
    }
    expect(steps).toBeGreaterThan(5);
  },
);
