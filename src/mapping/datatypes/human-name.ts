import type { Json } from '../../fhir/resource.ts';
import type { Element } from '../../hl7v2/message.ts';
import {
  compact,
  part,
  partText,
  partTexts,
  textExtension,
  typed,
  type Conversion,
  type Convert,
} from './convert.ts';
import { validityOf } from './time.ts';

/** Where the parts of a name stand. XCN and CNN have an id before them. */
interface NameParts {
  readonly family: number;
  readonly given: readonly number[];
  readonly suffix: readonly number[];
  readonly prefix: number;
  readonly use: number;
  /** The old form of start and end, in one component. */
  readonly range: number;
  readonly start: number;
  readonly end: number;
  readonly order: number;
}

const parts: Readonly<Record<string, NameParts>> = {
  XPN: {
    ...{ family: 1, given: [2, 3], suffix: [4, 6, 14], prefix: 5 },
    ...{ use: 7, range: 10, start: 12, end: 13, order: 11 },
  },
  XCN: {
    ...{ family: 2, given: [3, 4], suffix: [5, 7, 21], prefix: 6 },
    ...{ use: 10, range: 17, start: 19, end: 20, order: 18 },
  },
};

/** HL7 table 0200 to name-use, as the V2-to-FHIR guide has it. */
const nameUse: ReadonlyMap<string, string> = new Map(
  Object.entries({
    BAD: 'old',
    D: 'usual',
    L: 'official',
    M: 'maiden',
    MSK: 'anonymous',
    N: 'nickname',
    NAV: 'temp',
    R: 'official',
    TEMP: 'temp',
  }),
);

/** HumanName of an XPN or XCN; the parts of the surname (FN.2 to FN.5) are extensions of it. */
export function humanNameConverter(v2Type: 'XPN' | 'XCN'): Convert {
  const at = parts[v2Type] as NameParts;
  return (element, conversion) => {
    const surname = part(element, at.family);
    remarkOrder(partText(element, at.order), conversion);
    const name = compact({
      use: nameUse.get(partText(element, at.use)),
      family: familyName(surname),
      _family: familyParts(surname),
      given: texts(element, at.given),
      prefix: texts(element, [at.prefix]),
      suffix: texts(element, at.suffix),
      period: validityOf(element, at, conversion),
    });
    const named = name as { family?: string; given?: Json; prefix?: Json; suffix?: Json };
    const said = named?.family ?? named?.given ?? named?.prefix ?? named?.suffix;
    return said === undefined ? undefined : typed('HumanName', name);
  };
}

/**
 * HL7 table 0444 says whether the family or the given name is spoken first. R4 binds `humanname-assembly-order` to
 * NL1..NL4, which say whose surname it is: none of them says that.
 */
function remarkOrder(code: string, conversion: Conversion): void {
  if (code !== '') conversion.remark('information', orderLeftOut);
}

const orderLeftOut = "R4 has no code for the order of a name's parts (table 0444); it was left out";

const nameUrl = 'http://hl7.org/fhir/StructureDefinition/humanname-';
const surnameParts = [
  [2, `${nameUrl}own-prefix`],
  [3, `${nameUrl}own-name`],
  [4, `${nameUrl}partner-prefix`],
  [5, `${nameUrl}partner-name`],
] as const;

/** FN.2 to FN.5: own prefix and name, those of the partner. */
function familyParts(element: Element): Json | undefined {
  if (element.level === 'subcomponent') return undefined;
  const extension: Json[] = [];
  for (const [part, url] of surnameParts) {
    extension.push(...textExtension(url, 'valueString', element.partText(part)));
  }
  return extension.length === 0 ? undefined : { extension };
}

/** The subcomponents of an FN; where the name is itself a subcomponent, its text. */
function familyName(element: Element): string {
  if (element.level === 'subcomponent') return element.text;
  const surname = element.partText(1);
  if (surname !== '') return surname;
  const own = element.partText(3);
  if (own === '') return '';
  const ownPrefix = element.partText(2);
  return ownPrefix === '' ? own : `${ownPrefix} ${own}`;
}

function texts(element: Element, numbers: readonly number[]): string[] | undefined {
  const found = partTexts(element, numbers);
  return found.length === 0 ? undefined : found;
}

/** The name as it is spoken: prefix, given names, family name, suffix. */
export function nameText(v2Type: 'XPN' | 'XCN', element: Element): string {
  const at = parts[v2Type] as NameParts;
  const words = partTexts(element, [at.prefix, ...at.given]);
  const family = familyName(part(element, at.family));
  if (family !== '') words.push(family);
  return [...words, ...partTexts(element, at.suffix.slice(0, 1))].join(' ');
}

/** The name as text. */
export function nameTextConverter(v2Type: 'XPN' | 'XCN'): Convert {
  return (element) => typed('string', nameText(v2Type, element) || partText(element, 1));
}
