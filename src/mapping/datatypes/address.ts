import {
  compact,
  nonEmpty,
  part,
  partText,
  partTexts,
  textExtension,
  typed,
  type Convert,
} from './convert.ts';
import type { Element } from '../../hl7v2/message.ts';
import { validityOf } from './time.ts';

/** HL7 table 0190 to address-use and address-type, as the V2-to-FHIR guide has it. */
const addressUse: ReadonlyMap<string, string> = new Map(
  Object.entries({
    BA: 'old',
    BI: 'billing',
    C: 'temp',
    B: 'work',
    H: 'home',
    O: 'work',
  }),
);
const addressType: ReadonlyMap<string, string> = new Map(
  Object.entries({ M: 'postal', SH: 'postal' }),
);

/** A vacation home: FHIR has no word for it, ISO 21090 has. */
const vacation = 'HV';
const useUrl = 'http://hl7.org/fhir/StructureDefinition/iso21090-AD-use';

/** XAD. */
export const toAddress: Convert = (element, conversion) => {
  const kind = partText(element, 7);
  const tract = textExtension(
    'http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-censusTract',
    'valueString',
    partText(element, 10),
  );
  const extension = [
    ...textExtension(useUrl, 'valueCode', kind === vacation ? vacation : ''),
    ...tract,
  ];
  const address = compact({
    extension: extension.length > 0 ? extension : undefined,
    use: addressUse.get(kind),
    type: addressType.get(kind),
    line: nonEmpty([...streetLines(part(element, 1)), partText(element, 2), partText(element, 19)]),
    city: partText(element, 3),
    district: partText(element, 9),
    state: partText(element, 4),
    postalCode: partText(element, 5),
    country: partText(element, 6),
    period: validityOf(element, { start: 13, end: 14, range: 12 }, conversion),
  });
  const said = Object.keys((address ?? {}) as object).some(
    (key) => key !== 'use' && key !== 'type',
  );
  return said ? typed('Address', address) : undefined;
};

/** SAD: the street address; its street (SAD.2) and number (SAD.3) where they do not stand in it already. */
function streetLines(element: Element): string[] {
  if (element.level === 'subcomponent') return [element.text.trim()];
  const [street = '', ...others] = [1, 2, 3].map((number) => partText(element, number));
  return [street, ...others.filter((other) => !street.includes(other))];
}

/** The address on one line. */
export const toAddressText: Convert = (element) => {
  return typed('string', partTexts(element, [1, 2, 3, 4, 5, 6]).join(', '));
};
