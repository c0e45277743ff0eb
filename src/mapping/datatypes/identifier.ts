import type { Json } from '../../fhir/resource.ts';
import type { Element } from '../../hl7v2/message.ts';
import type { AssigningAuthority } from '../context.ts';
import { systemOfCode } from './coding-system.ts';
import {
  compact,
  part,
  partCode,
  partText,
  partTexts,
  textExtension,
  typed,
  type Conversion,
  type Convert,
} from './convert.ts';
import { periodOf } from './time.ts';

const checkDigitUrl = 'http://hl7.org/fhir/StructureDefinition/identifier-checkDigit';

const absent: AssigningAuthority = { namespace: '', universalId: '', universalIdType: '' };

/** An HD at this element: namespace, universal id and its type. */
export function readHd(element: Element): AssigningAuthority {
  if (element.state !== 'value') return absent;
  return {
    namespace: partText(element, 1),
    universalId: partText(element, 2),
    universalIdType: partText(element, 3),
  };
}

/** The assigning authority of a value by its v2 type; empty parts where it names none. */
export function authorityOf(v2Type: string, element: Element): AssigningAuthority {
  switch (v2Type) {
    case 'CX':
    case 'PL':
      return readHd(part(element, 4));
    case 'XCN':
      return readHd(part(element, 9));
    case 'XON':
      return readHd(part(element, 6));
    case 'HD':
      return readHd(element);
    case 'EI':
      return {
        namespace: partText(element, 2),
        universalId: partText(element, 3),
        universalIdType: partText(element, 4),
      };
    default:
      return absent;
  }
}

/** Which v2 types name an authority. */
export const authorityTypes: ReadonlySet<string> = new Set(['CX', 'PL', 'XCN', 'XON', 'HD', 'EI']);

const identifierTypeSystem = 'http://terminology.hl7.org/CodeSystem/v2-0203';

function identifierType(code: string, { message }: Conversion): Json | undefined {
  if (code === '') return undefined;
  const system = systemOfCode(identifierTypeSystem, code, message.localAuthority);
  return { coding: [{ system, code }] };
}

interface IdentifierParts {
  readonly v2Type: string;
  readonly value: string;
  readonly typeCode?: string;
  readonly checkDigit?: string;
  readonly period?: Json | undefined;
}

function toIdentifier(element: Element, parts: IdentifierParts, conversion: Conversion): Json {
  const authority = authorityOf(parts.v2Type, element);
  const system = conversion.system ?? conversion.message.authority(authority);
  const extension = textExtension(checkDigitUrl, 'valueString', parts.checkDigit ?? '');
  return compact({
    extension: extension.length === 0 ? undefined : extension,
    type: identifierType(parts.typeCode ?? '', conversion),
    system,
    value: parts.value,
    period: parts.period,
    assigner: assignerOf(authority),
  }) as Json;
}

/** What people call the authority, where the system is made of its universal id and does not say it. */
function assignerOf({ namespace, universalId }: AssigningAuthority): Json | undefined {
  return namespace === '' || universalId === '' ? undefined : { display: namespace };
}

function readParts(
  v2Type: string,
  element: Element,
  conversion: Conversion,
): IdentifierParts | undefined {
  const value = identifierValue(v2Type, element);
  if (value === '') return undefined;
  switch (v2Type) {
    case 'CX': {
      const valid = periodOf(element, [7, 8], conversion);
      const checkDigit = partText(element, 2);
      return { v2Type, value, checkDigit, typeCode: partCode(element, 5), period: valid };
    }
    case 'XCN':
      return {
        ...{ v2Type, value },
        ...{ checkDigit: partText(element, 11), typeCode: partCode(element, 13) },
      };
    case 'XON':
      return {
        ...{ v2Type, value },
        ...{ checkDigit: partText(element, 4), typeCode: partCode(element, 7) },
      };
    default:
      return { v2Type, value };
  }
}

/** What identifies the thing: XON.10 (else XON.3), PL.10 (else the places of a PL), the first component of anything else. */
export function identifierValue(v2Type: string, element: Element): string {
  if (v2Type === 'XON') return partText(element, 10) || partText(element, 3);
  if (v2Type !== 'PL') return partText(element, 1);
  const whole = partText(element, 10);
  if (whole !== '') return whole;
  return partTexts(element, [4, 7, 8, 1, 2, 3]).join('-');
}

/** Identifier of a CX, EI, HD, XCN, XON or PL. */
export function identifierConverter(v2Type: string): Convert {
  return (element, conversion) => {
    const parts = readParts(v2Type, element, conversion);
    return parts && { type: 'Identifier', value: toIdentifier(element, parts, conversion) };
  };
}

/** HD as a URI: the authority's. */
export const toUri: Convert = (element, conversion) => {
  const hd = readHd(element);
  if (hd.namespace === '' && hd.universalId === '') return undefined;
  return typed('uri', conversion.message.authority(hd));
};

/** HD.1, else HD.2. */
export const toHdName: Convert = (element) =>
  typed('string', partText(element, 1) || partText(element, 2));
