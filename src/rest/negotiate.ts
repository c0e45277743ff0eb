import { fail } from '../fhir/issue.ts';
import { paramOf } from './call.ts';
import type { Params } from './call.ts';

export interface Format {
  readonly contentType: string;
  readonly pretty: boolean;
}

export const fhirJson = 'application/fhir+json; charset=utf-8';

const formats: Readonly<Record<string, string>> = {
  json: fhirJson,
  'application/fhir+json': fhirJson,
  'application/json': 'application/json; charset=utf-8',
  'text/json': 'application/json; charset=utf-8',
  'application/*': fhirJson,
  '*/*': fhirJson,
};

/**
 * The format of the answer: `_format` beats Accept; FHIR JSON where neither says anything. A `+` in
 * `_format` that arrived as a space is taken. Throws `not-acceptable`.
 */
export function negotiate(params: Params, accept: string | undefined): Format {
  const pretty = paramOf(params, '_pretty') === 'true';
  const wanted = paramOf(params, '_format');
  const ranges = wanted === undefined ? rangesOf(accept) : [mediaType(wanted)];
  if (ranges.length === 0) return { contentType: fhirJson, pretty };
  for (const range of ranges) {
    const contentType = formats[range];
    if (contentType !== undefined) return { contentType, pretty };
  }
  return fail('not-acceptable', 'Weir answers application/fhir+json and application/json');
}

/** The media ranges of an Accept header, best first; those with q=0 left out. */
export function rangesOf(accept: string | undefined): readonly string[] {
  return (accept ?? '')
    .split(',')
    .map((part) => ({ range: mediaType(part), quality: qualityOf(part) }))
    .filter(({ range, quality }) => range !== '' && quality > 0)
    .sort((a, b) => b.quality - a.quality)
    .map(({ range }) => range);
}

function mediaType(text: string): string {
  const [type = ''] = text.split(';');
  return type.trim().toLowerCase().replace(' ', '+');
}

function qualityOf(part: string): number {
  const quality = /;\s*q=([0-9.]+)/i.exec(part)?.[1];
  return quality === undefined ? 1 : Number(quality);
}
