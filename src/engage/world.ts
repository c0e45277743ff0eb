import { parseJson } from '../fhir/json.ts';
import type { Resource } from '../fhir/resource.ts';
import type { SearchNode } from '../fhir/search-ast.ts';
import { limits } from '../limits.ts';
import type { Store, StoredVersion } from '../store/store.ts';
import { recordsOfPerson } from './one-person.ts';
import { splitReference } from './reference.ts';

/**
 * What a rule can see: the record as it stood when the event was committed, so that an event handled late
 * (after a restart, behind a backlog) gives what it would have given at once.
 */
export interface World {
  /** Undefined where there is no such resource, or it was deleted. */
  read(reference: string): Promise<Resource | undefined>;
  /** As it stood just before the event's commit. */
  before(reference: string): Promise<Resource | undefined>;
  /**
   * Resources of a type whose search parameter refers to `reference`, as they are now. Of a person: also to the records that
   * were merged with this one meanwhile.
   */
  referring(type: string, param: string, reference: string): Promise<readonly Resource[]>;
  /** Whether there is such a resource now. */
  isThere(reference: string): Promise<boolean>;
}

/** That of a store, which is told what was read elsewhere. */
export interface StoreWorld extends World {
  readonly seq: number;
  /** What the commit wrote, and what was there before. */
  know(reference: string, stood: { readonly now?: Resource; readonly before?: Resource }): void;
}

/** The store could not be read: no fault of the rule that asked, and another try may do. */
export class StoreUnreadable extends Error {
  constructor(cause: unknown) {
    super('The store could not be read', { cause });
    this.name = 'StoreUnreadable';
  }
}

/** The store as of commit `seq`. Reads are kept for the life of the object, which is that of a commit's events. */
export function storeWorld(store: Store, seq: number): StoreWorld {
  const cache = new Map<string, Promise<Resource | undefined>>();
  const keep = (key: string, found: Promise<Resource | undefined>): void => {
    if (cache.size >= limits.worldResourcesMax) cache.clear();
    cache.set(key, found);
  };
  const cached = (
    key: string,
    read: () => Promise<Resource | undefined>,
  ): Promise<Resource | undefined> => {
    const known = cache.get(key);
    if (known !== undefined) return known;
    const found = reading(read);
    keep(key, found);
    return found;
  };
  return {
    seq,
    know: (reference, { now, before }) => {
      keep(`=${reference}`, Promise.resolve(now));
      keep(`<${reference}`, Promise.resolve(before));
    },
    isThere: async (reference) => {
      const target = splitReference(reference);
      const found = target && (await reading(() => store.read(target.type, target.id)));
      return found !== undefined && !found.deleted;
    },
    read: (reference) => cached(`=${reference}`, () => readAsOf(store, reference, seq)),
    before: (reference) => cached(`<${reference}`, () => readAsOf(store, reference, seq - 1)),
    referring: async (type, param, reference) => {
      const records = await reading(() => recordsOfPerson(reference, (one) => readNow(store, one)));
      const nodes = records.flatMap((record): SearchNode[] => {
        const target = splitReference(record);
        return target ? [{ op: 'reference', param, type: target.type, id: target.id }] : [];
      });
      if (nodes.length === 0) return [];
      const where = { op: 'or', nodes } as const;
      const page = await reading(() =>
        store.search({ types: [type], where, sort: [], count: limits.relatedMax, total: 'none' }),
      );
      return page.matches.map(resourceOf);
    },
  };
}

export async function readNow(store: Store, reference: string): Promise<Resource | undefined> {
  return readAsOf(store, reference, Number.MAX_SAFE_INTEGER);
}

async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new StoreUnreadable(error);
  }
}

/** To the digit: what is written back, or shown, has the decimals it came with. */
export function resourceOf(version: StoredVersion): Resource {
  return parseJson(version.body).value as unknown as Resource;
}

async function readAsOf(
  store: Store,
  reference: string,
  seq: number,
): Promise<Resource | undefined> {
  const target = splitReference(reference);
  if (!target) return undefined;
  const current = await store.read(target.type, target.id);
  if (!current) return undefined;
  const version = current.seq <= seq ? current : await versionAsOf(store, current, seq);
  return version && !version.deleted ? resourceOf(version) : undefined;
}

async function versionAsOf(
  store: Store,
  current: StoredVersion,
  seq: number,
): Promise<StoredVersion | undefined> {
  if (current.versionId === '1') return undefined;
  let cursor: string | undefined;
  do {
    const page = await store.history({
      type: current.type,
      id: current.id,
      count: 20,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const found = page.versions.find((version) => version.seq <= seq);
    if (found) return found;
    cursor = page.next;
  } while (cursor !== undefined);
  return undefined;
}
