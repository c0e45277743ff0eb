import { fail } from '../fhir/issue.ts';

/** The weak ETag of a version: `W/"3"`. */
export function etagOf(versionId: string): string {
  return `W/"${versionId}"`;
}

/**
 * The version ids of an If-Match or If-None-Match header: `W/"1"`, `"1"`, or a list of them; `*` stays
 * as it is. Throws `etag-invalid`.
 */
export function parseEtags(header: string): readonly string[] {
  return header.split(',').map((part) => {
    const tag = part.trim();
    if (tag === '*') return tag;
    const versionId = /^(?:W\/)?"([^"]*)"$/.exec(tag)?.[1];
    if (versionId === undefined || versionId === '') {
      fail('etag-invalid', 'An ETag must be of the form W/"1"');
    }
    return versionId;
  });
}
