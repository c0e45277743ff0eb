import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseJson } from '../../src/fhir/json.ts';
import type { Resource } from '../../src/fhir/resource.ts';

const folder = path.join(import.meta.dirname, '../../../shared/data/synthea-r4');

/** Why tests over Synthea's Bundles cannot run here; undefined where they can. */
export const noSynthea = existsSync(folder)
  ? undefined
  : 'the Synthea Bundles are not beside the repository';

/** The texts of the first few Bundles, by name. */
export function syntheaTexts(count: number): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .slice(0, count)
    .map((name) => readFileSync(path.join(folder, name), 'utf8'));
}

/** The resources of the first few Bundles. */
export function syntheaResources(count: number): readonly Resource[] {
  return syntheaTexts(count).flatMap((text) => {
    const bundle = parseJson(text).value as unknown as {
      readonly entry: readonly { readonly resource: Resource }[];
    };
    return bundle.entry.map((entry) => entry.resource);
  });
}
