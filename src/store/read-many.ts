import { fail } from '../fhir/issue.ts';
import { limits } from '../limits.ts';
import type { ResourceKey } from './store.ts';

/** Refuses a `readMany` of more keys than the port allows. */
export function refuseTooMany(keys: readonly ResourceKey[]): void {
  if (keys.length <= limits.readManyMax) return;
  fail('limit', `More than ${limits.readManyMax} resources in one read (readManyMax)`);
}
