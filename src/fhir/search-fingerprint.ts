/** What the entries of a search parameter are made by, as a text that changes when they may. */
import { createHash } from 'node:crypto';
import { searchParameters, type SearchParameterDefinition } from './definitions.ts';
import { extractionVersion, notIndexed } from './search-extract.ts';
import { containedParam } from './search-values.ts';

/**
 * A fingerprint of each search parameter of a resource type, by code, the registered ones and `_contained` among them: SHA-256 over
 * extractionVersion and what the definition says of the entries, cut to 12 characters of base64url (72 bits).
 */
export function parameterFingerprints(type: string): Readonly<Record<string, string>> {
  const parameters = searchParameters(type);
  const prints = [...parameters.values()]
    .filter((parameter) => parameter.expression !== undefined || !notIndexed(parameter))
    .map((parameter) => [parameter.code, fingerprint(parameter, parameters)] as const);
  const contained: SearchParameterDefinition = { code: containedParam, id: '', type: 'token' };
  return Object.fromEntries([...prints, [containedParam, fingerprint(contained, parameters)]]);
}

function fingerprint(
  { type, expression, component = [] }: SearchParameterDefinition,
  parameters: ReadonlyMap<string, SearchParameterDefinition>,
): string {
  const parts = component.map(([code, path]) => [parameters.get(code)?.type, path]);
  const text = JSON.stringify([extractionVersion, type, expression, parts]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}
