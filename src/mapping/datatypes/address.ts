import {
  compact,
  nonEmpty,
  part,
  partText,
  textExtension,
  typed,
  type Convert,
} from './convert.ts';
import { period } from './time.ts';

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

/** XAD. The street address (SAD) is written on one line: street, number and dwelling are not repeated. */
export const toAddress: Convert = (element, conversion) => {
  const kind = partText(element, 7);
  const tract = textExtension(
    'http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-censusTract',
    'valueString',
    partText(element, 10),
  );
  const address = compact({
    extension: tract.length > 0 ? tract : undefined,
    use: addressUse.get(kind),
    type: addressType.get(kind),
    line: nonEmpty([
      part(element, 1).subcomponent(1).text,
      partText(element, 2),
      partText(element, 19),
    ]),
    city: partText(element, 3),
    district: partText(element, 9),
    state: partText(element, 4),
    postalCode: partText(element, 5),
    country: partText(element, 6),
    period: period(part(element, 13), part(element, 14), conversion),
  });
  const said = Object.keys((address ?? {}) as object).some(
    (key) => key !== 'use' && key !== 'type',
  );
  return said ? typed('Address', address) : undefined;
};

/** The address on one line. */
export const toAddressText: Convert = (element) => {
  const texts = [1, 2, 3, 4, 5, 6].map((number) => partText(element, number));
  return typed('string', texts.filter((text) => text !== '').join(', '));
};
