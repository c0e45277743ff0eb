import { codeSystemOf, reach } from '../fhir/code-system.ts';
import { fail, OutcomeError } from '../fhir/issue.ts';
import { splitCanonical } from '../fhir/reference.ts';
import type { CodesByModifier } from '../fhir/search-leaf.ts';
import { splitValues, unescape } from '../fhir/search-escape.ts';
import { limits } from '../limits.ts';
import { ValueSetReader } from '../fhir/value-set.ts';
import type { Caller, Params, RestContext } from './call.ts';
import { findConformance } from './conformance.ts';
import { loadTerminology } from './terminology.ts';

type Codes = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * The codes that `:in`, `:not-in`, `:above` and `:below` of some search stand for, worked out before it is parsed. Throws
 * `not-supported` where a value set cannot be expanded because a code system is not loaded.
 */
export async function searchCodes(
  context: RestContext,
  call: Caller,
  params: Params,
): Promise<CodesByModifier | undefined> {
  const wanted = params.filter(([name]) => /:(?:in|not-in|above|below)$/.test(name));
  if (wanted.length === 0) return undefined;
  const known = new Map<string, Codes | undefined>();
  for (const [name, value] of wanted) {
    const modifier = name.slice(name.lastIndexOf(':') + 1).replace('not-', '');
    for (const part of splitValues(value, ',').slice(0, limits.searchValuesMax)) {
      const key = `${modifier} ${part}`;
      if (known.has(key)) continue;
      const codes = modifier === 'in' ? codesIn : relatedCodes;
      known.set(key, await codes(context, call, part, modifier));
    }
  }
  return (modifier, value) => known.get(`${modifier} ${value}`);
}

async function codesIn(
  context: RestContext,
  call: Caller,
  text: string,
): Promise<Codes | undefined> {
  const valueSet = await findConformance(context, call, 'ValueSet', unescape(text));
  if (!valueSet) return undefined;
  const terminology = await loadTerminology(context, call, { given: [valueSet] });
  const codes = new Map<string, Set<string>>();
  try {
    for (const { system, code } of new ValueSetReader(terminology).members(valueSet)) {
      const own = codes.get(system) ?? new Set();
      codes.set(system, own.add(code));
    }
  } catch (error) {
    if (!(error instanceof OutcomeError)) throw error;
    fail('not-supported', error.issues[0].diagnostics, { cause: error });
  }
  return codes;
}

/** A code with those above or below it. */
async function relatedCodes(
  context: RestContext,
  call: Caller,
  text: string,
  modifier: string,
): Promise<Codes | undefined> {
  const [url = '', code = ''] = splitValues(text, '|').map(unescape);
  const resource = await findConformance(context, call, 'CodeSystem', url);
  const system = resource && codeSystemOf(resource);
  const concept = system?.find(code);
  if (!system || !concept) return undefined;
  const way = modifier === 'above' ? 'parents' : 'children';
  const related = reach(system, concept.code, way);
  return new Map([[splitCanonical(system.url).url, new Set([concept.code, ...related])]]);
}
