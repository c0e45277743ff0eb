import { fail } from '../fhir/issue.ts';
import type { Call } from './call.ts';

/** Type and id of a call whose route has both. */
export function placeOf(call: Call): { readonly type: string; readonly id: string } {
  return { type: typeOf(call), id: call.at.id ?? fail('exception', 'The route has no id') };
}

/** The type of a call whose route has one. */
export function typeOf(call: Call): string {
  return call.at.type ?? fail('exception', 'The route has no type');
}
