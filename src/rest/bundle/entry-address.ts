import { fail } from '../../fhir/issue.ts';

/** What the address of an entry is read with. */
export interface AddressPlace {
  /** Absolute address of the FHIR base, without a slash at the end. */
  readonly baseUrl: string;
  readonly method: string;
  readonly expression: readonly string[];
}

/**
 * The address of an entry's request below the base: `Patient/1` of itself, of `/Patient/1`, and of the same below this
 * server's own base, absolute or by its path. Throws `value` for what is elsewhere, `not-supported` for a Bundle in a Bundle.
 */
export function belowBase(url: string, { baseUrl, method, expression }: AddressPlace): string {
  const own = [baseUrl, new URL(baseUrl).pathname.replace(/\/$/, '')].find((base) =>
    isBelow(url, base),
  );
  const rest = own === undefined ? url : url.slice(own.length);
  if (/^([A-Za-z][A-Za-z0-9+.-]*:|\/\/)/.test(rest)) {
    fail('value', `The address lies outside of this server's base, ${baseUrl}`, { expression });
  }
  const address = rest.replace(/^\/+/, '');
  const isWholeSystem = address === '' || address.startsWith('?');
  if (isWholeSystem && method !== 'GET' && method !== 'HEAD') {
    const text = 'An entry that writes names a resource type; a Bundle in a Bundle is not taken';
    fail('not-supported', text, { expression });
  }
  return address;
}

function isBelow(url: string, base: string): boolean {
  return base !== '' && url.startsWith(base) && /^([/?]|$)/.test(url.slice(base.length));
}
