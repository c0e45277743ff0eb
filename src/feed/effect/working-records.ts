import type { Resource } from '../../fhir/resource.ts';
import { extractIndex } from '../../fhir/search-extract.ts';
import { same } from '../../record/same.ts';
import type { StoredVersion } from '../../store/store.ts';
import { changedBy, isIdentified, nextReference } from '../stored.ts';
import type { PlannedWrite, Speaker } from '../write.ts';
import type { SeenRecords } from './seen-records.ts';

/** The records of one commit as they will be: what the message writes, and what its effects change besides. */
export class WorkingRecords {
  readonly #seen: SeenRecords;
  readonly #speaker: Speaker;
  readonly #writes: Map<string, PlannedWrite>;

  constructor(
    writes: readonly PlannedWrite[],
    { seen, speaker }: { readonly seen: SeenRecords; readonly speaker: Speaker },
  ) {
    this.#seen = seen;
    this.#speaker = speaker;
    this.#writes = new Map(writes.map((write) => [write.reference, write]));
  }

  /** As the commit leaves it; undefined where there is none. */
  async read(reference: string): Promise<Resource | undefined> {
    return this.#writes.get(reference)?.change?.resource ?? (await this.before(reference));
  }

  /** As it was before the message. */
  async before(reference: string): Promise<Resource | undefined> {
    return this.#seen.resource(reference);
  }

  /** One that was read already, such as the match of a search. */
  know(version: StoredVersion): void {
    this.#seen.know(version);
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
    const stored = await this.#seen.version(reference);
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
}
