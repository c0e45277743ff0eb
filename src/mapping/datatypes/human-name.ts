import type { Json } from '../../fhir/resource.ts';
import type { Element } from '../../hl7v2/message.ts';
import { compact, nonEmpty, part, partText, typed, type Convert } from './convert.ts';
import { period } from './time.ts';

/** Where the parts of a name stand. XCN and CNN have an id before them. */
interface NameParts {
  readonly family: number;
  readonly given: readonly number[];
  readonly suffix: readonly number[];
  readonly prefix: number;
  readonly use?: number;
  readonly start?: number;
  readonly end?: number;
}

const parts: Readonly<Record<string, NameParts>> = {
  XPN: { family: 1, given: [2, 3], suffix: [4, 6, 14], prefix: 5, use: 7, start: 12, end: 13 },
  XCN: { family: 2, given: [3, 4], suffix: [5, 7, 21], prefix: 6, use: 10, start: 19, end: 20 },
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

/** HumanName of an XPN or XCN. An own surname prefix (FN.2) stands before the surname, as it is spoken. */
export function humanNameConverter(v2Type: 'XPN' | 'XCN'): Convert {
  const at = parts[v2Type] as NameParts;
  return (element, conversion) => {
    const name = compact({
      use: at.use === undefined ? undefined : nameUse.get(partText(element, at.use)),
      family: familyName(part(element, at.family)),
      given: texts(element, at.given),
      prefix: texts(element, [at.prefix]),
      suffix: texts(element, at.suffix),
      period:
        at.start === undefined || at.end === undefined
          ? undefined
          : period(part(element, at.start), part(element, at.end), conversion),
    });
    const named = name as { family?: string; given?: Json; prefix?: Json; suffix?: Json };
    const said = named?.family ?? named?.given ?? named?.prefix ?? named?.suffix;
    return said === undefined ? undefined : typed('HumanName', name);
  };
}

/** The subcomponents of an FN; where the name is itself a subcomponent, its text. */
function familyName(element: Element): string {
  if (element.level === 'subcomponent') return element.text;
  const surname = element.subcomponent(1).text;
  const ownPrefix = element.subcomponent(2).text;
  const own = element.subcomponent(3).text;
  if (surname !== '' || own === '') return surname;
  return ownPrefix === '' ? own : `${ownPrefix} ${own}`;
}

function texts(element: Element, numbers: readonly number[]): string[] | undefined {
  return nonEmpty(numbers.map((number) => partText(element, number)));
}

/** The name as it is spoken: prefix, given names, family name, suffix. */
export function nameText(v2Type: 'XPN' | 'XCN', element: Element): string {
  const at = parts[v2Type] as NameParts;
  const words = [
    partText(element, at.prefix),
    ...at.given.map((number) => partText(element, number)),
    familyName(part(element, at.family)),
    ...at.suffix.slice(0, 1).map((number) => partText(element, number)),
  ];
  return words.filter((word) => word !== '').join(' ');
}

/** The name as text. */
export function nameTextConverter(v2Type: 'XPN' | 'XCN'): Convert {
  return (element) => typed('string', nameText(v2Type, element) || partText(element, 1));
}
