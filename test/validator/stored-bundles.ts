import { fileURLToPath } from 'node:url';
import { Readable } from 'node:stream';
import { listReferences } from '../../src/fhir/reference-walk.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { readMessages } from '../../src/cli/message-files.ts';
import { openSite } from '../../src/site.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store, StoredVersion } from '../../src/store/store.ts';
import { processorOn } from '../feed/pipeline-fixture.ts';
import type { MadeBundle } from './bundles.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const base = 'https://weir.example/fhir';

/**
 * What the whole pipeline stores of the fixtures, one after the other on one store: merged with what was there, with
 * Provenance, links and Tasks, and the resources that they refer to.
 */
export async function storedBundles(): Promise<readonly MadeBundle[]> {
  const { feeding } = await openSite({ root, folder: '', zone: 'UTC' });
  const store = openMemoryStore();
  const { processor } = processorOn(store, feeding);
  const made: MadeBundle[] = [];
  let seen = 0;
  const nothing = { stdin: Readable.from([]) };
  for await (const { file, index, bytes } of readMessages(['fixtures'], nothing)) {
    await processor.onFrame({ bytes, peer: 'fixtures' });
    const { versions } = await store.history({ count: 500 });
    const fresh = versions.filter(({ seq, deleted }) => seq > seen && !deleted);
    seen = Math.max(seen, ...versions.map(({ seq }) => seq));
    if (fresh.length === 0) continue;
    made.push({ name: `stored of ${file}#${String(index)}`, text: await bundle(store, fresh) });
  }
  return made;
}

async function bundle(store: Store, fresh: readonly StoredVersion[]): Promise<string> {
  // The newest comes first.
  const bodies = new Map<string, string>();
  for (const { type, id, body } of fresh) {
    if (!bodies.has(`${type}/${id}`)) bodies.set(`${type}/${id}`, body);
  }
  const named = [...bodies.values()].flatMap((body) =>
    listReferences(JSON.parse(body) as Resource).map(({ reference }) => reference),
  );
  for (const reference of new Set(named)) {
    const [, key = '', type = '', id = ''] = /^((\w+)\/([^/]+))/.exec(reference) ?? [];
    if (key === '' || bodies.has(key)) continue;
    const stored = await store.read(type, id);
    if (stored?.deleted === false) bodies.set(key, stored.body);
  }
  const entries = [...bodies].map(
    ([key, body]) => `{"fullUrl":"${base}/${key}","resource":${body}}`,
  );
  return `{"resourceType":"Bundle","type":"collection","entry":[${entries.join(',')}]}`;
}
