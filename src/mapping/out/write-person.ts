import type { ComponentValue } from '../../hl7v2/encode.ts';
import { isObject, type Place } from './place.ts';
import { at, hdComponent, mark, orNothing, say, sayAll, type Manner, type Write } from './say.ts';
import { authorityOf, typeOf } from './write-identifier.ts';
import { dtmText } from './write-time.ts';

/** Name-use to table 0200, the other way about than the V2-to-FHIR guide has it. */
const nameType: Readonly<Record<string, string>> = {
  official: 'L',
  usual: 'D',
  maiden: 'M',
  nickname: 'N',
  anonymous: 'MSK',
  temp: 'TEMP',
  old: 'BAD',
};
/** Address-use to table 0190. */
const addressType: Readonly<Record<string, string>> = {
  home: 'H',
  work: 'B',
  temp: 'C',
  billing: 'BI',
  old: 'BA',
};

/** HumanName as XPN. */
export const writeXpn: Write = (place, manner) => {
  if (!isObject(place.value)) return [say('.', place, manner)];
  const { family, given, rest, suffix, prefix } = nameParts(place, manner);
  const time = periodOf(place, manner);
  const { first, degree, professional } = suffix;
  if (family === '' && given === '') {
    const text = say('text', place, manner);
    return text === '' ? undefined : [text, ...blanks(5), useOf(place, nameType, manner)];
  }
  mark('text', place, manner);
  return orNothing([
    family,
    given,
    rest,
    first,
    prefix,
    degree,
    useOf(place, nameType, manner),
    ...blanks(4),
    ...time,
    professional,
  ]);
};

/** A reference to a person with a name, or that resource, as XCN. */
export const writeXcn: Write = (place, manner) => {
  const [resource] = at('->', place, manner);
  if (resource === undefined) return ofReference(place, manner);
  for (const name of ['reference', 'identifier', 'type', 'display']) mark(name, place, manner);
  // A role says who by its practitioner.
  const [person = resource] = at('practitioner->Practitioner', resource, manner);
  const [identifier] = at('identifier', person, manner);
  const [name] = at('name[!use] | name[use=official,usual] | name', person, manner);
  const isNamed = name !== undefined && isObject(name.value);
  const { family, given, rest, suffix, prefix } = isNamed
    ? nameParts(name, manner)
    : {
        family: name ? say('.', name, manner) : '',
        given: '',
        rest: '',
        suffix: suffixes([]),
        prefix: '',
      };
  return orNothing([
    identifier && say('value', identifier, manner),
    family || (isNamed ? say('text', name, manner) : ''),
    given,
    rest,
    suffix.first,
    prefix,
    suffix.degree,
    undefined,
    identifier && hdComponent(authorityOf(identifier, manner)),
    isNamed ? useOf(name, nameType, manner) : undefined,
    undefined,
    undefined,
    identifier && typeOf(identifier, manner),
  ]);
};

/** What is no resource here: a number, a name, or both. */
function ofReference(place: Place, manner: Manner): ReturnType<Write> {
  const [identifier] = at('identifier', place, manner);
  const display = say('display', place, manner);
  if (identifier === undefined) return orNothing([undefined, display]);
  return orNothing([
    say('value', identifier, manner),
    display,
    ...blanks(6),
    hdComponent(authorityOf(identifier, manner)),
    ...blanks(3),
    typeOf(identifier, manner),
  ]);
}

/** Address as XAD. */
export const writeXad: Write = (place, manner) => {
  const [street, other, third] = sayAll('line', place, manner);
  const kind = say('type', place, manner);
  const use = useOf(place, addressType, manner);
  const parts = ['city', 'state', 'postalCode', 'country'].map((name) => say(name, place, manner));
  const isTaken = street !== undefined || parts.some((part) => part !== '');
  if (isTaken) mark('text', place, manner);
  return orNothing([
    street ?? (isTaken ? undefined : say('text', place, manner)),
    other,
    ...parts,
    use ?? (kind === 'postal' ? 'M' : undefined),
    undefined,
    say('district', place, manner),
    ...blanks(3),
    ...periodOf(place, manner),
    ...blanks(4),
    third,
  ]);
};

const equipment: Readonly<Record<string, string>> = {
  phone: 'PH',
  fax: 'FX',
  pager: 'BP',
  sms: 'CP',
};
const phoneUse: Readonly<Record<string, string>> = { home: 'PRN', work: 'WPN', mobile: 'PRN' };
const part = 'extension[url=http://hl7.org/fhir/StructureDefinition/contactpoint-';

/** ContactPoint as XTN: an address for mail, or a number in its parts where they are known. */
export const writeXtn: Write = (place, manner) => {
  const value = say('value', place, manner);
  if (value === '') return undefined;
  const system = say('system', place, manner);
  const times = [...periodOf(place, manner), ...blanks(3), say('rank', place, manner)];
  if (system === 'email') {
    return [undefined, 'NET', 'Internet', value, ...blanks(8), ...times];
  }
  const use = say('use', place, manner);
  const kind = use === 'mobile' ? 'CP' : (equipment[system] ?? 'PH');
  const [country, area, local, extension] = ['country', 'area', 'local', 'extension'].map((name) =>
    say(`${part}${name}].valueString`, place, manner),
  );
  mark('extension.url', place, manner);
  const isInParts = (local ?? '') !== '';
  const old = manner.version < 2.7 && !isInParts ? value : undefined;
  const unformatted = manner.version >= 2.5 && !isInParts ? value : undefined;
  return [
    old,
    phoneUse[use],
    kind,
    undefined,
    ...(isInParts ? [country, area, local, extension] : blanks(4)),
    ...blanks(3),
    unformatted,
    ...times,
  ];
};

function nameParts(place: Place, manner: Manner) {
  const [given = '', ...others] = sayAll('given', place, manner);
  return {
    family: say('family', place, manner),
    given,
    rest: others.join(' '),
    suffix: suffixes(sayAll('suffix', place, manner)),
    prefix: sayAll('prefix', place, manner).join(' '),
  };
}

/** Jr and III are of the name (XPN.4); anything else is a degree (XPN.6), and a third professional (XPN.14). */
function suffixes(texts: readonly string[]) {
  const isOfName = (text: string): boolean => /^(jr|sr|i{1,3}|iv|vi{0,3})\.?$/i.test(text);
  const [degree, ...others] = texts.filter((text) => !isOfName(text));
  return {
    first: texts.find(isOfName),
    degree,
    professional: others.length > 0 ? others.join(' ') : undefined,
  };
}

function useOf(
  place: Place,
  codes: Readonly<Record<string, string>>,
  manner: Manner,
): string | undefined {
  const [use] = at('use', place, manner);
  const code = codes[String(use?.value)];
  if (use !== undefined && code !== undefined) manner.said.add(use);
  return code;
}

/** Both ends, at components 13 and 14 of XAD and XTN, 12 and 13 of XPN. */
function periodOf(place: Place, manner: Manner): readonly ComponentValue[] {
  return ['period.start', 'period.end'].map((path) => dtmText(say(path, place, manner), manner));
}

function blanks(count: number): readonly undefined[] {
  return Array.from({ length: count }, () => undefined);
}
