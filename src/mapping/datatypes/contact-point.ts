import type { Json } from '../../fhir/resource.ts';
import type { Element } from '../../hl7v2/message.ts';
import { compact, partText, textExtension, typed, type Convert } from './convert.ts';
import { periodOf } from './time.ts';

/** HL7 tables 0202 (equipment) and 0201 (use), as the V2-to-FHIR guide has them. */
const equipmentSystem: ReadonlyMap<string, string> = new Map(
  Object.entries({
    PH: 'phone',
    CP: 'phone',
    FX: 'fax',
    BP: 'pager',
    MD: 'other',
    SAT: 'other',
    TDD: 'other',
    TTY: 'other',
    INTERNET: 'email',
    'X.400': 'email',
  }),
);
const contactUse: ReadonlyMap<string, string> = new Map(
  Object.entries({
    PRN: 'home',
    ORN: 'home',
    VHN: 'home',
    WPN: 'work',
    PRS: 'mobile',
  }),
);

/** XTN (and TN): a telephone in parts, in one text, or an email address. */
export const toContactPoint: Convert = (element, conversion) => {
  const use = partText(element, 2);
  const equipment = partText(element, 3).toUpperCase();
  const email = isEmail(element, { use, equipment });
  const value = email ? partText(element, 4) || partText(element, 1) : phoneNumber(element);
  if (value === '') return undefined;
  const system = email ? 'email' : (equipmentSystem.get(equipment) ?? 'phone');
  const extension = email ? [] : phoneParts(element);
  return typed(
    'ContactPoint',
    compact({
      extension: extension.length > 0 ? extension : undefined,
      system,
      value,
      use: equipment === 'CP' ? 'mobile' : contactUse.get(use),
      rank: rank(partText(element, 18)),
      period: periodOf(element, [13, 14], conversion),
    }),
  );
};

function isEmail(
  element: Element,
  { use, equipment }: { use: string; equipment: string },
): boolean {
  if (equipmentSystem.get(equipment) === 'email' || use === 'NET') return true;
  if (equipment !== '') return false;
  const number = partText(element, 1) + partText(element, 7) + partText(element, 12);
  return number === '' ? partText(element, 4) !== '' : partText(element, 1).includes('@');
}

/** The parts where a local number is given, else the unformatted number, else the old text of XTN.1. */
function phoneNumber(element: Element): string {
  const said = partText(element, 5);
  const country = said.startsWith('+') ? said.slice(1) : said;
  const area = partText(element, 6);
  const local = partText(element, 7);
  const extension = partText(element, 8);
  if (local === '') {
    return partText(element, 12) || partText(element, 1) || partText(element, 9);
  }
  const before = (country === '' ? '' : `+${country} `) + (area === '' ? '' : `${area} `);
  const number = before + local;
  return extension === '' ? number : `${number} X${extension}`;
}

const extensionUrl = 'http://hl7.org/fhir/StructureDefinition/contactpoint-';
const phonePartUrls = [
  [5, `${extensionUrl}country`],
  [6, `${extensionUrl}area`],
  [7, `${extensionUrl}local`],
  [8, `${extensionUrl}extension`],
] as const;

function phoneParts(element: Element): Json[] {
  const found: Json[] = [];
  for (const [part, url] of phonePartUrls) {
    found.push(...textExtension(url, 'valueString', partText(element, part)));
  }
  return found;
}

function rank(text: string): number | undefined {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}
