/** References as text (http://hl7.org/fhir/R4/references.html): reading, writing, finding, rewriting. */
import { isResourceType } from './definitions.ts';

/**
 * - `relative`: `Patient/1`, `Patient/1/_history/2`.
 * - `absolute`: the same below the base of a server, as `url` without version.
 * - `contained`: `#p1`; the empty id is the container itself.
 * - `conditional`: `Patient?identifier=s|v`, for transactions.
 * - `url`: anything else with a scheme: `urn:uuid:...`, canonicals (`version` from `|`), plain addresses.
 */
export type ParsedReference =
  | {
      readonly kind: 'relative';
      readonly type: string;
      readonly id: string;
      readonly version?: string;
    }
  | {
      readonly kind: 'absolute';
      readonly base: string;
      readonly type: string;
      readonly id: string;
      readonly version?: string;
      readonly url: string;
    }
  | { readonly kind: 'contained'; readonly id: string }
  | { readonly kind: 'conditional'; readonly type: string; readonly query: string }
  | { readonly kind: 'url'; readonly url: string; readonly version?: string };

const restful =
  /^(?:(https?:\/\/[^?#|]+)\/)?([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?$/;
const conditional = /^([A-Z][A-Za-z]+)\?(.*)$/s;
const withScheme = /^[a-zA-Z][a-zA-Z0-9+.-]*:/;
const logicalId = /^[A-Za-z0-9\-.]{1,64}$/;

/** Whether the text can be a logical id: `[A-Za-z0-9-.]{1,64}`. */
export function isLogicalId(text: string): boolean {
  return logicalId.test(text);
}

/** Reads a reference; undefined where it is none of the forms above. */
export function parseReference(text: string): ParsedReference | undefined {
  if (text.startsWith('#')) return { kind: 'contained', id: text.slice(1) };
  const rest = restful.exec(text);
  if (rest && isResourceType(rest[2] ?? '')) return restfulReference(rest);
  const query = conditional.exec(text);
  if (query && isResourceType(query[1] ?? '')) {
    return { kind: 'conditional', type: query[1] ?? '', query: query[2] ?? '' };
  }
  return withScheme.test(text) ? { kind: 'url', ...splitCanonical(text) } : undefined;
}

function restfulReference(match: RegExpExecArray): ParsedReference {
  const [, base, type = '', id = '', version] = match;
  const versioned = version === undefined ? {} : { version };
  return base === undefined
    ? { kind: 'relative', type, id, ...versioned }
    : { kind: 'absolute', base, type, id, ...versioned, url: `${base}/${type}/${id}` };
}

/** `url|version` apart; a fragment stays with the url. */
export function splitCanonical(text: string): { readonly url: string; readonly version?: string } {
  const bar = text.indexOf('|');
  return bar === -1 ? { url: text } : { url: text.slice(0, bar), version: text.slice(bar + 1) };
}

/** `Patient/1`, or `Patient/1/_history/2` with a version. */
export function formatReference(type: string, id: string, version?: string): string {
  return version === undefined ? `${type}/${id}` : `${type}/${id}/_history/${version}`;
}

/**
 * The reference as this server holds it: an absolute one below `baseUrl` (no closing slash) is relative.
 */
export function localReference(
  reference: ParsedReference,
  baseUrl: string | undefined,
): ParsedReference {
  if (reference.kind !== 'absolute' || reference.base !== baseUrl) return reference;
  const { type, id, version } = reference;
  return { kind: 'relative', type, id, ...(version === undefined ? {} : { version }) };
}
