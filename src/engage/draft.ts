import { extractIndex } from '../fhir/search-extract.ts';
import type { IdentifiedResource } from '../fhir/resource.ts';
import { systemAudit } from '../security/write-audit.ts';
import type {
  Change,
  Commit,
  Expectation,
  JobChange,
  LeasedJob,
  OutboxDone,
  Store,
} from '../store/store.ts';
import { resourceOf } from './world.ts';

/**
 * One commit being written. Reads go through it, so that a later step sees what an earlier one wrote, and
 * everything read is expected unchanged when it is committed.
 */
export class Draft {
  readonly #store: Store;
  readonly #seen = new Map<
    string,
    { expect: Expectation; resource: IdentifiedResource | 'deleted' | undefined }
  >();
  readonly #written = new Set<string>();
  readonly #jobs = new Map<string, JobChange>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** `deleted` where someone has deleted it: a rule does not bring it back. */
  async read(type: string, id: string): Promise<IdentifiedResource | 'deleted' | undefined> {
    const key = `${type}/${id}`;
    const seen = this.#seen.get(key);
    if (seen) return seen.resource;
    const version = await this.#store.read(type, id);
    const resource =
      version?.deleted === true
        ? 'deleted'
        : version && (resourceOf(version) as IdentifiedResource);
    const expect = version ? { versionId: version.versionId } : 'absent';
    this.#seen.set(key, { expect, resource });
    return resource;
  }

  /** Writes a resource that was read here before, or is new. */
  put(resource: IdentifiedResource): void {
    const key = `${resource.resourceType}/${resource.id}`;
    this.#seen.set(key, { expect: this.#seen.get(key)?.expect ?? 'absent', resource });
    this.#written.add(key);
  }

  /** Writes a resource unless there is, or was, one of its id. */
  async putNew(resource: IdentifiedResource): Promise<void> {
    const existing = await this.read(resource.resourceType, resource.id);
    if (existing === undefined) this.put(resource);
  }

  /**
   * Makes the commit depend on this version of a resource without changing it: the store keeps a version
   * whose content is the same, but checks the expectation.
   */
  dependOn(resource: IdentifiedResource): void {
    const key = `${resource.resourceType}/${resource.id}`;
    if (this.#seen.has(key)) return;
    const versionId = resource.meta?.versionId ?? '';
    this.#seen.set(key, { expect: { versionId }, resource });
    this.#written.add(key);
  }

  job(change: JobChange): void {
    this.#jobs.set(change.op === 'put' ? change.job.key : change.key, change);
  }

  done(job: LeasedJob): void {
    this.job({ op: 'done', key: job.key, lease: job.lease });
  }

  /** `Type/id` of every resource that will be written. */
  get written(): readonly string[] {
    return [...this.#written];
  }

  get isEmpty(): boolean {
    return this.#written.size === 0 && this.#jobs.size === 0;
  }

  commit(now: Date, origin: string, outboxDone: readonly OutboxDone[] = []): Commit {
    const changes = this.#changes();
    const requestId = String(outboxDone[0]?.position ?? [...this.#jobs.keys()][0] ?? '');
    const audit = systemAudit({ now, origin, requestId, changes });
    return { now, origin, outboxDone, changes, audit, jobs: [...this.#jobs.values()] };
  }

  #changes(): Change[] {
    return this.written.flatMap((key) => {
      const { expect, resource } = this.#seen.get(key) ?? {};
      if (!resource || resource === 'deleted' || expect === undefined) return [];
      return [{ op: 'put', resource, expect, index: extractIndex(resource), skipIfSame: true }];
    });
  }
}
