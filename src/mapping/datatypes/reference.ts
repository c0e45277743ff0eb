import type { Json } from '../../fhir/resource.ts';
import type { Element } from '../../hl7v2/message.ts';
import { codeIdentifier, displayText } from './coding.ts';
import { compact, partText, partTexts, typed, type Convert } from './convert.ts';
import { identifierConverter } from './identifier.ts';
import { nameText } from './human-name.ts';

/** A logical Reference: identifier and display, for what is not a resource of the message. */
function logical(v2Type: string, display: (element: Element) => string): Convert {
  const toIdentifier = identifierConverter(v2Type);
  return (element, conversion) => {
    const identifier = toIdentifier(element, conversion)?.value;
    return typed('Reference', compact({ identifier, display: display(element) }));
  };
}

const onlyDisplay =
  (display: (element: Element) => string): Convert =>
  (element) =>
    typed('Reference', compact({ display: display(element) }));

/** What a person reads for a PL: point of care, room, bed, building, facility, or its description. */
function locationText(element: Element): string {
  return partTexts(element, [1, 2, 3, 8, 7, 4]).join(', ') || partText(element, 9);
}

const organizationText = (element: Element): string => partText(element, 1) || partText(element, 3);

function universalIdType(code: string): Json | undefined {
  const system = 'http://terminology.hl7.org/CodeSystem/v2-0301';
  return code === '' ? undefined : { coding: [{ system, code }] };
}

/** HD: its universal id as the identifier (an OID or UUID as a URN), its name as the display. */
const hdReference: Convert = (element) => {
  const name = partText(element, 1);
  const id = partText(element, 2);
  const type = partText(element, 3);
  const scheme = type === 'ISO' ? 'urn:oid:' : type === 'UUID' ? 'urn:uuid:' : undefined;
  const identifier =
    scheme === undefined || id === ''
      ? compact({ type: id === '' ? undefined : universalIdType(type), value: id })
      : { type: universalIdType(type), system: 'urn:ietf:rfc:3986', value: `${scheme}${id}` };
  return typed('Reference', compact({ identifier, display: name || id }));
};

/** CWE: what is named by a code, such as a manufacturer (MVX) or a resource that can be booked, is found by it. */
const cweReference: Convert = (element, conversion) => {
  const identifier = codeIdentifier(element, conversion);
  return typed('Reference', compact({ identifier, display: displayText(element) }));
};

/** Reference by v2 type. */
export const referenceConverters: Readonly<Record<string, Convert>> = {
  CX: logical('CX', () => ''),
  EI: logical('EI', () => ''),
  XCN: logical('XCN', (element) => nameText('XCN', element)),
  XON: logical('XON', organizationText),
  PL: logical('PL', locationText),
  HD: hdReference,
  CWE: cweReference,
  ST: onlyDisplay((element) => element.text),
  ID: onlyDisplay((element) => element.text),
};

/** Text by v2 type, for `string` elements. */
export const textConverters: Readonly<Record<string, Convert>> = {
  CX: (element) => typed('string', partText(element, 1)),
  EI: (element) => typed('string', partText(element, 1)),
  XON: (element) => typed('string', organizationText(element)),
  PL: (element) => typed('string', locationText(element)),
};
