import { fail } from '../fhir/issue.ts';
import { paramOf } from './call.ts';
import type { Params } from './call.ts';

export interface Format {
  readonly contentType: string;
  readonly pretty: boolean;
  readonly xml: boolean;
}

export const fhirJson = 'application/fhir+json; charset=utf-8';
const fhirXml = 'application/fhir+xml; charset=utf-8';

/** By what may stand in Accept or `_format`. */
const formats: Readonly<Record<string, string>> = {
  json: fhirJson,
  'application/fhir+json': fhirJson,
  'application/json': 'application/json; charset=utf-8',
  'text/json': 'application/json; charset=utf-8',
  'application/*': fhirJson,
  '*/*': fhirJson,
  xml: fhirXml,
  'application/fhir+xml': fhirXml,
  'application/xml': 'application/xml; charset=utf-8',
  'text/xml': 'application/xml; charset=utf-8',
};

/** What is answered where the caller wants nothing that there is. */
export const plainJson: Format = { contentType: fhirJson, pretty: false, xml: false };

/**
 * The format of the answer: `_format` beats Accept; FHIR JSON where neither says anything, or to a browser, which
 * would take XML before it. A `+` in `_format` that arrived as a space is taken. Throws `not-acceptable`, also for
 * another `fhirVersion` (http://hl7.org/fhir/R4/http.html#version-parameter).
 */
export function negotiate(params: Params, accept: string | undefined): Format {
  const pretty = paramOf(params, '_pretty') === 'true';
  const wanted = paramOf(params, '_format');
  const ranges = mediaRanges(wanted?.replaceAll(',', ' ') ?? accept);
  if (ranges.length === 0) return { ...plainJson, pretty };
  const isBrowser = ranges.some(({ range }) => range === 'text/html');
  for (const { range, version } of ranges) {
    const contentType = Object.hasOwn(formats, range) ? formats[range] : undefined;
    if (contentType === undefined || !isOurVersion(version)) continue;
    const xml = contentType.includes('xml');
    if (!(isBrowser && xml)) return { contentType, pretty, xml };
  }
  if (ranges.some(({ version }) => !isOurVersion(version))) {
    fail('not-acceptable', 'Weir speaks FHIR R4 only: fhirVersion=4.0');
  }
  return fail(
    'not-acceptable',
    'Weir answers application/fhir+json, application/fhir+xml, application/json and application/xml',
  );
}

/** The same for a refusal, which must come out even where nothing that is wanted can be given. */
export function formatOrPlain(params: () => Params, accept: string | undefined): Format {
  try {
    return negotiate(params(), accept);
  } catch {
    return plainJson;
  }
}

/** The media ranges of an Accept header, best first; those with q=0 left out. */
export function rangesOf(accept: string | undefined): readonly string[] {
  return mediaRanges(accept).map(({ range }) => range);
}

/** Whether a `fhirVersion` parameter of a media type means R4; none does. */
export function isOurVersion(version: string | undefined): boolean {
  return version === undefined || /^4\.0(\.\d+)?$/.test(version);
}

/** The value of a `fhirVersion` parameter; undefined where there is none. */
export function fhirVersionOf(parameters: string): string | undefined {
  return /;\s*fhirVersion\s*=\s*"?([^";\s]*)/i.exec(parameters)?.[1];
}

interface MediaRange {
  readonly range: string;
  readonly version: string | undefined;
}

function mediaRanges(accept: string | undefined): readonly MediaRange[] {
  return (accept ?? '')
    .split(',')
    .map((part) => ({
      range: mediaType(part),
      version: fhirVersionOf(part),
      quality: qualityOf(part),
    }))
    .filter(({ range, quality }) => range !== '' && quality > 0)
    .sort((a, b) => b.quality - a.quality);
}

function mediaType(text: string): string {
  const [type = ''] = text.split(';');
  return type.trim().toLowerCase().replace(' ', '+');
}

/** The `q` of a member of an Accept header; 1 where there is none. */
export function qualityOf(part: string): number {
  const quality = /;\s*q\s*=\s*([0-9.]+)/i.exec(part)?.[1];
  return quality === undefined ? 1 : Number(quality);
}
