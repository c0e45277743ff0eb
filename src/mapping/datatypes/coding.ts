import type { Json } from '../../fhir/resource.ts';
import type { Element } from '../../hl7v2/message.ts';
import { codeSystemUri, systemOfCode } from './coding-system.ts';
import {
  compact,
  partCode,
  partText,
  typed,
  uriText,
  type Conversion,
  type Convert,
  type SystemCode,
} from './convert.ts';

interface Triplet {
  readonly code: string;
  readonly display: string;
  readonly system: string | undefined;
  readonly version: string;
}

/** Parts of a CWE triplet: code, text, coding system, version. CWE.10-12 came with v2.7. */
const triplets = [
  [1, 2, 3, 7],
  [4, 5, 6, 8],
  [10, 11, 12, 13],
] as const;

function systemUri(name: string, conversion: Conversion): string | undefined {
  if (name === '') return conversion.system;
  return (
    conversion.message.packCodeSystem?.(name) ??
    codeSystemUri(name, conversion.message.localAuthority)
  );
}

function readTriplets(element: Element, conversion: Conversion): readonly Triplet[] {
  const found: Triplet[] = [];
  for (const [code, display, system, version] of triplets) {
    const text = partCode(element, code);
    if (text === '') continue;
    found.push({
      code: text,
      display: partText(element, display),
      system: systemUri(partText(element, system), conversion),
      version: partText(element, version),
    });
  }
  return found;
}

function codingOf({ code, display, system, version }: Triplet, { message }: Conversion): Json {
  const own = system && systemOfCode(system, code, message.localAuthority);
  return compact({ system: own, version, code, display }) as Json;
}

/** CWE.9, else CWE.2 or CWE.5 where there is no code. */
function originalText(element: Element): string {
  const text = partText(element, 9);
  if (text !== '') return text;
  const coded = partText(element, 1) !== '' || partText(element, 4) !== '';
  return coded ? '' : partText(element, 2) || partText(element, 5);
}

function systemCodes(read: readonly Triplet[]): SystemCode[] {
  return read.map(({ code, display, system }) => ({
    code,
    ...(system !== undefined && { system }),
    ...(display !== '' && { display }),
  }));
}

/** The table's coding first, then the original ones, and the text: no code is lost. */
const toCodeableConcept: Convert = (element, conversion) => {
  const read = readTriplets(element, conversion);
  const originals = read.map((one) => codingOf(one, conversion));
  const translation =
    originals.length > 0 ? conversion.translate?.(element, systemCodes(read)) : undefined;
  if (translation?.kind === 'drop') return undefined;
  const mapped =
    translation?.kind === 'row'
      ? compact({
          system: translation.system,
          code: String(translation.code),
          display: translation.display,
        })
      : undefined;
  const coding = mapped === undefined ? originals : [mapped, ...originals.filter(differs(mapped))];
  const value = compact({
    coding: coding.length > 0 ? coding : undefined,
    text: originalText(element),
  });
  return typed('CodeableConcept', value);
};

function differs(mapped: Json): (coding: Json) => boolean {
  const key = codingKey(mapped);
  return (coding) => codingKey(coding) !== key;
}

function codingKey(coding: Json): string {
  const { system, code } = coding as { system?: string; code?: string };
  return `${system ?? ''}|${code ?? ''}`;
}

const toCoding: Convert = (element, conversion) => {
  const read = readTriplets(element, conversion);
  const translation = conversion.translate?.(element, systemCodes(read));
  if (translation?.kind === 'drop') return undefined;
  if (translation?.kind === 'row') {
    const { system, code, display } = translation;
    return typed('Coding', compact({ system, code: String(code), display }));
  }
  return typed('Coding', read[0] && codingOf(read[0], conversion));
};

/** For code, string, uri, boolean and numbers: the table's code, else the first code as it is. */
function toScalar(type: string): Convert {
  return (element, conversion) => {
    const code = scalarText(type, element);
    if (code === '') return undefined;
    const translation = conversion.translate?.(
      element,
      systemCodes(readTriplets(element, conversion)),
    );
    if (translation?.kind === 'drop') return undefined;
    if (translation?.kind === 'row') return { type, value: translation.code };
    return { type, value: type === 'string' && !translation ? displayText(element) : code };
  };
}

function scalarText(type: string, element: Element): string {
  if (type === 'code') return partCode(element, 1);
  const text = partText(element, 1);
  if (type === 'uri') return uriText(text);
  return text === '' && type === 'string' ? originalText(element) : text;
}

/** What a person reads: the text, else the display, else the code. */
export function displayText(element: Element): string {
  return (
    partText(element, 9) || partText(element, 2) || partText(element, 5) || partText(element, 1)
  );
}

const toBoolean: Convert = (element, conversion) => {
  const code = element.text;
  if (code === '') return undefined;
  const translation = conversion.translate?.(element, [{ code }]);
  if (translation?.kind === 'drop') return undefined;
  if (translation?.kind === 'row') return typed('boolean', String(translation.code) === 'true');
  if (/^(Y|YES|T|TRUE|1)$/i.test(code)) return { type: 'boolean', value: true };
  if (/^(N|NO|F|FALSE|0)$/i.test(code)) return { type: 'boolean', value: false };
  conversion.remark('warning', 'The value is neither Y nor N; it was left out');
  return undefined;
};

/** The first code as an identifier, under the coding system that it names; undefined without a code. */
export function codeIdentifier(element: Element, conversion: Conversion): Json | undefined {
  const value = partText(element, 1);
  if (value === '') return undefined;
  return compact({ system: systemUri(partText(element, 3), conversion), value });
}

/** CWE (CE, CNE, CF) by FHIR type. */
export const codingConverters: Readonly<Record<string, Convert>> = {
  CodeableConcept: toCodeableConcept,
  Coding: toCoding,
  code: toScalar('code'),
  string: toScalar('string'),
  markdown: toScalar('markdown'),
  uri: toScalar('uri'),
  boolean: toBoolean,
  display: (element) => typed('string', displayText(element)),
  text: (element) => typed('string', displayText(element)),
  Annotation: (element) => typed('Annotation', compact({ text: displayText(element) })),
  Identifier: (element, conversion) => typed('Identifier', codeIdentifier(element, conversion)),
};

/** ID and IS, and ST where a code is wanted: one component, no system of its own. */
export const simpleCodingConverters: Readonly<Record<string, Convert>> = {
  code: toScalar('code'),
  CodeableConcept: toCodeableConcept,
  Coding: toCoding,
  string: toScalar('string'),
  markdown: toScalar('markdown'),
  uri: toScalar('uri'),
  boolean: toBoolean,
};
