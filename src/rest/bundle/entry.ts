import { fail } from '../../fhir/issue.ts';
import type { Json, JsonObject } from '../../fhir/resource.ts';
import { limits } from '../../limits.ts';
import { isObject, jsonBody } from '../body.ts';
import type { Call, Params, RestContext } from '../call.ts';
import { splitUrl } from '../query-string.ts';
import { belowBase } from './entry-address.ts';

/** One entry of a batch or transaction: its request, taken apart, and its resource. */
export interface RequestEntry {
  /** Position in the Bundle. */
  readonly position: number;
  readonly method: string;
  readonly path: string;
  readonly params: Params;
  readonly headers: Call['headers'];
  readonly fullUrl?: string;
  readonly resource?: JsonObject;
}

export interface RequestBundle {
  readonly type: 'batch' | 'transaction';
  readonly entries: readonly Json[];
}

/** The Bundle in the body of a call. Throws `structure`, `limit`, `duplicate-identity`. */
export function requestBundle(call: Call): RequestBundle {
  const bundle = jsonBody(call);
  if (!isObject(bundle) || bundle['resourceType'] !== 'Bundle') {
    fail('structure', 'The base takes a Bundle of type batch or transaction');
  }
  const { type, entry = [] } = bundle;
  if (type !== 'batch' && type !== 'transaction') {
    fail('value', 'Bundle.type must be batch or transaction here', { expression: ['Bundle.type'] });
  }
  if (!Array.isArray(entry)) fail('structure', 'Bundle.entry is not an array');
  const entries = entry as readonly Json[];
  if (entries.length > limits.bundleEntriesMax) {
    fail('limit', `A Bundle may have ${limits.bundleEntriesMax} entries (bundleEntriesMax)`);
  }
  refuseSameFullUrl(entries);
  return { type, entries };
}

/** A fullUrl names one entry (bdl-7); of two it would not be certain what it leads to. Throws `duplicate-identity`. */
function refuseSameFullUrl(entries: readonly Json[]): void {
  const seen = new Map<string, number>();
  for (const [position, entry] of entries.entries()) {
    const fullUrl = isObject(entry) ? entry['fullUrl'] : undefined;
    if (typeof fullUrl !== 'string') continue;
    const other = seen.get(fullUrl);
    if (other !== undefined) {
      const expression = [`Bundle.entry[${position}]`];
      fail('duplicate-identity', `Entry ${other} has the same fullUrl`, { expression });
    }
    seen.set(fullUrl, position);
  }
}

/** Takes one entry apart. Throws `structure`, `required` or `value` at `Bundle.entry[n]`. */
export function requestEntry(
  { baseUrl }: Pick<RestContext, 'baseUrl'>,
  call: Call,
  { entry, position }: { readonly entry: Json; readonly position: number },
): RequestEntry {
  const place = { expression: [`Bundle.entry[${position}].request`] };
  if (!isObject(entry)) fail('structure', 'The entry is not an object', place);
  const { request, resource, fullUrl } = entry;
  if (!isObject(request)) fail('required', 'The entry has no request', place);
  const { method, url } = request;
  if (typeof method !== 'string' || typeof url !== 'string') {
    fail('required', 'A request needs method and url', place);
  }
  const address = belowBase(url, { ...place, baseUrl, method });
  if (resource !== undefined && !isObject(resource)) {
    fail('structure', 'The resource of the entry is not an object', place);
  }
  if (fullUrl !== undefined && typeof fullUrl !== 'string') {
    fail('structure', 'The fullUrl of the entry is not a text', place);
  }
  return {
    position,
    method,
    ...splitUrl(address),
    headers: entryHeaders(request, call),
    ...(fullUrl === undefined ? {} : { fullUrl }),
    ...(resource === undefined ? {} : { resource }),
  };
}

/** The conditional headers of a request element; Prefer and the rest come from the Bundle's own request. */
function entryHeaders(request: JsonObject, call: Call): Call['headers'] {
  const headers: Record<string, string | undefined> = { prefer: call.headers['prefer'] };
  for (const [element, header] of conditionalHeaders) {
    const value = request[element];
    if (value === undefined) continue;
    // Passed over, a condition would turn into none.
    if (typeof value !== 'string') fail('structure', `request.${element} is not a text`);
    headers[header] = value;
  }
  return headers;
}

const conditionalHeaders = [
  ['ifMatch', 'if-match'],
  ['ifNoneMatch', 'if-none-match'],
  ['ifModifiedSince', 'if-modified-since'],
  ['ifNoneExist', 'if-none-exist'],
] as const;

/** The call that an entry stands for; it ends with that of its Bundle. */
export function entryCall(
  { principal, requestId, ended }: Call,
  { method, path, params, headers, resource }: RequestEntry,
): Omit<Call, 'at'> {
  return {
    ...{ principal, requestId, method, path, params, headers },
    ...(resource === undefined ? {} : { body: resource }),
    ...(ended === undefined ? {} : { ended }),
  };
}
