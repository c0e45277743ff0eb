import { toAddress, toAddressText } from './address.ts';
import { toAttachment, toAttachmentText, toPointer } from './attachment.ts';
import { codingConverters, simpleCodingConverters } from './coding.ts';
import { toContactPoint } from './contact-point.ts';
import { typed, uriText, type Convert } from './convert.ts';
import { humanNameConverter, nameTextConverter } from './human-name.ts';
import { identifierConverter, toHdName, toUri } from './identifier.ts';
import { toPlaceLevel } from './place.ts';
import {
  compositeQuantity,
  numberConverters,
  toMoney,
  toRange,
  toStructuredNumeric,
  toStructuredText,
} from './quantity.ts';
import { referenceConverters, textConverters } from './reference.ts';
import { toArrayText, toSampledData } from './sampled-data.ts';
import { stringConverters } from './text.ts';
import { convertRange, convertTime, timeConverters } from './time.ts';
import { toTimingOfInterval, toTimingOfPattern, toTimingOfQuantity } from './timing.ts';

type Converters = Readonly<Record<string, Convert>>;

const { decimal, integer, positiveInt, unsignedInt } = numberConverters as Record<
  'decimal' | 'integer' | 'positiveInt' | 'unsignedInt',
  Convert
>;
const integers: Converters = { decimal, integer, positiveInt, unsignedInt };

const firstText: Convert = (element) => typed('string', element.text);

const reference = (v2Type: string): Converters => {
  const convert = referenceConverters[v2Type];
  return convert ? { Reference: convert } : {};
};

/** Built-in converters by v2 type (of one family each) and FHIR type; the first is the choice for `[x]`. */
const families: Readonly<Record<string, Converters>> = {
  CX: { Identifier: identifierConverter('CX'), ...reference('CX'), ...text('CX') },
  EI: {
    Identifier: identifierConverter('EI'),
    ...reference('EI'),
    ...text('EI'),
    uri: asType('uri', 'EI'),
  },
  HD: {
    uri: toUri,
    Identifier: identifierConverter('HD'),
    string: toHdName,
    name: toHdName,
    ...reference('HD'),
  },
  XPN: {
    HumanName: humanNameConverter('XPN'),
    string: nameTextConverter('XPN'),
    text: nameTextConverter('XPN'),
  },
  XCN: {
    HumanName: humanNameConverter('XCN'),
    Identifier: identifierConverter('XCN'),
    ...reference('XCN'),
    string: nameTextConverter('XCN'),
    display: nameTextConverter('XCN'),
  },
  XON: { ...reference('XON'), Identifier: identifierConverter('XON'), ...text('XON') },
  XAD: { Address: toAddress, string: toAddressText, text: toAddressText },
  XTN: { ContactPoint: toContactPoint, string: firstText },
  PL: {
    ...reference('PL'),
    Identifier: identifierConverter('PL'),
    ...text('PL'),
    level: toPlaceLevel,
  },
  CWE: { ...codingConverters, ...reference('CWE') },
  ID: { ...simpleCodingConverters, ...reference('ID') },
  ST: {
    ...stringConverters,
    ...simpleCodingConverters,
    string: stringText(),
    ...reference('ST'),
    ContactPoint: toContactPoint,
    ...integers,
  },
  NM: { ...numberConverters, Identifier: asIdentifier() },
  SN: {
    Quantity: toStructuredNumeric,
    Range: toStructuredNumeric,
    Ratio: toStructuredNumeric,
    string: toStructuredText,
  },
  CQ: {
    Quantity: compositeQuantity('Quantity'),
    Duration: compositeQuantity('Duration'),
    string: firstText,
  },
  MO: { Money: toMoney, string: firstText },
  NR: { Range: toRange, string: toStructuredText },
  NA: { SampledData: toSampledData, string: toArrayText },
  DTM: timeConverters,
  DR: { Period: convertRange, ...withoutPeriod() },
  TM: { time: convertTime, string: firstText },
  ED: { Attachment: toAttachment, string: toAttachmentText, text: toAttachmentText },
  RP: { Attachment: toPointer, string: firstText, url: asUrl() },
  RPT: { Timing: toTimingOfPattern, string: firstText },
  RI: { Timing: toTimingOfInterval, string: firstText },
  TQ: { Timing: toTimingOfQuantity, string: firstText },
};

/** v2 types that are read as another one. */
const sameFamily: Readonly<Record<string, string>> = {
  CE: 'CWE',
  CNE: 'CWE',
  CF: 'CWE',
  CWE: 'CWE',
  IS: 'ID',
  SI: 'NM',
  TS: 'DTM',
  DT: 'DTM',
  DTM: 'DTM',
  TX: 'ST',
  FT: 'ST',
  GTS: 'ST',
  SNM: 'ST',
  ERL: 'ST',
  CNN: 'XCN',
  PPN: 'XCN',
  PN: 'XPN',
  FN: 'XPN',
  SAD: 'XAD',
  AD: 'XAD',
  TN: 'XTN',
  CK: 'CX',
  DLN: 'CX',
  PLN: 'CX',
  EIP: 'EI',
  CP: 'MO',
  MA: 'NA',
  SPS: 'CWE',
  DIN: 'DTM',
  NDL: 'XCN',
  PTA: 'ST',
  MSG: 'ID',
  PT: 'ID',
  VID: 'ID',
  DLD: 'CWE',
  FC: 'CWE',
  JCC: 'CWE',
};

/** FHIR types that are written as another one. */
const sameTarget: Readonly<Record<string, string>> = {
  canonical: 'uri',
  oid: 'uri',
  uuid: 'uri',
  SimpleQuantity: 'Quantity',
  Count: 'Quantity',
  Distance: 'Quantity',
};

/** The v2 type whose converters a v2 type has; `ST` for what nobody knows. */
export function converterFamily(v2Type: string): string {
  const family = sameFamily[v2Type] ?? v2Type;
  return Object.hasOwn(families, family) ? family : 'ST';
}

/** The built-in converter from a v2 type to a FHIR type or to a named form such as `display`. */
export function builtInConverter(v2Type: string, target: string): Convert | undefined {
  const family = families[converterFamily(v2Type)] as Converters;
  if (Object.hasOwn(family, target)) return family[target];
  const other = sameTarget[target] ?? (target === 'url' ? 'uri' : undefined);
  return other !== undefined && Object.hasOwn(family, other) ? family[other] : undefined;
}

/** FHIR types that a v2 type can become, the first choice first. */
export function builtInTargets(v2Type: string): readonly string[] {
  return Object.keys(families[converterFamily(v2Type)] as Converters);
}

/** Whether `as` may name this v2 type. */
export function isV2Type(name: string): boolean {
  return Object.hasOwn(families, name) || Object.hasOwn(sameFamily, name);
}

function text(v2Type: string): Converters {
  const convert = textConverters[v2Type];
  return convert ? { string: convert, display: convert } : {};
}

function asType(type: string, v2Type: string): Convert {
  const toText = textConverters[v2Type];
  return (element, conversion) => {
    const found = toText?.(element, conversion);
    return found && { type, value: found.value };
  };
}

/** Of ST the plain text goes first; a table still translates it. */
function stringText(): Convert {
  return (element, conversion) =>
    (conversion.translate ? simpleCodingConverters['string'] : stringConverters['string'])?.(
      element,
      conversion,
    );
}

function asIdentifier(): Convert {
  return stringConverters['Identifier'] as Convert;
}

function asUrl(): Convert {
  return (element) => typed('url', uriText(element.text));
}

/** A DR where a single time is wanted gives its start. */
function withoutPeriod(): Converters {
  return Object.fromEntries(Object.entries(timeConverters).filter(([type]) => type !== 'Period'));
}
