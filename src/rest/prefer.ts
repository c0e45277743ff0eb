import { fail } from '../fhir/issue.ts';

export interface Preference {
  readonly return: 'minimal' | 'representation' | 'OperationOutcome' | undefined;
  readonly handling: 'strict' | 'lenient';
}

/**
 * Reads a Prefer header (RFC 7240; http://hl7.org/fhir/R4/http.html#ops). Preferences that are not
 * FHIR's are left alone; a value of `return` or `handling` that is unknown throws `prefer-invalid`.
 */
export function parsePrefer(header: string | undefined): Preference {
  let wanted: Preference['return'];
  let handling: Preference['handling'] = 'lenient';
  for (const part of (header ?? '').split(/[,;]/)) {
    const [name = '', value = ''] = part.split('=').map((text) => text.trim().replaceAll('"', ''));
    if (name.toLowerCase() === 'return') wanted = oneOf(returns, name, value);
    if (name.toLowerCase() === 'handling') handling = oneOf(handlings, name, value);
  }
  return { return: wanted, handling };
}

/** Whether the answer may come later (RFC 7240, 4.1; http://hl7.org/fhir/R4/async.html). */
export function isAsync(header: string | undefined): boolean {
  return /(^|[,;\s])respond-async($|[,;\s=])/i.test(header ?? '');
}

/** Whether leniency is asked for, and not just what holds unless said. */
export function isLenient(header: string | undefined): boolean {
  return /(^|[,;\s])handling\s*=\s*"?lenient/i.test(header ?? '');
}

const returns = ['minimal', 'representation', 'OperationOutcome'] as const;
const handlings = ['strict', 'lenient'] as const;

function oneOf<T extends string>(known: readonly T[], name: string, value: string): T {
  const found = known.find((one) => one === value);
  if (found === undefined) {
    fail('prefer-invalid', `Prefer: ${name} takes ${known.join(', ')}`);
  }
  return found;
}
