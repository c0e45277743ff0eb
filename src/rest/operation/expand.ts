import { stringify } from '../../fhir/json.ts';
import type { Resource } from '../../fhir/resource.ts';
import { canonicalOf, shown } from '../../fhir/value-set.ts';
import { expandValueSet } from '../../fhir/value-set-expansion.ts';
import type { ExpansionOptions } from '../../fhir/value-set-expansion.ts';
import { fail } from '../../fhir/issue.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { findConformance, parsed } from '../conformance.ts';
import { visible } from '../interaction/read.ts';
import { placeOf } from '../place.ts';
import { loadTerminology } from '../terminology.ts';
import { inputOf, missing, notAtResource, onlyOne, shaped } from './input.ts';
import type { OperationInput } from './input.ts';

/** `ValueSet[/id]/$expand`: http://hl7.org/fhir/R4/valueset-operation-expand.html. */
export async function expand(context: RestContext, call: Call): Promise<Answer> {
  const input = inputOf(call);
  const valueSet = await valueSetOf(context, call, input);
  const terminology = await loadTerminology(context, call, { given: [valueSet] });
  const stamp = {
    identifier: `urn:uuid:${context.newId()}`,
    timestamp: context.clock().toISOString(),
  };
  const expanded = expandValueSet(valueSet, terminology, optionsOf(input), stamp);
  return { status: 200, body: stringify(expanded) };
}

/**
 * The value set that an operation is about: the one of the address, one in the body, or that of `url`. Throws
 * `parameter-missing` and `not-found`.
 */
export async function valueSetOf(
  context: RestContext,
  call: Call,
  input: OperationInput,
): Promise<Resource> {
  if (call.at.id !== undefined) {
    notAtResource(input, 'url', 'valueSet');
    const { type, id } = placeOf(call);
    return parsed(visible(call, await context.store.read(type, id)));
  }
  onlyOne(input, 'url', 'valueSet');
  const given = input.body?.resourceType === 'ValueSet' ? input.body : input.resource('valueSet');
  if (given) {
    if (input.has('url')) fail('value', 'The body is the value set; url cannot be given beside it');
    if (given.resourceType !== 'ValueSet') fail('value', 'The parameter valueSet is a ValueSet');
    return shaped(given);
  }
  const url = input.text('url') ?? missing('url or valueSet');
  const canonical = canonicalOf(url, input.text('valueSetVersion'));
  const found = await findConformance(context, call, 'ValueSet', canonical);
  return found ?? fail('not-found', `The value set ${shown(canonical)} is not known`);
}

function optionsOf(input: OperationInput): ExpansionOptions {
  const options = {
    filter: input.text('filter'),
    offset: input.whole('offset'),
    count: input.whole('count'),
    includeDesignations: input.flag('includeDesignations'),
    includeDefinition: input.flag('includeDefinition'),
    activeOnly: input.flag('activeOnly'),
    displayLanguage: input.text('displayLanguage'),
    excludeNested: input.flag('excludeNested'),
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
