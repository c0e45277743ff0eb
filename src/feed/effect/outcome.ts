import type { PersonIdentifier } from '../../record/identity.ts';

/** What an effect comes to, with everybody found: references as `Type/id`. */
export type EffectOutcome =
  /** The numbers of `retired` (FHIR Identifiers) are the survivor's, and no longer what it is called by. */
  | {
      readonly kind: 'merge';
      readonly survivor: string;
      readonly priors: readonly string[];
      readonly retired: readonly unknown[];
      /** When they ended, an instant; absent: they were never right. */
      readonly until?: string;
      /** What it is called by from now on, be it that it was before. */
      readonly revived: readonly unknown[];
    }
  | {
      readonly kind: 'move-numbers';
      readonly from: readonly string[];
      readonly to: string;
      readonly numbers: readonly PersonIdentifier[];
      /** The same as FHIR Identifiers. */
      readonly identifiers: readonly unknown[];
    }
  | {
      readonly kind: 'move-record';
      readonly record: string;
      /** What it is called by, as FHIR Identifiers: others may name it so. */
      readonly called: readonly unknown[];
      readonly to: string;
      /** The number that it is under from now on. */
      readonly number: PersonIdentifier | undefined;
    }
  | { readonly kind: 'link' | 'unlink'; readonly one: string; readonly other: string };
