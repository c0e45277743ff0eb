import { stringify } from '../../fhir/json.ts';
import type { Answer } from '../call.ts';

/** An `out` parameter with its JSON name of the value: `['result', 'valueBoolean', true]`. */
export type OutParameter = readonly [name: string, key: string, value: unknown];

/** Parameters; those whose value is undefined are left out. */
export function parametersAnswer(out: readonly OutParameter[]): Answer {
  return { status: 200, body: stringify({ resourceType: 'Parameters', parameter: partsOf(out) }) };
}

/** The same as the parts of a parameter. */
export function partsOf(out: readonly OutParameter[]): readonly object[] {
  return out
    .filter(([, , value]) => value !== undefined)
    .map(([name, key, value]) => ({ name, [key]: value }));
}
