import type { Channel } from '../../src/engage/channel.ts';
import type { IdentifiedResource } from '../../src/fhir/resource.ts';
import { extractIndex } from '../../src/fhir/search-extract.ts';
import { Share } from '../../src/ops/share.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { baseRules, Site } from './site.ts';

/** How all stands: the newest of each resource by `Type/id`, the jobs, and what has left the house. */
export interface End {
  readonly newest: Readonly<Record<string, object>>;
  readonly jobs: readonly unknown[];
  readonly taken: readonly string[];
}

/** A site on a store of which each call is counted, and so is each message that leaves the house. */
export class CountedSite extends Site {
  readonly raw: Store;
  readonly taken: string[] = [];
  /** What the gateway is to refuse. */
  failures = 0;
  calls = 0;
  commits = 0;
  /** The call that first wrote it, by `Type/id`. */
  readonly born = new Map<string, number>();
  happens: { readonly at: number | 'jobs'; readonly what: () => Promise<void> } | undefined;

  constructor(rules = baseRules) {
    const raw = openMemoryStore();
    const channels: Channel[] = [];
    super({ store: raw, rules, channels });
    this.raw = raw;
    this.store = this.#counted();
    channels.push({
      id: 'gateway',
      withinCommit: false,
      textMax: 160,
      reaches: () => true,
      send: async ({ recipient, text }) => {
        await this.#call();
        if (this.failures-- > 0) throw new Error('gateway is down');
        this.taken.push(`${recipient.reference ?? ''}: ${text}`);
        return { providerId: 'gw', status: 'sent' };
      },
    });
  }

  override startEngage(): ReturnType<Site['startEngage']> {
    // Nobody else wants the thread: so the calls come in the same order each time.
    return super.startEngage({ share: new Share({ now: () => 0, others: async () => undefined }) });
  }

  async #call(): Promise<void> {
    this.calls += 1;
    if (this.calls === this.happens?.at) await this.happens.what();
  }

  /** Between events and jobs. */
  async #lease(): Promise<void> {
    if (this.happens?.at !== 'jobs') return;
    const { what } = this.happens;
    this.happens = undefined;
    await what();
  }

  #counted(): Store {
    const { raw } = this;
    const before =
      <Args extends readonly unknown[], T>(method: (...args: Args) => Promise<T>) =>
      async (...args: Args): Promise<T> => {
        await this.#call();
        return method(...args);
      };
    return {
      ...raw,
      read: before((...args) => raw.read(...args)),
      readVersion: before((...args) => raw.readVersion(...args)),
      search: before((...args) => raw.search(...args)),
      history: before((...args) => raw.history(...args)),
      commit: before(async (commit) => {
        const made = await raw.commit(commit);
        if (commit.changes.length > 0) this.commits += 1;
        for (const { type, id } of made.versions) {
          const key = `${type}/${id}`;
          if (!this.born.has(key)) this.born.set(key, this.calls);
        }
        return made;
      }),
      outbox: { ...raw.outbox, pending: before((...args) => raw.outbox.pending(...args)) },
      jobs: {
        list: before((...args) => raw.jobs.list(...args)),
        lease: before(async (...args) => {
          await this.#lease();
          return raw.jobs.lease(...args);
        }),
      },
    };
  }

  /** All there is, and what has left the house. */
  async end(): Promise<End> {
    const { versions } = await this.raw.history({ count: 10_000 });
    const newest = new Map<string, object>();
    for (const { type, id, body, deleted } of versions) {
      const key = `${type}/${id}`;
      if (newest.has(key)) continue;
      newest.set(key, deleted ? { deleted } : withoutStamp(body));
    }
    const jobs = (await this.raw.jobs.list('', 100)).map(({ key, dueAt }) => [key, dueAt]);
    const sorted = [...newest].sort(([a], [b]) => (a < b ? -1 : 1));
    return { newest: Object.fromEntries(sorted), jobs, taken: this.taken };
  }

  /** What somebody else writes, as an app does: on top of what is stored. */
  async write(change: (stored: IdentifiedResource) => object, reference: string): Promise<void> {
    const [type = '', id = ''] = reference.split('/');
    const stored = await this.raw.read(type, id);
    const body = stored === undefined || stored.deleted ? undefined : stored.body;
    if (body === undefined) return;
    const before = JSON.parse(body) as IdentifiedResource;
    const resource = { ...before, ...change(before) };
    await this.raw.commit({
      now: this.now,
      origin: 'rest',
      changes: [{ op: 'put', resource, index: extractIndex(resource) }],
    });
  }
}

/** Everything but the stamp of the store. */
function withoutStamp(body: string): object {
  const { meta, ...content } = JSON.parse(body) as IdentifiedResource;
  return { ...content, meta: { ...meta, versionId: '', lastUpdated: '' } };
}
