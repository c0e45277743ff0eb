import { listOf } from '../../fhir/code-system.ts';
import { fail } from '../../fhir/issue.ts';
import { stringify } from '../../fhir/json.ts';
import { resourceTypes } from '../../fhir/definitions.ts';
import type { Coding, Meta, Resource } from '../../fhir/resource.ts';
import { matchAll } from '../../fhir/search-ast.ts';
import { limits } from '../../limits.ts';
import type { StoredVersion } from '../../store/store.ts';
import { amend } from '../amend.ts';
import { jsonBody, isObject, jsonOf, requireValid, resourceOf } from '../body.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { confined } from '../criteria.ts';
import { visible } from '../interaction/read.ts';
import { missing } from './input.ts';
import { typesAtHand } from './person.ts';

/**
 * `[Type[/id]]/$meta` (http://hl7.org/fhir/R4/resource-operation-meta.html): the profiles, tags and security labels of a
 * resource, or of all that the caller may see. Throws `limit` past limits.metaResourcesMax resources.
 */
export async function meta(context: RestContext, call: Call): Promise<Answer> {
  const { type, id } = call.at;
  if (id !== undefined) {
    const version = visible(call, await context.store.read(type ?? '', id));
    return metaAnswer(metaOf(version), [version]);
  }
  const all = new MetaSum();
  let count = 0;
  for (const each of await typesAtHand(
    context,
    call,
    type === undefined ? resourceTypes() : [type],
  )) {
    let cursor: string | undefined;
    do {
      const page = await context.store.search({
        types: [each],
        where: confined(call.principal, each, matchAll),
        sort: [],
        count: limits.searchPageMax,
        total: 'none',
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const version of page.matches)
        if (hasLabels.test(version.body)) all.add(metaOf(version));
      count += page.matches.length;
      cursor = page.next;
      if (count >= limits.metaResourcesMax && cursor !== undefined) {
        fail('limit', `More than ${limits.metaResourcesMax} resources (metaResourcesMax)`);
      }
    } while (cursor !== undefined);
  }
  return metaAnswer(all.meta(), []);
}

/** Most resources have none of these, and need not be read. */
const hasLabels = /"(?:profile|tag|security)":/;

/** `Type/id/$meta-add`: http://hl7.org/fhir/R4/resource-operation-meta-add.html; it makes a version. */
export async function metaAdd(context: RestContext, call: Call): Promise<Answer> {
  return changeMeta(context, call, (current, given) => {
    const sum = new MetaSum();
    sum.add(current);
    sum.add(given);
    return sum.meta();
  });
}

/** `Type/id/$meta-delete`: http://hl7.org/fhir/R4/resource-operation-meta-delete.html; it makes a version. */
export async function metaDelete(context: RestContext, call: Call): Promise<Answer> {
  return changeMeta(context, call, (current, given) => {
    const [labels, profiles] = [keysOf(given), new Set(given.profile ?? [])];
    const rest = (kind: 'tag' | 'security') =>
      (current[kind] ?? []).filter((coding) => !labels.has(keyOf(kind, coding)));
    return {
      profile: (current.profile ?? []).filter((url) => !profiles.has(url)),
      security: rest('security'),
      tag: rest('tag'),
    };
  });
}

function keysOf(given: Meta): ReadonlySet<string> {
  return new Set(
    (['tag', 'security'] as const).flatMap((kind) =>
      (given[kind] ?? []).map((coding) => keyOf(kind, coding)),
    ),
  );
}

/** Labels are one where system and code are. */
function keyOf(kind: string, { system = '', code = '' }: Coding): string {
  return `${kind} ${system}|${code}`;
}

type Labels = Pick<Meta, 'profile' | 'tag' | 'security'>;

async function changeMeta(
  context: RestContext,
  call: Call,
  change: (current: Labels, given: Labels) => Labels,
): Promise<Answer> {
  const given = givenMeta(call);
  const make = (current: StoredVersion): Resource => {
    const resource = withLabels(resourceOf(jsonOf(current.body)), (own) => change(own, given));
    requireValid(resource);
    return resource;
  };
  const version = await amend(context, call, { interaction: 'update', make });
  return { ...metaAnswer(metaOf(version), [version]), version };
}

/** The parameter `meta`, a Meta that R4 would take. Throws `parameter-missing`, and what validation finds. */
function givenMeta(call: Call): Labels {
  const body = resourceOf(jsonBody(call));
  requireValid(body);
  const value = listOf(body['parameter']).find(({ name }) => name === 'meta')?.['valueMeta'];
  return (value as Labels | undefined) ?? missing('meta as valueMeta, in Parameters');
}

/** The same resource with other labels; lists that are empty are left out. */
function withLabels(resource: Resource, change: (own: Labels) => Labels): Resource {
  const own = resource.meta ?? {};
  const changed = { profile: undefined, tag: undefined, security: undefined, ...change(own) };
  const members = Object.entries({ ...own, ...changed });
  const kept = members.filter(([, value]) => value !== undefined && !isEmptyList(value));
  return { ...resource, meta: Object.fromEntries(kept) };
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function metaOf({ body }: StoredVersion): Meta {
  const resource = jsonOf(body);
  const own = isObject(resource) ? resource['meta'] : undefined;
  return isObject(own) ? own : {};
}

function metaAnswer(value: Meta, shown: readonly StoredVersion[]): Answer {
  // FHIR has no empty objects: where there is nothing to say, nothing is returned.
  const isEmpty = Object.keys(value).length === 0;
  const parameter = isEmpty ? {} : { parameter: [{ name: 'return', valueMeta: value }] };
  return { status: 200, body: stringify({ resourceType: 'Parameters', ...parameter }), shown };
}

class MetaSum {
  readonly #profiles = new Set<string>();
  readonly #labels = { security: new Map<string, Coding>(), tag: new Map<string, Coding>() };

  add({ profile = [], ...labels }: Labels): void {
    for (const url of profile) this.#profiles.add(url);
    for (const kind of ['security', 'tag'] as const) {
      for (const coding of labels[kind] ?? []) {
        const key = keyOf(kind, coding);
        if (!this.#labels[kind].has(key)) this.#labels[kind].set(key, coding);
      }
    }
  }

  meta(): Labels {
    const lists = {
      profile: [...this.#profiles],
      security: [...this.#labels.security.values()],
      tag: [...this.#labels.tag.values()],
    };
    return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
  }
}
