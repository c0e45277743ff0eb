import { compartmentParameters, compartmentTypes } from '../../fhir/definitions.ts';
import { fail } from '../../fhir/issue.ts';
import type { SearchNode } from '../../fhir/search-ast.ts';
import { allowed } from '../../security/policy.ts';
import { anyMember, authorize } from '../authorize.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { placeOf } from '../place.ts';
import { visible } from './read.ts';
import { openPage, runSearch, searchParams, typesListed } from './search.ts';

/**
 * `GET Patient/1/Observation?...`, `GET Patient/1/*?...` and their POST forms: a search within a compartment
 * (http://hl7.org/fhir/R4/compartmentdefinition.html). `*` is all types that it takes in and that the caller may
 * search; `_type` names some of them.
 */
export async function searchCompartment(context: RestContext, call: Call): Promise<Answer> {
  const { type, id } = placeOf(call);
  const known = compartmentTypes(type);
  if (known === undefined) fail('unknown-route', `FHIR R4 has no ${type} compartment`);
  const { member = anyMember } = call.at;
  if (member !== anyMember && !known.includes(member)) {
    fail('unknown-route', `No ${member} is in a ${type} compartment`);
  }
  visible(call, await context.store.read(type, id));
  const path = `${type}/${id}/${member}`;
  const types = member === anyMember ? membersOf(context, call, { known, path }) : [member];
  const [first, ...more] = types;
  if (first === undefined)
    fail('forbidden', `The role ${call.principal.role} may search no member`);
  const within = compartmentNode({ type, id }, types);
  return runSearch(context, call, { types: [first, ...more], path, within });
}

interface Members {
  readonly known: readonly string[];
  readonly path: string;
}

/** The types that are asked for, or all that may be searched. */
function membersOf(context: RestContext, call: Call, { known, path }: Members): readonly string[] {
  const page = openPage(context, call, path);
  const listed = typesListed(page?.params ?? searchParams(call));
  for (const type of listed) {
    if (!known.includes(type)) fail('search-value', `No ${type} is in such a compartment`);
    authorize(call.principal, 'search-type', { type });
  }
  if (listed.length > 0) return listed;
  return known.filter((type) => allowed(call.principal, 'search-type', type));
}

/** What of the types lies in the compartment. Types of which the same is asked are asked together. */
function compartmentNode(
  { type, id }: { readonly type: string; readonly id: string },
  types: readonly string[],
): SearchNode {
  const [only = '', ...others] = types;
  if (others.length === 0 && only !== type) {
    return inCompartment({ type, id }, compartmentParameters(type, only));
  }
  const byParams = Map.groupBy(types, (member) => compartmentParameters(type, member).join(' '));
  const nodes = [...byParams].map(([params, members]): SearchNode => {
    const inIt = inCompartment({ type, id }, params.split(' '));
    return { op: 'and', nodes: [{ op: 'type', types: members }, inIt] };
  });
  // A Patient lies in its own compartment, which goes without saying.
  const own: SearchNode = {
    op: 'and',
    nodes: [
      { op: 'type', types: [type] },
      { op: 'id', ids: [id] },
    ],
  };
  return { op: 'or', nodes: types.includes(type) ? [...nodes, own] : nodes };
}

function inCompartment(
  { type, id }: { readonly type: string; readonly id: string },
  params: readonly string[],
): SearchNode {
  const nodes = params.map((param): SearchNode => {
    return param === itself ? { op: 'id', ids: [id] } : { op: 'reference', param, type, id };
  });
  return { op: 'or', nodes };
}

/** In a CompartmentDefinition: the resource whose compartment it is. */
const itself = '{def}';
