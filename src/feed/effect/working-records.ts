import type { Resource } from '../../fhir/resource.ts';
import { extractIndex } from '../../fhir/search-extract.ts';
import { same } from '../../record/same.ts';
import type { Store, StoredVersion } from '../../store/store.ts';
import { changedBy, isIdentified, nextReference, parseStored } from '../stored.ts';
import type { PlannedWrite, Speaker } from '../write.ts';

/** The records of one commit as they will be: what the message writes, and what its effects change besides. */
export class WorkingRecords {
  readonly #store: Store;
  readonly #speaker: Speaker;
  readonly #writes: Map<string, PlannedWrite>;
  readonly #stored: Map<string, StoredVersion | undefined>;

  /** `seen`: read before, and to be as it was then. */
  constructor(
    store: Store,
    writes: readonly PlannedWrite[],
    {
      speaker,
      seen,
    }: { readonly speaker: Speaker; readonly seen: ReadonlyMap<string, StoredVersion | undefined> },
  ) {
    this.#store = store;
    this.#speaker = speaker;
    this.#stored = new Map(seen);
    this.#writes = new Map(writes.map((write) => [write.reference, write]));
  }

  /** As the commit leaves it; undefined where there is none. */
  async read(reference: string): Promise<Resource | undefined> {
    return this.#writes.get(reference)?.change?.resource ?? (await this.before(reference));
  }

  /** As it was before the message. */
  async before(reference: string): Promise<Resource | undefined> {
    const stored = await this.#load(reference);
    return isIdentified(stored) ? parseStored(stored) : undefined;
  }

  /** One that was read already, such as the match of a search. */
  know(version: StoredVersion): void {
    const reference = `${version.type}/${version.id}`;
    if (!this.#stored.has(reference)) this.#stored.set(reference, version);
  }

  /** Changes it; nothing where it stays the same. Returns whether it changed. */
  async change(reference: string, to: (record: Resource) => Resource): Promise<boolean> {
    const record = await this.read(reference);
    if (record === undefined) return false;
    const next = to(record);
    if (next === record || same(next, record)) return false;
    const [, id = ''] = reference.split('/');
    const resource = changedBy(this.#speaker, next, id);
    const planned = this.#writes.get(reference);
    const stored = await this.#load(reference);
    const expect = isIdentified(stored) ? { expect: { versionId: stored.versionId } } : {};
    const before = planned?.change ?? { op: 'put', skipIfSame: true };
    this.#writes.set(reference, {
      ...(planned ?? { reference, stale: false, kept: [], faults: [] }),
      change: { ...before, ...expect, resource, index: extractIndex(resource) },
      written: planned?.written ?? nextReference(reference, stored),
    });
    return true;
  }

  /** What the message itself says of it is older than what is known. */
  isStale(reference: string): boolean {
    return this.#writes.get(reference)?.stale === true;
  }

  /** All that is to be written, in the order in which it was changed. */
  writes(): readonly PlannedWrite[] {
    return [...this.#writes.values()];
  }

  async #load(reference: string): Promise<StoredVersion | undefined> {
    if (!this.#stored.has(reference)) {
      const [type = '', id = ''] = reference.split('/');
      this.#stored.set(reference, await this.#store.read(type, id));
    }
    return this.#stored.get(reference);
  }
}
