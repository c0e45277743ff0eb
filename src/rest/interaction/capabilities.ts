import {
  compartmentNames,
  resourceTypes,
  searchParameters,
  type SearchParameterDefinition,
} from '../../fhir/definitions.ts';
import { stringify } from '../../fhir/json.ts';
import { notIndexed } from '../../fhir/search-extract.ts';
import type { Interaction } from '../../security/policy.ts';
import { fail } from '../../fhir/issue.ts';
import type { Answer, Call, RestContext, Route } from '../call.ts';
import { paramOf } from '../call.ts';
import { webSocketUrl } from '../subscription/operations.ts';
import { statement, statementKnown } from './statement.ts';
import { terminologyCapabilities } from './terminology-capabilities.ts';

/**
 * `GET /metadata`: http://hl7.org/fhir/R4/http.html#capabilities, made from the route table and the search
 * parameters themselves. `mode` is full, normative (the same: a server may say more) or terminology. Throws `value`.
 */
export async function capabilities(context: RestContext, call: Call): Promise<Answer> {
  const mode = paramOf(call.params, 'mode') ?? 'full';
  const make = mode === 'terminology' ? terminologyCapabilities : capabilityStatement;
  if (!['full', 'normative', 'terminology'].includes(mode)) {
    fail('value', 'mode is full, normative or terminology');
  }
  const made = statement(context, make.name, () => stringify(make(context)));
  return statementKnown(call, made) ?? { status: 200, body: made.body, etag: made.etag };
}

function capabilityStatement({ routes, baseUrl, cors, clock, conformance }: RestContext): object {
  const referrers = referrersByTarget();
  return {
    resourceType: 'CapabilityStatement',
    name: 'Weir',
    title: 'Weir FHIR R4 interface',
    status: 'active',
    date: clock().toISOString(),
    kind: 'instance',
    software: { name: 'Weir' },
    implementation: { description: 'Weir FHIR R4 interface', url: baseUrl },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json', 'application/fhir+xml', 'xml'],
    patchFormat: ['application/json-patch+json', 'application/fhir+json', 'application/fhir+xml'],
    rest: [
      {
        extension: [{ url: webSocketExtension, valueUri: webSocketUrl(baseUrl) }],
        mode: 'server',
        security: {
          cors,
          description: 'A bearer token on every request; what it may do depends on its role',
        },
        resource: resourceTypes().map((type) => ({
          ...resourceOf(type, routes),
          ...profilesOf(type, conformance),
          searchRevInclude: ['*', ...(referrers.get(type) ?? [])],
        })),
        interaction: codes(routes, systemInteractions),
        searchParam: commonParameters,
        operation: operationsOf(undefined, routes),
        compartment: compartmentNames().map(
          (name) => `http://hl7.org/fhir/CompartmentDefinition/${lowerFirst(name)}`,
        ),
      },
    ],
  };
}

function resourceOf(type: string, routes: readonly Route[]): object {
  const parameters = searchable(type);
  const references = parameters.filter(({ type: kind }) => kind === 'reference');
  return {
    type,
    profile: `http://hl7.org/fhir/StructureDefinition/${type}`,
    interaction: codes(routes, typeInteractions),
    versioning: 'versioned-update',
    readHistory: true,
    updateCreate: true,
    conditionalCreate: true,
    conditionalRead: 'full-support',
    conditionalUpdate: true,
    conditionalDelete: 'single',
    referencePolicy: ['literal', 'logical', 'local'],
    ...(references.length === 0
      ? {}
      : { searchInclude: ['*', ...references.map(({ code }) => `${type}:${code}`)] }),
    searchParam: parameters.map(({ code, id, url, type: kind, expression }) => ({
      name: code,
      definition: url ?? `http://hl7.org/fhir/SearchParameter/${id}`,
      type: kind,
      documentation: expression === undefined ? 'Of the server itself' : `Looks at ${expression}`,
    })),
    operation: operationsOf(type, routes),
  };
}

/** `RelatedPerson` as `relatedPerson`. */
function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** The profiles of the site; what clients store comes and goes. */
function profilesOf(type: string, conformance: RestContext['conformance']): object {
  const urls = conformance
    .filter((each) => each.resourceType === 'StructureDefinition' && each['type'] === type)
    .map(({ url }) => url);
  return urls.length === 0 ? {} : { supportedProfile: [...new Set(urls)].sort() };
}

/** The search parameters that are offered on a type. */
export function searchable(type: string): readonly SearchParameterDefinition[] {
  return [...searchParameters(type).values()].filter(isOffered);
}

function isOffered(parameter: SearchParameterDefinition): boolean {
  const { code } = parameter;
  return code === '_id' || code === '_lastUpdated' || notIndexed(parameter) === undefined;
}

/**
 * `Type:parameter` of every reference that may lead to the type; `*` stands for those that may lead to any. By type, worked
 * out once per statement.
 */
function referrersByTarget(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>(resourceTypes().map((type) => [type, []]));
  for (const type of found.keys()) {
    for (const { code, type: kind, target = [] } of searchParameters(type).values()) {
      if (kind !== 'reference' || target.length > found.size / 2) continue;
      for (const name of target) found.get(name)?.push(`${type}:${code}`);
    }
  }
  return found;
}

const typeInteractions: readonly Interaction[] = [
  'read',
  'vread',
  'update',
  'patch',
  'delete',
  'history-instance',
  'history-type',
  'create',
  'search-type',
];
const systemInteractions: readonly Interaction[] = ['history-system', 'search-system', 'batch'];

/** The interactions that some route offers; one route takes both kinds of Bundles. */
function codes(routes: readonly Route[], wanted: readonly Interaction[]): readonly object[] {
  const offered = wanted.filter((code) => routes.some(({ interaction }) => interaction === code));
  const all: readonly string[] = offered.flatMap((code) =>
    code === 'batch' ? ['transaction', 'batch'] : [code],
  );
  return all.map((code) => ({ code }));
}

/** The operations of a type; without one those of the whole system. */
function operationsOf(type: string | undefined, routes: readonly Route[]): readonly object[] {
  const names = routes.flatMap(({ url }) => {
    const [first = '', name] = [url.split('/')[1], /\$([a-z-]+)$/.exec(url)?.[1]];
    const fits = type === undefined ? first.startsWith('$') : [':type', type].includes(first);
    return name !== undefined && fits ? [name] : [];
  });
  return [...new Set(names)].map((name) => ({ name, definition: definitionOf(type, name) }));
}

/** Those of R4, by the type that R4 has them under. */
const ownOperations: Readonly<Record<string, readonly string[]>> = {
  Resource: ['validate', 'meta', 'meta-add', 'meta-delete', 'graphql'],
  Patient: ['everything'],
  Encounter: ['everything'],
  Observation: ['lastn'],
  CodeSystem: ['lookup', 'validate-code', 'subsumes'],
  ValueSet: ['expand', 'validate-code'],
  ConceptMap: ['translate'],
};

const bulk = 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition';
const backport = 'http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition';
const webSocketExtension = 'http://hl7.org/fhir/StructureDefinition/capabilitystatement-websocket';

/** Those of other guides, by type and name; all others are ours. */
const guideOperations: Readonly<Record<string, string>> = {
  '/export': `${bulk}/export`,
  'Patient/export': `${bulk}/patient-export`,
  'Group/export': `${bulk}/group-export`,
  'Subscription/status': `${backport}/backport-subscription-status`,
  'Subscription/events': `${backport}/backport-subscription-events`,
  'Subscription/get-ws-binding-token': `${backport}/backport-subscription-get-ws-binding-token`,
};

function definitionOf(type: string | undefined, name: string): string {
  const owner = [type, 'Resource'].find((each) => ownOperations[each ?? '']?.includes(name));
  if (owner !== undefined) return `http://hl7.org/fhir/OperationDefinition/${owner}-${name}`;
  const known = guideOperations[`${type ?? ''}/${name}`];
  return known ?? `https://weir.dev/fhir/OperationDefinition/${name}`;
}

/** What every type is searched by, and the whole system too. */
const commonParameters = [
  ['_id', 'token'],
  ['_lastUpdated', 'date'],
  ['_tag', 'token'],
  ['_profile', 'uri'],
  ['_security', 'token'],
  ['_source', 'uri'],
  ['_text', 'string', 'Words of the narrative; all must be there, * after one stands for its rest'],
  ['_content', 'string', 'Words of any text; not where data lies in MongoDB'],
  ['_list', 'special', 'Ids of Lists: their entries that are not marked as deleted'],
  ['_filter', 'special', 'Operators ss and sb are not offered'],
  ['_contained', 'special', 'true, both or false; without chains, _content and _sort'],
  ['_containedType', 'special', 'container or contained'],
  ['_type', 'special', 'Of a search of the system or of a whole compartment'],
].map(([name, type, documentation]) => {
  return { name, type, ...(documentation === undefined ? {} : { documentation }) };
});
