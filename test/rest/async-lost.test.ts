import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Commit } from '../../src/store/store.ts';
import { async, statusAddress } from './background.ts';
import { openFhirApp, type FhirApp } from './fhir-app.ts';

describe('an asynchronous batch that its process no longer holds', () => {
  let fhir: FhirApp;
  afterEach(() => fhir.close());

  /** Begins one of forty creations; what is given happens before one of them is committed. */
  async function begun(happens: (address: string) => Promise<void>): Promise<void> {
    const store = openMemoryStore();
    const address = Promise.withResolvers<string>();
    const over = Promise.withResolvers<void>();
    let writes = 0;
    const commit = async (work: Commit) => {
      if (work.changes.length > 0 && (writes += 1) === 20) {
        await happens(await address.promise);
        over.resolve();
      }
      return store.commit(work);
    };
    fhir = await openFhirApp(async () => ({ ...store, commit }), { newId: randomUUID });
    const resource = { resourceType: 'Patient', gender: 'other' };
    const entry = Array.from({ length: 40 }, () => {
      return { resource, request: { method: 'POST', url: 'Patient' } };
    });
    const body = { resourceType: 'Bundle', type: 'batch', entry };
    address.resolve(statusAddress(await fhir.call('POST', '/', { body, headers: async })));
    await over.promise;
  }

  it('writes nothing more once it was cancelled, and leaves nothing behind', async () => {
    let written = 0;
    await begun(async (address) => {
      expect((await fhir.call('DELETE', address)).status).toBe(202);
      written = (await fhir.store.counts()).get('Patient') ?? 0;
    });
    await fhir.app.close();
    expect((await fhir.store.counts()).get('Patient')).toBe(written);
    expect(await fhir.store.states('work')).toEqual([]);
  });

  it('writes nothing more once another process has taken it over', async () => {
    let written = 0;
    await begun(async (address) => {
      const key = `work:${address.split('/').at(-1) ?? ''}`;
      const { value = '' } = (await fhir.store.state(key)) ?? {};
      await fhir.store.commit({
        now: new Date('2026-01-01T00:00:00Z'),
        origin: 'test',
        changes: [],
        state: [{ key, value: JSON.stringify({ ...JSON.parse(value), holder: 'another' }) }],
      });
      written = (await fhir.store.counts()).get('Patient') ?? 0;
    });
    await fhir.app.close();
    expect((await fhir.store.counts()).get('Patient')).toBe(written);
  });
});
