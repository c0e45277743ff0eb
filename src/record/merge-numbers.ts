import { personClaimKey, type PersonIdentifier } from './identity.ts';

/** What a merge, or a change of numbers, says of the numbers that it names. */
export interface RetiredNumbers {
  /** Those that end. */
  readonly retired: readonly PersonIdentifier[];
  /** Those that go on; none where a number is merged with itself. */
  readonly own: readonly PersonIdentifier[];
}

/**
 * The numbers that end are those of the prior alone where it has some (the others say who is meant), else all of them (of a
 * sender that lists the numbers of both for the survivor).
 */
export function retiredBy(
  prior: readonly PersonIdentifier[],
  survivor: readonly PersonIdentifier[],
): RetiredNumbers {
  const known = new Set(survivor.map(personClaimKey));
  const alone = prior.filter((each) => !known.has(personClaimKey(each)));
  const retired = alone.length > 0 ? alone : prior;
  const ended = new Set(retired.map(personClaimKey));
  return { retired, own: survivor.filter((each) => !ended.has(personClaimKey(each))) };
}
