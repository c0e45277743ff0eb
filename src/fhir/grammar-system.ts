/** Code systems whose codes follow a grammar: they can be told, and not listed. http://hl7.org/fhir/R4/terminologies-systems.html */
import type { CodeSystem, Concept } from './code-system.ts';
import { limits } from '../limits.ts';
import { canonicalUnit, ucumSystem } from './ucum.ts';

const known: Readonly<Record<string, readonly [name: string, isCode: (code: string) => boolean]>> =
  {
    [ucumSystem]: ['UCUM', (code) => canonicalUnit(code) !== undefined],
    'urn:ietf:bcp:47': ['Tags for identifying languages', isLanguage],
    'urn:ietf:bcp:13': ['Media types', isMediaType],
    'urn:iso:std:iso:4217': ['Currencies', (code) => currencies().has(code)],
  };

/** The code system of a URL without version; undefined where it is not one of these. */
export function grammarSystem(url: string): CodeSystem | undefined {
  const found = Object.hasOwn(known, url) ? known[url] : undefined;
  if (!found) return undefined;
  const [name, isCode] = found;
  return {
    url,
    name,
    content: 'grammar',
    caseSensitive: url === ucumSystem,
    properties: new Set(),
    concepts: new Map(),
    find: (code) =>
      code.length <= limits.ucumCodeCharsMax && isCode(code) ? conceptOf(code) : undefined,
  };
}

function conceptOf(code: string): Concept {
  const parts = { designation: [], property: [], parents: [], children: [] };
  return { code, display: code, inactive: false, abstract: false, ...parts };
}

function isLanguage(code: string): boolean {
  if (!/^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/.test(code)) return false;
  try {
    return Intl.getCanonicalLocales(code).length === 1;
  } catch {
    return false;
  }
}

/** RFC 6838 and its parameters. */
function isMediaType(code: string): boolean {
  return /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}(?:\s*;\s*[\w-]+=[^\s;]+)*$/.test(
    code,
  );
}

let currencyCodes: ReadonlySet<string> | undefined;

function currencies(): ReadonlySet<string> {
  currencyCodes ??= new Set(Intl.supportedValuesOf('currency'));
  return currencyCodes;
}
