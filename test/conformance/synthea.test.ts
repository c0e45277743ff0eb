import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withoutPlace } from './as-sent.ts';
import { parseExact } from './exact-json.ts';
import { openFhirApp, stores } from '../rest/fhir-app.ts';

/** Histories of made-up people by Synthea: transactions of up to thousands of resources. The smallest few, unless WEIR_TEST_ALL_ROUNDS asks for all. */
const folder = '../shared/data/synthea-r4';
const most = process.env['WEIR_TEST_ALL_ROUNDS'] === '1' ? Infinity : 3;
const bundles = existsSync(folder)
  ? readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort((a, b) => statSync(join(folder, a)).size - statSync(join(folder, b)).size)
      .slice(0, most)
  : [];

describe.each(stores)('oracle: Synthea, on %s', (_name, open) => {
  if (bundles.length === 0) {
    it.skip('(the data is not there)', () => undefined);
    return;
  }
  it.each(bundles)(
    'every resource of %s reads back equal but for ids and meta',
    { timeout: 180_000 },
    async (file) => {
      const fhir = await openFhirApp(open);
      const text = readFileSync(join(folder, file), 'utf8');
      const answer = await fhir.call('POST', '/', { body: text });
      expect(answer.text.slice(0, 300)).toContain('transaction-response');
      const sent = entriesOf(text);
      const targets = answer.json.entry.map(({ response }) =>
        response.location.split('/').slice(-4, -2).join('/'),
      );
      const names = new Map(sent.map(({ fullUrl }, i) => [fullUrl, targets[i] ?? '']));
      const renamed = text.replaceAll(/"(urn:uuid:[^"]+)"/g, (found, name: string) =>
        JSON.stringify(names.get(name) ?? found),
      );
      for (const [i, { resource }] of entriesOf(renamed).entries()) {
        const shown = await fhir.call('GET', `/${targets[i] ?? ''}`);
        const stored = withoutPlace(parseExact(shown.text) as never);
        expect(JSON.stringify(stored)).toBe(JSON.stringify(withoutPlace(resource)));
      }
      await fhir.close();
    },
  );
});

interface SyntheaEntry {
  readonly fullUrl: string;
  readonly resource: Readonly<Record<string, unknown>>;
}

function entriesOf(text: string): readonly SyntheaEntry[] {
  return (parseExact(text) as { readonly entry: readonly SyntheaEntry[] }).entry;
}
