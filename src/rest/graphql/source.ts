import { GraphQLError } from 'graphql';
import { searchParameters } from '../../fhir/definitions.ts';
import { fail } from '../../fhir/issue.ts';
import { localReference, parseReference } from '../../fhir/reference.ts';
import type { Json, JsonObject } from '../../fhir/resource.ts';
import { limits } from '../../limits.ts';
import { isObject, jsonOf } from '../body.ts';
import type { Answer, Call, Params, RestContext } from '../call.ts';

/** What a search found; `next` is the `_cursor` of the page after. */
export interface Found {
  readonly entries: readonly FoundEntry[];
  readonly total: Json;
  readonly next: string | null;
}

export interface FoundEntry {
  readonly resource: JsonObject;
  readonly mode: Json;
}

/**
 * What a query reads. Each read and search is a call of its own, with its authorization, confinement and audit event:
 * a query shows what these would. One query makes limits.graphqlCallsMax of them.
 */
export class Source {
  readonly #context: RestContext;
  readonly #call: Call;
  readonly #known = new Map<string, Promise<JsonObject>>();
  #calls = 0;
  #resources = 0;
  #fields = 0;

  constructor(context: RestContext, call: Call) {
    this.#context = context;
    this.#call = call;
  }

  /** Counts what is looked at. Throws past limits.graphqlFieldsMax. */
  countField(): void {
    if (++this.#fields > limits.graphqlFieldsMax) throw tooCostly('graphqlFieldsMax');
  }

  /** The resource at `Type/id` or `Type/id/_history/version`; asked for once. */
  async read(path: string): Promise<JsonObject> {
    let known = this.#known.get(path);
    if (known === undefined) {
      known = this.#perform(path, []).then(({ body = 'null' }) => resourceIn(jsonOf(body)));
      this.#known.set(path, known);
    }
    return known;
  }

  /**
   * What a Reference leads to; `owner` is the resource that it stands in. Undefined where it is no reference to
   * follow. Throws what the read does, and `not-supported` for what lies on another server.
   */
  async follow(
    reference: JsonObject,
    owner: JsonObject | undefined,
  ): Promise<JsonObject | undefined> {
    const { reference: text } = reference;
    if (typeof text !== 'string') return undefined;
    const parsed = parseReference(text);
    const local = parsed === undefined ? undefined : localReference(parsed, this.#context.baseUrl);
    if (local?.kind === 'contained') return containedIn(owner, local.id);
    if (local?.kind !== 'relative') fail('not-supported', 'The reference leads to another server');
    const { type, id, version } = local;
    return this.read(`${type}/${id}${version === undefined ? '' : `/_history/${version}`}`);
  }

  /** A search by the arguments of a field; `within` is the resource that `_reference` refers to. */
  async search(
    type: string,
    given: ReadonlyMap<string, unknown>,
    within: JsonObject | undefined,
    counted: boolean,
  ): Promise<Found> {
    const params = [...given].flatMap(([name, value]) => searchParam(type, name, value, within));
    const total = counted || given.has('_total') || given.has('_cursor');
    const { body = 'null' } = await this.#perform(
      type,
      total ? params : [...params, ['_total', 'none']],
    );
    const bundle = resourceIn(jsonOf(body));
    const entries = entriesOf(bundle);
    this.#resources += entries.length;
    if (this.#resources > limits.graphqlResourcesMax) throw tooCostly('graphqlResourcesMax');
    return { entries, total: bundle['total'] ?? null, next: nextOf(bundle) };
  }

  async #perform(path: string, params: Params): Promise<Answer> {
    if (++this.#calls > limits.graphqlCallsMax) throw tooCostly('graphqlCallsMax');
    const { principal, requestId } = this.#call;
    const headers = { prefer: 'handling=strict' };
    return this.#context.perform({ principal, requestId, method: 'GET', path, params, headers });
  }
}

function tooCostly(limit: keyof typeof limits): GraphQLError {
  return new GraphQLError(`The query asks for more than ${String(limits[limit])} (${limit})`);
}

function resourceIn(json: Json): JsonObject {
  return isObject(json) ? json : fail('exception', 'A call answered without a resource');
}

function containedIn(owner: JsonObject | undefined, id: string): JsonObject | undefined {
  if (id === '') return owner;
  const contained = owner?.['contained'];
  if (!Array.isArray(contained)) return undefined;
  return (contained as readonly Json[]).filter(isObject).find((one) => one['id'] === id);
}

/**
 * An argument as a search parameter: `birth_date` is `birth-date` where there is no such parameter otherwise; the
 * values of a list are alternatives.
 */
function searchParam(
  type: string,
  name: string,
  value: unknown,
  within: JsonObject | undefined,
): Params {
  if (name === '_cursor') return [['_page', textOf(value)]];
  if (name === '_reference') {
    const { resourceType, id } = within ?? fail('value', '_reference stands within a resource');
    return [[codeOf(type, textOf(value)), `${textOf(resourceType)}/${textOf(id)}`]];
  }
  const values = Array.isArray(value) ? value : [value];
  return [[codeOf(type, name), values.map(textOf).join(',')]];
}

function codeOf(type: string, name: string): string {
  if (name.startsWith('_') || searchParameters(type).has(name)) return name;
  return name.replaceAll('_', '-');
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return fail('value', 'An argument of a search is a text, a number, true or false, or a list');
}

function entriesOf({ entry = [] }: JsonObject): readonly FoundEntry[] {
  const entries = (entry as readonly Json[]).filter(isObject);
  return entries.flatMap(({ resource, search }) => {
    const mode = isObject(search) ? (search['mode'] ?? null) : null;
    return isObject(resource) ? [{ resource, mode }] : [];
  });
}

function nextOf({ link = [] }: JsonObject): string | null {
  const links = (link as readonly Json[]).filter(isObject);
  const url = links.find(({ relation }) => relation === 'next')?.['url'];
  return typeof url === 'string' ? new URL(url).searchParams.get('_page') : null;
}
