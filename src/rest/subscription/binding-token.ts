import { fail } from '../../fhir/issue.ts';
import type { Principal } from '../../security/principal.ts';
import type { RestContext } from '../call.ts';

/** What a binding token stands for; it is sealed, so that any process on the store can read it and none can make it. */
export interface Binding {
  readonly ids: readonly string[];
  readonly principal: Principal;
  /** Epoch milliseconds. */
  readonly until: number;
}

export function closeBinding({ seal }: RestContext, binding: Binding): string {
  return seal.close({ binding });
}

/** Throws `cursor-invalid`, and `login` where its time is over. */
export function openBinding({ seal, clock }: RestContext, token: string): Binding {
  const { binding } = seal.open(token) as { readonly binding?: Binding };
  if (binding === undefined) fail('cursor-invalid', 'This is not a binding token');
  if (binding.until < clock().getTime()) fail('login', 'The binding token has expired');
  return binding;
}
