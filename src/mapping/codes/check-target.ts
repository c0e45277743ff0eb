import { checkDigitFault } from '../../fhir/check-digit.ts';
import type { CodeSystem } from '../../fhir/code-system.ts';
import { fold } from '../../fhir/fold.ts';
import { suggestion } from '../map-issue.ts';

/** A code that a table is to give. */
export interface TargetCode {
  readonly system: string;
  readonly code: string;
}

/** The code system of a URL, where it is at hand. */
export type SystemByUrl = (url: string) => CodeSystem | undefined;

/**
 * What a code system at hand says of a code: the end of a sentence where it is none of it, else what it calls it. A system
 * that is not at hand, or has a part of its codes only, has no objection, but for a check digit.
 */
export function checkTarget(
  { system, code }: TargetCode,
  systemOf: SystemByUrl,
): { readonly fault: string } | { readonly fault?: undefined; readonly display?: string } {
  const digit = checkDigitFault(system, code);
  if (digit !== undefined) return { fault: digit };
  const known = systemOf(system);
  if (known === undefined) return {};
  const concept = known.find(code);
  if (concept !== undefined) {
    const named = known.content === 'grammar' ? undefined : concept.display;
    return named === undefined || named === code ? {} : { display: named };
  }
  if (known.content !== 'complete' && known.content !== 'grammar') return {};
  return { fault: `is no code of ${known.title ?? known.name ?? system}${nearest(known, code)}` };
}

/** The code that somebody meant who wrote its name, or a slip. */
function nearest({ concepts }: CodeSystem, code: string): string {
  const wanted = fold(code);
  const named = [...concepts.values()].find(({ display = '' }) => fold(display) === wanted);
  if (named !== undefined) return `; did you mean \`${named.code}\`?`;
  return suggestion(code, concepts.keys());
}
