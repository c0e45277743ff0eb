import type { NotDoneReason } from './codes.ts';
import type { Facts } from './facts.ts';

export type Objection =
  | { readonly kind: 'refuse'; readonly reason: NotDoneReason }
  | { readonly kind: 'defer'; readonly until: Date };

/** Undefined: nothing against it. A guard judges facts; it reads and writes nothing. */
export type Guard = (facts: Facts) => Objection | undefined;
