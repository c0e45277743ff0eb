import { join } from 'node:path';
import { extractIndex } from '../../src/fhir/search-extract.ts';
import type { IdentifiedResource } from '../../src/fhir/resource.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { newPatient } from './patients.ts';

const lapMs = 1_500;

/** Creates a second of the store alone: the same Patients, indexed, each a commit, so many in flight. */
export async function storeCreates(
  folder: string,
  levels: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const store = await openSqliteStore({ file: join(folder, 'limit.db') });
  const rates = new Map<number, number>();
  for (const level of levels) rates.set(level, await rateOf(store, level));
  await store.close();
  return rates;
}

async function rateOf(store: Store, inFlight: number): Promise<number> {
  const begun = performance.now();
  let written = 0;
  const client = async (): Promise<void> => {
    while (performance.now() - begun < lapMs) {
      const id = crypto.randomUUID();
      const resource = { ...newPatient(written), id } as IdentifiedResource;
      const index = extractIndex(resource);
      const now = new Date();
      await store.commit({ now, origin: 'bench', changes: [{ op: 'put', resource, index }] });
      written += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, client));
  return (written / (performance.now() - begun)) * 1_000;
}
