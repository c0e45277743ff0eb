import { fail } from '../fhir/issue.ts';
import { limits } from '../limits.ts';
import type { Params } from './call.ts';

/**
 * Splits `a=1&b=2` into its pairs, in order, repeats kept. `+` is a space. Throws `value` where the
 * percent-encoding is broken and `limit` past limits.queryParamsMax.
 */
export function parseQuery(text: string): Params {
  if (text === '') return [];
  const pairs = text.split('&').filter((pair) => pair !== '');
  if (pairs.length > limits.queryParamsMax) {
    fail('limit', `A request may carry ${limits.queryParamsMax} parameters (queryParamsMax)`);
  }
  return pairs.map((pair) => {
    const equals = pair.indexOf('=');
    if (equals < 0) return [decode(pair), ''];
    return [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))];
  });
}

/** The inverse of {@link parseQuery}; `:`, `/`, `,` and `|` stay readable. */
export function formatQuery(params: Params): string {
  return params.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
}

/** Address and query of a URL, decoded. Throws `value` where the percent-encoding is broken. */
export function splitUrl(url: string): { path: string; params: Params } {
  const [address = '', query = ''] = cutAt(url, '?');
  return { path: decode(address.replaceAll('+', '%2B')), params: parseQuery(query) };
}

function cutAt(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return fail('value', 'The address holds a percent sign that is not followed by UTF-8 in hex');
  }
}

function encode(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%3A', ':')
    .replaceAll('%2F', '/')
    .replaceAll('%2C', ',');
}
