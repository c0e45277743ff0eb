import type { Resource } from '../../fhir/resource.ts';
import type { Store, StoredVersion } from '../../store/store.ts';
import { isIdentified, parseStored } from '../stored.ts';

/**
 * The records that one commit goes by, each read once. What is decided by a record, what the message says over it and what
 * its effects do to it are then about one version; the commit expects that one and is refused where another came between.
 */
export class SeenRecords {
  readonly #store: Store;
  readonly #versions = new Map<string, StoredVersion | undefined>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The newest version when it was first asked for, also of what is deleted; undefined where there never was one. */
  async version(reference: string): Promise<StoredVersion | undefined> {
    if (!this.#versions.has(reference)) {
      const [type = '', id = ''] = reference.split('/');
      const read = await this.#store.read(type, id);
      // Who asks at the same time gets the same.
      if (!this.#versions.has(reference)) this.#versions.set(reference, read);
    }
    return this.#versions.get(reference);
  }

  /** Undefined where there is none, or none any more. */
  async resource(reference: string): Promise<Resource | undefined> {
    const version = await this.version(reference);
    return isIdentified(version) ? parseStored(version) : undefined;
  }

  /** One that was read already, such as the match of a search; what was seen before it stays. */
  know(version: StoredVersion): void {
    const reference = `${version.type}/${version.id}`;
    if (!this.#versions.has(reference)) this.#versions.set(reference, version);
  }
}
