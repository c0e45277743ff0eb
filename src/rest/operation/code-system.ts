import { isBelow } from '../../fhir/code-system.ts';
import type { CodeSystem, Concept } from '../../fhir/code-system.ts';
import { grammarSystem } from '../../fhir/grammar-system.ts';
import { fail } from '../../fhir/issue.ts';
import { splitCanonical } from '../../fhir/reference.ts';
import type { Coding, Resource } from '../../fhir/resource.ts';
import { canonicalOf, shown } from '../../fhir/value-set.ts';
import { displayIn } from '../../fhir/value-set-expansion.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { findConformance, parsed } from '../conformance.ts';
import { visible } from '../interaction/read.ts';
import { placeOf } from '../place.ts';
import { loadedCodeSystem } from '../supplement.ts';
import { inputOf, missing, notAtResource, onlyOne, shaped } from './input.ts';
import type { OperationInput } from './input.ts';
import { parametersAnswer, partsOf } from './output.ts';
import type { OutParameter } from './output.ts';
import { verdict } from './validate-code.ts';

/** `CodeSystem/$lookup`: http://hl7.org/fhir/R4/codesystem-operation-lookup.html. */
export async function lookup(context: RestContext, call: Call): Promise<Answer> {
  const input = inputOf(call);
  const { system, version, code } = codingOf(input, 'code', 'coding');
  const codeSystem = await loadedSystem(context, call, system ?? missing('system'), version);
  const concept = codeSystem.find(code ?? missing('code'));
  if (!concept) return fail('not-found', `The code system ${codeSystem.url} has no such code`);
  const language = input.text('displayLanguage');
  const asked = new Set(input.texts('property'));
  const shows = (name: string): boolean => asked.size === 0 || asked.has(name) || asked.has('*');
  return parametersAnswer([
    ['name', 'valueString', codeSystem.title ?? codeSystem.name ?? codeSystem.url],
    ['version', 'valueString', codeSystem.version],
    ['display', 'valueString', displayIn(concept, language) ?? concept.code],
    ...(shows('designation') ? designationsOf(concept) : []),
    ...propertiesOf(codeSystem, concept)
      .filter(([name]) => shows(name))
      .map(([name, key, value, description]): OutParameter => {
        const parts: OutParameter[] = [
          ['code', 'valueCode', name],
          ['value', key, value],
          ['description', 'valueString', description],
        ];
        return ['property', 'part', partsOf(parts)];
      }),
  ]);
}

function designationsOf({ designation }: Concept): readonly OutParameter[] {
  return designation.map(({ language, use, value }) => [
    'designation',
    'part',
    partsOf([
      ['language', 'valueCode', language],
      ['use', 'valueCoding', use],
      ['value', 'valueString', value],
    ]),
  ]);
}

/** Name, JSON name of the value, value, display. */
function propertiesOf(
  { concepts }: CodeSystem,
  { parents, children, property, inactive, definition }: Concept,
): readonly (readonly [string, string, unknown, (string | undefined)?])[] {
  const related = (name: string, codes: readonly string[]) =>
    codes.map((code) => [name, 'valueCode', code, concepts.get(code)?.display] as const);
  return [
    ...(definition === undefined ? [] : [['definition', 'valueString', definition] as const]),
    ['inactive', 'valueBoolean', inactive],
    ...related('parent', parents),
    ...related('child', children),
    ...property
      .filter(({ code }) => !['parent', 'child', 'inactive'].includes(code))
      .map(({ code, name, value }) => [code, name, value] as const),
  ];
}

/** `CodeSystem[/id]/$validate-code`: http://hl7.org/fhir/R4/codesystem-operation-validate-code.html. */
export async function validateSystemCode(context: RestContext, call: Call): Promise<Answer> {
  const input = inputOf(call);
  onlyOne(input, 'code', 'coding', 'codeableConcept');
  const codings = input.codings('codeableConcept') ?? [codingOf(input, 'code', 'coding', 'url')];
  onlyOne(input, 'url', 'codeSystem');
  const own = await ownSystem(context, call, input);
  const found: { coding: Coding; display: string | undefined }[] = [];
  let fault = 'The concept has no coding';
  for (const coding of codings) {
    const { code = missing('code'), version } = coding;
    if (own && coding.system !== undefined && coding.system !== own.url) {
      fault = `The coding is not of the code system ${own.url}`;
      continue;
    }
    const url = input.text('url') ?? coding.system;
    if (coding.system !== undefined && coding.system !== url) {
      fault = `The coding is not of the code system ${url ?? ''}`;
      continue;
    }
    const system = own ?? (await loadedSystem(context, call, url ?? missing('url'), version));
    const concept = system.find(code);
    if (concept) found.push({ coding, display: concept.display });
    else fault = `The code system ${system.url} has no such code`;
  }
  return verdict(found, fault);
}

/** `CodeSystem[/id]/$subsumes`: http://hl7.org/fhir/R4/codesystem-operation-subsumes.html. */
export async function subsumes(context: RestContext, call: Call): Promise<Answer> {
  const input = inputOf(call);
  const [a, b] = [codingOf(input, 'codeA', 'codingA'), codingOf(input, 'codeB', 'codingB')];
  const system = (await ownSystem(context, call, input)) ?? (await systemOf(context, call, a));
  const [codeA, codeB] = [a, b].map((coding) => {
    if (coding.system !== undefined && coding.system !== system.url) {
      fail('value', 'Both codes must be of the one code system');
    }
    const concept = system.find(coding.code ?? missing('codeA and codeB, or codingA and codingB'));
    return concept?.code ?? fail('not-found', `The code system ${system.url} has no such code`);
  }) as [string, string];
  return parametersAnswer([['outcome', 'valueCode', relation(system, codeA, codeB)]]);
}

function relation(system: CodeSystem, a: string, b: string): string {
  if (a === b) return 'equivalent';
  if (isBelow(system, b, a)) return 'subsumes';
  return isBelow(system, a, b) ? 'subsumed-by' : 'not-subsumed';
}

async function systemOf(context: RestContext, call: Call, coding: Coding): Promise<CodeSystem> {
  return loadedSystem(context, call, coding.system ?? missing('system'), coding.version);
}

/** The code of its own parameters, or of a Coding; the system of `system`, or as some operations have it, `url`. */
function codingOf(input: OperationInput, code: string, coding: string, system = 'system'): Coding {
  onlyOne(input, code, coding);
  const whole = input.coding(coding);
  if (whole) {
    const { system: own, version, code: value, display } = whole;
    for (const part of [own, version, value, display] as readonly unknown[]) {
      if (part !== undefined && typeof part !== 'string') fail('value', `${coding} is a Coding`);
    }
    agree(input, system === 'url' ? undefined : system, own);
    agree(input, 'version', version);
    return { ...whole, ...(own === undefined ? textIn(input, system, 'system') : {}) };
  }
  const parts = {
    system: input.text(system),
    version: input.text('version'),
    code: input.text(code),
    display: input.text('display'),
  };
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
}

/** Throws `value` where a parameter says something else than the Coding beside it. */
function agree(input: OperationInput, name: string | undefined, own: string | undefined): void {
  const text = name === undefined ? undefined : input.text(name);
  if (text === undefined || own === undefined || text === own) return;
  fail('value', `The parameter ${name ?? ''} contradicts the Coding`);
}

/** A parameter as a member of a Coding that has none. */
function textIn(input: OperationInput, name: string, member: string): Partial<Coding> {
  const text = input.text(name);
  return text === undefined ? {} : { [member]: text };
}

/** The code system of the address, or in the body; undefined where it is to be found by its URL. */
async function ownSystem(
  context: RestContext,
  call: Call,
  input: OperationInput,
): Promise<CodeSystem | undefined> {
  if (call.at.id !== undefined) {
    notAtResource(input, 'url', 'codeSystem');
    const { type, id } = placeOf(call);
    const resource = parsed(visible(call, await context.store.read(type, id)));
    return loaded(context, call, { resource, name: id });
  }
  const given = input.resource('codeSystem');
  if (given && given.resourceType !== 'CodeSystem') {
    fail('value', 'The parameter codeSystem is a CodeSystem');
  }
  return given && loaded(context, call, { resource: shaped(given), name: 'codeSystem' });
}

async function loadedSystem(
  context: RestContext,
  call: Call,
  url: string,
  version: string | undefined,
): Promise<CodeSystem> {
  const canonical = canonicalOf(url, version);
  const resource = await findConformance(context, call, 'CodeSystem', canonical);
  return loaded(context, call, { resource, name: canonical });
}

/** Throws `not-found` where the concepts are not here. */
async function loaded(
  context: RestContext,
  call: Call,
  { resource, name }: { readonly resource: Resource | undefined; readonly name: string },
): Promise<CodeSystem> {
  const system = resource && (await loadedCodeSystem(context, call, resource));
  if (system) return system;
  const byGrammar = grammarSystem(splitCanonical(name).url);
  if (byGrammar) return byGrammar;
  return fail('not-found', `The code system ${shown(name)} is not loaded`);
}
