import { isForeignToV2Table } from '../../fhir/v2-codes.ts';
import type { Json } from '../../fhir/resource.ts';
import type { Element } from '../../hl7v2/message.ts';
import { compact, partText, typed, uriText, type Convert } from './convert.ts';
import { base64 } from './text.ts';

/** Media types by HL7 tables 0291 (subtype) and 0191 (type), and as senders write them. */
const mediaTypes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    PDF: 'application/pdf',
    JPEG: 'image/jpeg',
    JPG: 'image/jpeg',
    JOT: 'image/jpeg',
    PNG: 'image/png',
    GIF: 'image/gif',
    TIFF: 'image/tiff',
    TIF: 'image/tiff',
    DICOM: 'application/dicom',
    RTF: 'text/rtf',
    HTML: 'text/html',
    XML: 'text/xml',
    'X-HL7-CDA-LEVEL-ONE': 'text/xml',
    'OCTET-STREAM': 'application/octet-stream',
    PLAIN: 'text/plain',
    TEXT: 'text/plain',
    WORD: 'application/msword',
    MSWORD: 'application/msword',
  }),
);

/** `application^pdf`, `TEXT^PDF` and `AP^PDF` all mean application/pdf. */
function mediaType(kind: string, subtype: string): string | undefined {
  if (/^[a-z]+\/[\w.+-]+$/i.test(subtype)) return subtype.toLowerCase();
  const known = mediaTypes.get(subtype.toUpperCase()) ?? mediaTypes.get(kind.toUpperCase());
  if (known !== undefined) return known;
  if (
    /^(application|audio|image|text|video|multipart)$/i.test(kind) &&
    /^[\w.+-]+$/.test(subtype)
  ) {
    return `${kind}/${subtype}`.toLowerCase();
  }
  return undefined;
}

/**
 * ED: data in base64 (as it is), hexadecimal or plain. Data that its own encoding does not allow are left out. Where no
 * encoding is named, what is no text can only be base64, if it looks like that.
 */
export const toAttachment: Convert = (element, conversion) => {
  const said = partText(element, 5);
  const type = mediaType(partText(element, 2), partText(element, 3));
  const named = partText(element, 4).toLowerCase();
  const isBinary = type !== undefined && !type.startsWith('text/');
  const encoding = named === '' && isBinary && padded(said) !== undefined ? 'base64' : named;
  const data = encodedData(said, encoding);
  if (data === undefined) {
    conversion.remark(
      'warning',
      'The data do not fit the encoding that is named; they were left out',
    );
    return undefined;
  }
  if (data === '') return undefined;
  // FHIR takes no data without a type (att-1).
  const contentType = type ?? 'application/octet-stream';
  return typed('Attachment', compact({ extension: kindOfData(element), contentType, data }));
};

/** ED.2 (table 0191), where no subtype (ED.3) says more of it than the media type does. */
function kindOfData(element: Element): Json | undefined {
  const kind = partText(element, 2);
  if (kind === '' || partText(element, 3) !== '') return undefined;
  const coding = isForeignToV2Table(kinds, kind) ? undefined : [{ system: kinds, code: kind }];
  return [{ url: alternateCodes, valueCodeableConcept: compact({ coding, text: kind }) as Json }];
}

const kinds = 'http://terminology.hl7.org/CodeSystem/v2-0191';
const alternateCodes = 'http://hl7.org/fhir/StructureDefinition/alternate-codes';

function encodedData(data: string, encoding: string): string | undefined {
  if (encoding === 'base64') return padded(data);
  if (encoding === 'hex') {
    const dense = data.replace(/\s+/g, '');
    const valid = /^([0-9A-Fa-f]{2})*$/.test(dense);
    return valid ? Buffer.from(dense, 'hex').toString('base64') : undefined;
  }
  return base64(data);
}

/** Base64 without line breaks and with its padding, which senders forget; undefined where it is none. */
function padded(data: string): string | undefined {
  const dense = data.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(dense)) return undefined;
  const missing = (4 - (dense.length % 4)) % 4;
  if (missing === 3 || (missing > 0 && dense.endsWith('='))) return undefined;
  return dense + '='.repeat(missing);
}

/** ED as text: the data, unless they are encoded. */
export const toAttachmentText: Convert = (element) =>
  typed('string', /^a?$/i.test(partText(element, 4)) ? partText(element, 5) : '');

/** RP: a pointer, as url. */
export const toPointer: Convert = (element) => {
  const pointer = partText(element, 1);
  const contentType = mediaType(partText(element, 3), partText(element, 4));
  return pointer === ''
    ? undefined
    : typed('Attachment', compact({ contentType, url: uriText(pointer) }));
};
