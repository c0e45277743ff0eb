import type { Issue } from '../../fhir/issue.ts';
import { stringify } from '../../fhir/json.ts';
import { toOperationOutcome } from '../../fhir/outcome.ts';
import type { StoredVersion } from '../../store/store.ts';
import { etagOf } from '../etag.ts';

export interface Link {
  readonly relation: 'self' | 'next';
  readonly url: string;
}

export interface BundleParts {
  readonly type: 'searchset' | 'history' | 'batch-response' | 'transaction-response';
  readonly total?: number | undefined;
  readonly links?: readonly Link[];
  /** Each entry as JSON text. */
  readonly entries: readonly string[];
}

/** A Bundle put together from text: stored bodies go in as they are. */
export function bundleText({ type, total, links = [], entries }: BundleParts): string {
  const parts = [`"resourceType":"Bundle","type":"${type}"`];
  if (total !== undefined) parts.push(`"total":${String(total)}`);
  if (links.length > 0) parts.push(`"link":${JSON.stringify(links)}`);
  if (entries.length > 0) parts.push(`"entry":[${entries.join(',')}]`);
  return `{${parts.join(',')}}`;
}

/** An entry of a search page. */
export function searchEntry(
  baseUrl: string,
  version: StoredVersion,
  mode: 'match' | 'include',
  body = version.body,
): string {
  return `{"fullUrl":${fullUrl(baseUrl, version)},"resource":${body},"search":{"mode":"${mode}"}}`;
}

/** An entry of a search page for a resource that another contains: its address is a place in that one. */
export function containedEntry(
  baseUrl: string,
  { type, id }: StoredVersion,
  { id: inner, body }: { readonly id: string; readonly body: string },
): string {
  const address = JSON.stringify(`${baseUrl}/${type}/${id}#${inner}`);
  return `{"fullUrl":${address},"resource":${body},"search":{"mode":"match"}}`;
}

/** What a search page says of itself, beside its matches; nothing where there is nothing to say. */
export function outcomeEntries(issues: readonly Issue[]): readonly string[] {
  if (issues.length === 0) return [];
  return [`{"resource":${stringify(toOperationOutcome(issues))},"search":{"mode":"outcome"}}`];
}

/** An entry of a history page; a deletion has no resource. */
export function historyEntry(baseUrl: string, version: StoredVersion, body = version.body): string {
  const { type, id, method, versionId, lastUpdated, deleted } = version;
  const request = { method, url: method === 'POST' ? type : `${type}/${id}` };
  const response = {
    status: statusByMethod[method],
    etag: etagOf(versionId),
    lastModified: lastUpdated.toISOString(),
  };
  const resource = deleted ? '' : `"resource":${body},`;
  const what = `"request":${JSON.stringify(request)},"response":${JSON.stringify(response)}`;
  return `{"fullUrl":${fullUrl(baseUrl, version)},${resource}${what}}`;
}

const statusByMethod = { POST: '201', PUT: '200', DELETE: '204' } as const;

function fullUrl(baseUrl: string, { type, id }: StoredVersion): string {
  return JSON.stringify(`${baseUrl}/${type}/${id}`);
}
