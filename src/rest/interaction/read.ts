import { fail } from '../../fhir/issue.ts';
import type { StoredVersion } from '../../store/store.ts';
import { canSee } from '../authorize.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { placeOf } from '../place.ts';
import { parseEtags } from '../etag.ts';
import { subsetText, viewOf } from '../subset.ts';
import { binaryAnswer } from './binary.ts';

/**
 * `GET Type/id`: http://hl7.org/fhir/R4/http.html#read. The stored text is the answer; nothing is parsed unless `_summary` or
 * `_elements` asks for a part.
 */
export async function read(context: RestContext, call: Call): Promise<Answer> {
  const { type, id } = placeOf(call);
  const version = await context.store.read(type, id);
  return versionAnswer(call, visible(call, version));
}

/** `GET Type/id/_history/vid`: http://hl7.org/fhir/R4/http.html#vread. */
export async function vread(context: RestContext, call: Call): Promise<Answer> {
  const { type, id } = placeOf(call);
  const version = await context.store.readVersion(type, id, call.at.versionId ?? '');
  return versionAnswer(call, visible(call, version));
}

/** Throws `not-found` or `gone`; what the principal may not see is not there. */
export function visible(call: Call, version: StoredVersion | undefined): StoredVersion {
  const { type, id } = placeOf(call);
  if (version === undefined || !canSee(call.principal, version)) {
    fail('not-found', `There is no ${type}/${id}`);
  }
  if (version.deleted) fail('gone', `${type}/${id} was deleted`);
  return version;
}

function versionAnswer(call: Call, version: StoredVersion): Answer {
  const view = viewOf(call.params);
  if (view.summary === 'count') fail('search-value', '_summary=count is for several resources');
  if (notModified(call, version)) return { status: 304, version };
  const raw = binaryAnswer(call, version);
  if (raw !== undefined) return { status: 200, version, raw, shown: [version] };
  return { status: 200, version, body: subsetText(version.body, view), shown: [version] };
}

/** If-None-Match outweighs If-Modified-Since (RFC 9110 13.2.2); the latter knows whole seconds only. */
function notModified(call: Call, version: StoredVersion): boolean {
  const noneMatch = call.headers['if-none-match'];
  if (noneMatch !== undefined) {
    const tags = parseEtags(noneMatch);
    return tags.includes('*') || tags.includes(version.versionId);
  }
  const since = Date.parse(call.headers['if-modified-since'] ?? '');
  return Math.floor(version.lastUpdated.getTime() / 1000) * 1000 <= since;
}
