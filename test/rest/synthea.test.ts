import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFhirApp, stores } from './fhir-app.ts';

const folder = '../shared/data/synthea-r4';
const bundles = existsSync(folder)
  ? readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(folder, name))
      .sort((a, b) => statSync(a).size - statSync(b).size)
      .slice(0, 3)
  : [];

describe.skipIf(bundles.length === 0)(
  'Synthea bundles (skipped where the data is not there)',
  () => {
    it.each(stores.flatMap(([name, open]) => bundles.map((file) => [name, file, open] as const)))(
      'loaded on %s, every resource of %s reads back equal but for ids and meta',
      async (_name, file, open) => {
        const fhir = await openFhirApp(open);
        const text = readFileSync(file, 'utf8');
        const answer = await fhir.call('POST', '/', { body: text });
        expect(answer.text.slice(0, 300)).toContain('transaction-response');
        const sent = (JSON.parse(text) as { entry: SyntheaEntry[] }).entry;
        const targets = answer.json.entry.map(({ response }) =>
          response.location.split('/').slice(-4, -2).join('/'),
        );
        let renamed = JSON.stringify(sent);
        for (const [i, { fullUrl }] of sent.entries()) {
          renamed = renamed.replaceAll(`"${fullUrl}"`, `"${targets[i] ?? ''}"`);
        }
        const expected = (JSON.parse(renamed) as SyntheaEntry[]).map(({ resource }) => resource);
        for (const [i, target] of targets.entries()) {
          const shown = await fhir.call('GET', `/${target}`);
          const stored = withoutPlace(shown.json as never);
          expect(JSON.stringify(stored)).toBe(JSON.stringify(withoutPlace(expected[i] ?? {})));
        }
        await fhir.close();
      },
      120_000,
    );
  },
);

interface SyntheaEntry {
  readonly fullUrl: string;
  readonly resource: Readonly<Record<string, unknown>>;
}

/** Leaves out what a server gives: id, version and time. */
function withoutPlace(resource: Readonly<Record<string, unknown>>): object {
  const meta = without(resource['meta'] ?? {}, ['versionId', 'lastUpdated']);
  const rest = without(resource, ['id', 'meta']);
  return Object.keys(meta).length === 0 ? rest : { ...rest, meta };
}

function without(value: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !names.includes(key)));
}
