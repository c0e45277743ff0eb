import { createHash } from 'node:crypto';
import { limits } from '../../src/limits.ts';
import type { ChangeEvent, Store } from '../../src/store/store.ts';

interface Resource {
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly [name: string]: unknown;
}

/** What a store holds in the end, told without the ids and instants that no two runs have in common. */
export interface FinalState {
  /** By type, each resource's content; what it refers to by that one's content. */
  readonly resources: ReadonlyMap<string, readonly string[]>;
  /** Each claim, with what it leads to. */
  readonly claims: readonly string[];
  readonly journal: readonly string[];
  readonly jobs: number;
  readonly eventsPending: number;
}

/**
 * @param options.since when the run began
 * @param options.claims the keys that are claimed: the port cannot list them
 */
export async function finalState(
  store: Store,
  { since, claims }: { since: Date; claims: readonly string[] },
): Promise<FinalState> {
  const journal = await store.journal.counts();
  const texts = told(await everyResource(store), since);
  const owners = await store.claimOwners(claims);
  return {
    resources: byType(texts),
    claims: claims.map((key) => `${key} ${texts.get(owners.get(key) ?? '') ?? 'nothing'}`).sort(),
    journal: journal
      .map(({ feed, state, ackCode, count }) => `${feed} ${state} ${ackCode} ${String(count)}`)
      .sort(),
    jobs: (await store.jobs.list('', limits.statePageMax)).length,
    eventsPending: (await store.outbox.pending(limits.outboxBatchMax)).length,
  };
}

/** Every version there is, oldest first. */
export async function everyChange(store: Store): Promise<ChangeEvent[]> {
  const changes: ChangeEvent[] = [];
  for (;;) {
    const page = await store.changes(changes.at(-1)?.position ?? 0, 1000);
    if (page.length === 0) return changes;
    changes.push(...page);
  }
}

async function everyResource(store: Store): Promise<Map<string, Resource>> {
  const keys = [...new Set((await everyChange(store)).map(({ type, id }) => `${type}/${id}`))];
  const found = new Map<string, Resource>();
  for (let at = 0; at < keys.length; at += 500) {
    const page = keys.slice(at, at + 500).map((key) => {
      const [type = '', id = ''] = key.split('/');
      return { type, id };
    });
    for (const version of await store.readMany(page)) {
      if (version === undefined || version.deleted) continue;
      found.set(`${version.type}/${version.id}`, JSON.parse(version.body) as Resource);
    }
  }
  return found;
}

const madeIdentifier = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** So many steps of reference make a difference: result to report to order to person to doctor. */
const depth = 4;

function told(all: ReadonlyMap<string, Resource>, since: Date): Map<string, string> {
  let names = new Map([...all.keys()].map((key) => [key, key.replace(/\/.*/, '')]));
  let texts = new Map<string, string>();
  for (let step = 0; step < depth; step++) {
    const tell = teller(names, { since, wasMerged: (person) => isSurvivor(all.get(person)) });
    texts = new Map([...all].map(([key, resource]) => [key, tell(resource)]));
    names = new Map([...texts].map(([key, text]) => [key, named(key, text)]));
  }
  return texts;
}

function byType(texts: ReadonlyMap<string, string>): Map<string, string[]> {
  const types = Map.groupBy(texts, ([key]) => key.replace(/\/.*/, ''));
  return new Map(
    [...types].map(([type, found]) => {
      const own = found.map(([, text]) => text).filter((text) => text !== 'A merge');
      return [type, own.sort()];
    }),
  );
}

function named(key: string, text: string): string {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return `${key.replace(/\/.*/, '')}#${hash}`;
}

/** A resource as text: names for references, nothing for ids, stamps and instants of the run itself. */
function teller(
  names: ReadonlyMap<string, string>,
  { since, wasMerged }: { since: Date; wasMerged: (person: string) => boolean },
): (resource: Resource) => string {
  const value = (given: unknown): unknown => {
    if (typeof given === 'string') return text(given);
    if (Array.isArray(given)) return given.map(value);
    if (typeof given !== 'object' || given === null) return given;
    return Object.fromEntries(Object.entries(given).map(([name, inner]) => [name, value(inner)]));
  };
  const text = (given: string): string => {
    const name = names.get(given.replace(/\/_history\/.*/, ''));
    if (name !== undefined) return name;
    if (madeIdentifier.test(given)) return 'made in the run';
    const isOfTheRun = /^\d{4}-\d\d-\d\dT/.test(given) && new Date(given) >= since;
    return isOfTheRun ? 'during the run' : given;
  };
  return (resource) => {
    // meta.source is the message that came first: of what many patients share, any of theirs.
    const counted = wasMerged(personOf(resource)) ? ['input'] : [];
    const own = omit({ ...resource, meta: omit(resource.meta ?? {}, stamps) }, ['id', ...counted]);
    if (own['resourceType'] !== 'Provenance') return JSON.stringify(value(own));
    if (isOfMerge(own)) return 'A merge';
    return JSON.stringify(value({ ...own, target: ownTargets(own['target']) }));
  };
}

/** What a Task about a person counts of their results and orders depends on whether a merge was in when the rule ran. */
function isSurvivor(person: Resource | undefined): boolean {
  return JSON.stringify(person?.['link'] ?? []).includes('"replaces"');
}

function personOf(task: Resource): string {
  return (task['for'] as { readonly reference?: string } | undefined)?.reference ?? '';
}

/** What it turned depends on what rules had made of events by then. */
function isOfMerge({ activity }: Resource): boolean {
  return /^ADT\^A40| became /.test(
    (activity as { readonly text?: string } | undefined)?.text ?? '',
  );
}

const stamps = ['versionId', 'lastUpdated', 'source'];

function omit(from: Readonly<Record<string, unknown>>, names: readonly string[]): Resource {
  return Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name)));
}

/** Without the people: of the messages that speak first of one, any may be the one that made the record. */
function ownTargets(targets: unknown): unknown {
  return (targets as readonly { readonly reference: string }[]).filter(
    ({ reference }) => !/^(Patient|Practitioner)\//.test(reference),
  );
}
