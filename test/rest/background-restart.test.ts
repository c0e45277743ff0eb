import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Commit, Store } from '../../src/store/store.ts';
import { async, carriedOut, finished, linesOf, statusAddress } from './background.ts';
import { openFhirApp } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';

/** Holds calls back from the n-th on, until it is let go. */
interface Brake {
  readonly reached: Promise<void>;
  readonly release: () => void;
}

describe('work that a stop of the server came into', () => {
  let folder: string;
  let fhir: FhirApp;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'weir-restart-'));
  });
  afterEach(async () => {
    await fhir.close();
    rmSync(folder, { recursive: true });
  });

  const openStore = () => openSqliteStore({ file: join(folder, 'weir.db') });
  const open = async (change: (store: Store) => Store = (store) => store) => {
    fhir = await openFhirApp(async () => change(await openStore()), { newId: randomUUID });
  };
  /** Stops the server while the brake holds the work. */
  const stopAt = async ({ reached, release }: Brake) => {
    await reached;
    const closed = fhir.close();
    release();
    await closed;
  };

  function brake(): { readonly brake: Brake; readonly pass: (hold: boolean) => Promise<void> } {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const pass = async (hold: boolean): Promise<void> => {
      if (!hold) return;
      reached.resolve();
      await released.promise;
    };
    return { brake: { reached: reached.promise, release: released.resolve }, pass };
  }

  const lines = (count: number) =>
    Array.from({ length: count }, (_, i) => `{"resourceType":"Patient","id":"p${i}"}`).join('\n');
  const ndjson = { 'content-type': 'application/fhir+ndjson' };

  it('an import goes on from the line where it stood', async () => {
    const { brake: held, pass } = brake();
    let batches = 0;
    let written = 0;
    await open((store) => ({
      ...store,
      commit: async (commit: Commit) => {
        if (commit.changes.length > 0) batches += 1;
        written += commit.changes.length;
        const result = await store.commit(commit);
        await pass(commit.changes.length > 0 && batches === 3);
        return result;
      },
    }));
    const body = `${lines(1000)}\n{\n${lines(1)}`;
    const begun = await fhir.call('POST', '/$import', { body, headers: ndjson });
    const address = statusAddress(begun);
    await stopAt(held);
    expect(written).toBeLessThan(1000);
    await open((store) => ({
      ...store,
      commit: (commit: Commit) => {
        written += commit.changes.length;
        return store.commit(commit);
      },
    }));
    const manifest = JSON.parse((await finished(fhir, address)).text) as object;
    expect(manifest).toMatchObject({ output: [{ count: 1001 }], error: [{ count: 1 }] });
    expect(written).toBe(1001);
    expect((await fhir.call('GET', '/Patient?_summary=count')).json.total).toBe(1000);
    expect((await fhir.call('GET', '/Patient/p0')).json.meta.versionId).toBe('1');
  });

  it('an export goes on counting, and shows the data as of its start', async () => {
    await open();
    await carriedOut(fhir, 'POST', '/$import', { body: lines(2000), headers: ndjson });
    await fhir.close();
    const { brake: held, pass } = brake();
    let pages = 0;
    await open((store) => ({
      ...store,
      changes: async (after: number, limit: number) => {
        await pass(++pages === 2);
        return store.changes(after, limit);
      },
    }));
    const progress = await fhir.call('GET', '/$export?_type=Patient', { headers: async });
    const address = statusAddress(progress);
    await held.reached;
    await fhir.call('PUT', '/Patient/late', { body: { resourceType: 'Patient', id: 'late' } });
    await fhir.call('DELETE', '/Patient/p1999');
    await stopAt(held);
    await open();
    const manifest = JSON.parse((await finished(fhir, address)).text) as {
      output: { url: string; count: number }[];
    };
    const [file] = manifest.output;
    const found = linesOf((await fhir.call('GET', file?.url.split('/fhir')[1] ?? '')).text);
    expect(file?.count).toBe(found.length);
    const ids = new Set(found.map(({ id }) => id));
    expect(ids.size).toBe(found.length);
    expect(ids.has('late')).toBe(false);
    expect(ids.has('p1999')).toBe(true);
  });

  it('an asynchronous transaction is not repeated, and says so', async () => {
    const { brake: held, pass } = brake();
    await open((store) => ({
      ...store,
      commit: async (commit: Commit) => {
        const result = await store.commit(commit);
        const isMarked = commit.changes.length > 0;
        await pass(isMarked);
        // What a process that ends here leaves behind: the answer is never kept.
        if (isMarked) throw new Error('The process has ended');
        return result;
      },
    }));
    const resource = { resourceType: 'Patient', gender: 'other' };
    const entry = [{ resource, request: { method: 'POST', url: 'Patient' } }];
    const body = { resourceType: 'Bundle', type: 'transaction', entry };
    const begun = await fhir.call('POST', '/', { body, headers: async });
    const address = statusAddress(begun);
    await held.reached;
    // As it stood when the plug was pulled: taken, marked, not finished.
    const copy = (await fhir.store.state(`work:${address.split('/').at(-1)}`))?.value ?? '';
    await stopAt(held);
    await open((store) => store);
    const state = [{ key: `work:${address.split('/').at(-1)}`, value: copy }];
    await fhir.store.commit({ now: new Date(), origin: 'test', changes: [], state });
    fhir.wait(60_000);
    const answer = await finished(fhir, address);
    expect(answer.text).toContain('interrupted');
    expect((await fhir.call('GET', '/Patient?gender=other')).json.total).toBe(1);
  });
});
