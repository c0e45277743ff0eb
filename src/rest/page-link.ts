import { fail } from '../fhir/issue.ts';
import type { Principal } from '../security/principal.ts';
import type { Call, RestContext } from './call.ts';
import { paramOf } from './call.ts';

/** Where a walk stands, below the address it belongs to. */
export interface PlaceInWalk {
  readonly path: string;
}

/**
 * The `_page` of a next link. What a walk has counted and where it stands come from what its caller may see, so
 * the link is good for those who see the same: one role, confined to the same record or to none.
 */
export function closePage(context: RestContext, call: Call, state: PlaceInWalk): string {
  return context.seal.close({ ...state, sight: sightOf(call.principal) });
}

/** The state in the `_page` of a call; undefined for a first page. Throws `cursor-invalid`. */
export function openedPage(
  context: RestContext,
  call: Call,
  path: string,
): PlaceInWalk | undefined {
  const token = paramOf(call.params, '_page');
  if (token === undefined) return undefined;
  const { sight, ...state } = context.seal.open(token) as PlaceInWalk & { readonly sight?: string };
  if (state.path !== path) fail('cursor-invalid', 'The page link belongs to another address');
  if (sight !== sightOf(call.principal)) {
    fail('cursor-invalid', 'The page link was made for another caller');
  }
  return state;
}

function sightOf({ role, patient = '' }: Principal): string {
  return `${role} ${patient}`;
}
