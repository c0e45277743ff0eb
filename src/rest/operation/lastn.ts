import { listOf, textOf } from '../../fhir/code-system.ts';
import { fold } from '../../fhir/fold.ts';
import { fail } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import type { StoredVersion } from '../../store/store.ts';
import { jsonOf } from '../body.ts';
import { bundleText, searchEntry } from '../bundle/bundle-text.ts';
import type { Answer, Call, Params, RestContext } from '../call.ts';
import { confined, parseCriteria } from '../criteria.ts';
import { formatQuery } from '../query-string.ts';
import { inputOf, missing } from './input.ts';
import { refuseUnfinished } from '../unfinished.ts';

const type = 'Observation';

/**
 * `Observation/$lastn` (http://hl7.org/fhir/R4/observation-operation-lastn.html): of each code the newest `max`, one
 * unless said, among what the search parameters find. `patient` or `subject` must be given. Codes are one where they share
 * a coding, or else a text. Throws `limit` past limits.lastnMax observations.
 */
export async function lastn(context: RestContext, call: Call): Promise<Answer> {
  const max = inputOf(call).whole('max') ?? 1;
  if (max === 0) fail('value', 'The parameter max takes a whole number from 1');
  const params = searchParams(call);
  const isOfPerson = params.some(([name]) => /^(?:patient|subject)(?:$|[:.])/.test(name));
  if (!isOfPerson) missing('patient or subject');
  const { query, used } = await parseCriteria(context, call, {
    types: [type],
    params,
    strict: true,
  });
  const where = confined(call.principal, type, query.where);
  refuseUnfinished(context, { ...query, where, sort: [] });
  const groups = new CodeGroups(max);
  let cursor: string | undefined;
  let count = 0;
  do {
    const page = await context.store.search({
      types: [type],
      where,
      sort: [
        { param: 'date', kind: 'date', descending: true },
        { param: '_lastUpdated', kind: 'lastUpdated', descending: true },
      ],
      count: limits.searchPageMax,
      total: 'none',
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const version of page.matches) groups.take(version);
    count += page.matches.length;
    cursor = page.next;
    if (count >= limits.lastnMax && cursor !== undefined) {
      fail(
        'limit',
        `More than ${limits.lastnMax} observations (lastnMax); use category, code, date`,
      );
    }
  } while (cursor !== undefined);
  const found = groups.found;
  const self = formatQuery([...used, ['max', String(max)]]);
  const body = bundleText({
    type: 'searchset',
    total: found.length,
    links: [{ relation: 'self', url: `${context.baseUrl}/${type}/$lastn?${self}` }],
    entries: found.map((version) => searchEntry(context.baseUrl, version, 'match')),
  });
  return { status: 200, body, shown: found };
}

/** The search parameters, of the address or of Parameters. */
function searchParams(call: Call): Params {
  const input = inputOf(call);
  const isParameters = input.body?.resourceType === 'Parameters';
  const names = isParameters ? listOf(input.body?.['parameter']) : [];
  const given = [...new Set(names.map(({ name }) => textOf(name) ?? ''))]
    .filter((name) => name !== 'max' && !call.params.some(([known]) => known === name))
    .flatMap((name) => input.texts(name).map((value) => [name, value] as const));
  return [...call.params, ...given].filter(([name]) => name !== 'max');
}

/** Observations come newest first. */
class CodeGroups {
  readonly found: StoredVersion[] = [];
  readonly #max: number;
  readonly #byKey = new Map<string, { count: number }>();

  constructor(max: number) {
    this.#max = max;
  }

  take(version: StoredVersion): void {
    const keys = keysOf(version);
    const group = keys.map((key) => this.#byKey.get(key)).find((known) => known !== undefined) ?? {
      count: 0,
    };
    for (const key of keys) if (!this.#byKey.has(key)) this.#byKey.set(key, group);
    if (group.count >= this.#max) return;
    group.count++;
    this.found.push(version);
  }
}

function keysOf({ id, body }: StoredVersion): readonly string[] {
  const { code } = jsonOf(body) as { readonly code?: Readonly<Record<string, unknown>> };
  const codings = listOf(code?.['coding']).flatMap(({ system, code: own }) =>
    textOf(own) === undefined ? [] : [`${textOf(system) ?? ''}|${textOf(own) ?? ''}`],
  );
  if (codings.length > 0) return codings;
  const text = textOf(code?.['text']);
  return [text === undefined ? `id ${id}` : `text ${fold(text)}`];
}
