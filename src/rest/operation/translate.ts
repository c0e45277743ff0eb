import { builtInDefinitions } from '../../fhir/built-in-definitions.ts';
import { isTranslated, otherMaps, translate as translated } from '../../fhir/concept-map.ts';
import { fail } from '../../fhir/issue.ts';
import type { Coding, Resource } from '../../fhir/resource.ts';
import { canonicalOf, shown } from '../../fhir/value-set.ts';
import { limits } from '../../limits.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { findConformance, parsed, storedBy } from '../conformance.ts';
import { visible } from '../interaction/read.ts';
import { placeOf } from '../place.ts';
import { inputOf, missing, notAtResource, onlyOne, shaped } from './input.ts';
import type { OperationInput } from './input.ts';
import { parametersAnswer, partsOf } from './output.ts';
import type { OutParameter } from './output.ts';

/** `ConceptMap[/id]/$translate`: http://hl7.org/fhir/R4/conceptmap-operation-translate.html. */
export async function translate(context: RestContext, call: Call): Promise<Answer> {
  const input = inputOf(call);
  const codings = codingsOf(input);
  const reverse = input.flag('reverse') ?? false;
  onlyOne(input, 'targetsystem', 'targetSystem');
  const targetSystem = input.text('targetsystem') ?? input.text('targetSystem');
  const maps = await mapsOf(context, call, input);
  const others = await otherMapsOf(context, call, maps);
  const matches = codings.flatMap((coding) =>
    translated(
      maps,
      { coding, reverse, ...(targetSystem === undefined ? {} : { targetSystem }) },
      (url) => others.get(url),
    ),
  );
  const result = isTranslated(matches);
  return parametersAnswer([
    ['result', 'valueBoolean', result],
    ['message', 'valueString', result ? undefined : 'No map has a match for the code'],
    ...matches.map(({ equivalence, concept, product, source }): OutParameter => {
      const parts: OutParameter[] = [
        ['equivalence', 'valueCode', equivalence],
        ['concept', 'valueCoding', Object.keys(concept).length === 0 ? undefined : concept],
        ...product.map(({ property, system, value, display }): OutParameter => {
          const inner: OutParameter[] = [
            ['element', 'valueUri', property],
            ['concept', 'valueCoding', { system, code: value, display }],
          ];
          return ['product', 'part', partsOf(inner)];
        }),
        ['source', 'valueUri', source === '' ? undefined : source],
      ];
      return ['match', 'part', partsOf(parts)];
    }),
  ]);
}

function codingsOf(input: OperationInput): readonly Coding[] {
  onlyOne(input, 'code', 'coding', 'codeableConcept');
  const coding = input.coding('coding');
  const codings = input.codings('codeableConcept') ?? (coding ? [coding] : undefined);
  if (codings) return codings;
  const code = input.text('code') ?? missing('code, coding or codeableConcept');
  const system = input.text('system') ?? missing('system beside code');
  return [{ system, code }];
}

/**
 * The map of the address, in the body, or of `url`; without any of these all whose source and target are the value
 * sets that `source` and `target` name, or all of the coding's system.
 */
async function mapsOf(
  context: RestContext,
  call: Call,
  input: OperationInput,
): Promise<readonly Resource[]> {
  if (call.at.id !== undefined) {
    notAtResource(input, 'url', 'conceptMap');
    const { type, id } = placeOf(call);
    return [parsed(visible(call, await context.store.read(type, id)))];
  }
  onlyOne(input, 'url', 'conceptMap');
  const given = input.resource('conceptMap');
  if (given) {
    if (given.resourceType === 'ConceptMap') return [shaped(given)];
    fail('value', 'The parameter conceptMap is a ConceptMap');
  }
  const url = input.text('url');
  if (url === undefined) return suitableMaps(context, input);
  const canonical = canonicalOf(url, input.text('conceptMapVersion'));
  const found = await findConformance(context, call, 'ConceptMap', canonical);
  return [found ?? fail('not-found', `The concept map ${shown(canonical)} is not known`)];
}

async function suitableMaps(
  context: RestContext,
  input: OperationInput,
): Promise<readonly Resource[]> {
  const builtIn = await builtInDefinitions();
  const all = [
    ...(await storedBy(context, 'ConceptMap', [])),
    ...context.conformance.filter(({ resourceType }) => resourceType === 'ConceptMap'),
    ...builtIn.urls('ConceptMap').map((url) => builtIn.find('ConceptMap', url)),
  ].filter((map) => map !== undefined);
  const [source, target] = [input.text('source'), input.text('target')];
  const names = (map: Resource, kind: 'source' | 'target', wanted: string | undefined): boolean =>
    wanted === undefined || [map[`${kind}Uri`], map[`${kind}Canonical`]].includes(wanted);
  const chosen = all.filter((map) => names(map, 'source', source) && names(map, 'target', target));
  if (chosen.length > 0) return chosen;
  return fail('not-found', 'There is no concept map from source to target; name one by url');
}

/** The maps that others lead on to, however far; bounded. */
async function otherMapsOf(
  context: RestContext,
  call: Call,
  maps: readonly Resource[],
): Promise<ReadonlyMap<string, Resource | undefined>> {
  const found = new Map<string, Resource | undefined>();
  const open = maps.flatMap(otherMaps);
  for (let url = open.pop(); url !== undefined; url = open.pop()) {
    if (found.has(url) || found.size >= limits.conceptMapsMax) continue;
    const other = await findConformance(context, call, 'ConceptMap', url);
    found.set(url, other);
    if (other) open.push(...otherMaps(other));
  }
  return found;
}
