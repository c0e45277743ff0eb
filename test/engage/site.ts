import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Channel } from '../../src/engage/channel.ts';
import { loadRules, type RuleBook } from '../../src/engage/rules.ts';
import { start, type Engage } from '../../src/engage/start.ts';
import { resourceOf } from '../../src/engage/world.ts';
import type { IdentifiedResource, Resource } from '../../src/fhir/resource.ts';
import { extractIndex } from '../../src/fhir/search-extract.ts';
import { matchAll } from '../../src/fhir/search-ast.ts';
import type { Share } from '../../src/ops/share.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';

export const baseRules = await loadRules(['automations']);

/** A store with the room running on it, a clock that is turned by hand, and short words for tests. */
export class Site {
  now = new Date('2026-03-02T15:00:00Z');
  store: Store;
  engage: Engage | undefined;
  readonly lines: Record<string, unknown>[] = [];
  readonly rules: RuleBook;
  readonly channels: readonly Channel[];
  readonly #reopen: () => Promise<Store>;
  readonly #cleanUp: () => void;

  constructor(parts: {
    store: Store;
    rules?: RuleBook;
    channels?: readonly Channel[];
    reopen?: () => Promise<Store>;
    cleanUp?: () => void;
  }) {
    this.store = parts.store;
    this.rules = parts.rules ?? baseRules;
    this.channels = parts.channels ?? [];
    this.#reopen = parts.reopen ?? (async () => this.store);
    this.#cleanUp = parts.cleanUp ?? (() => undefined);
  }

  /** A process starts on the store. */
  startEngage({ share }: { readonly share?: Share } = {}): Engage {
    const note = (fields: object, message: string): void => {
      this.lines.push({ ...fields, message });
    };
    return start({
      store: this.store,
      rules: this.rules,
      clock: () => this.now,
      log: { info: note, warn: note, error: note },
      zone: 'America/New_York',
      channels: this.channels,
      ...(share === undefined ? {} : { share }),
    });
  }

  /** Handles all there is to handle. */
  async settle(): Promise<void> {
    this.engage ??= this.startEngage();
    await this.engage.idle();
  }

  /** Stops the process and opens the store anew; the room stays down until the next settle. */
  async restart(): Promise<void> {
    await this.engage?.stop();
    this.engage = undefined;
    this.store = await this.#reopen();
  }

  async at(time: string): Promise<void> {
    this.now = new Date(time);
    await this.settle();
  }

  /** Writes resources in one commit, as a feed would. */
  async feed(...resources: IdentifiedResource[]): Promise<void> {
    await this.store.commit({
      now: this.now,
      origin: 'feed:test',
      changes: resources.map((resource) => ({
        op: 'put',
        resource,
        index: extractIndex(resource),
        skipIfSame: true,
      })),
    });
  }

  async remove(type: string, id: string): Promise<void> {
    const changes = [{ op: 'delete', type, id }] as const;
    await this.store.commit({ now: this.now, origin: 'rest', changes });
  }

  async all(type: string): Promise<readonly Resource[]> {
    const page = await this.store.search({
      types: [type],
      where: matchAll,
      sort: [],
      count: 1_000,
      total: 'none',
    });
    return page.matches.map(resourceOf);
  }

  async one(type: string): Promise<Resource> {
    const found = await this.all(type);
    if (found.length !== 1) throw new Error(`expected one ${type}, there are ${found.length}`);
    return found[0] as Resource;
  }

  /** `status to text` of each message, in the order of their making. */
  async messages(): Promise<readonly string[]> {
    const found = await this.all('Communication');
    return found.map((each) => `${str(each['status'])} ${who(each)}: ${textOf(each)}`).sort();
  }

  /** `status when` of each plan of a step. */
  async plans(step: string): Promise<readonly string[]> {
    const found = await this.all('CommunicationRequest');
    return found
      .filter((each) => ruleOf(each).endsWith(`/${step}`))
      .map((each) => `${str(each['status'])} ${str(each['occurrenceDateTime'])}`)
      .sort();
  }

  async close(): Promise<void> {
    await this.engage?.stop();
    await this.store.close();
    this.#cleanUp();
  }
}

export const storeKinds = ['memory', 'sqlite'] as const;

export async function openSite(
  kind: (typeof storeKinds)[number] = 'memory',
  options: { rules?: RuleBook; channels?: readonly Channel[] } = {},
): Promise<Site> {
  if (kind === 'memory') return new Site({ store: openMemoryStore(), ...options });
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-engage-'));
  const open = (): Promise<Store> => openSqliteStore({ file: path.join(folder, 'weir.db') });
  const site: Site = new Site({
    store: await open(),
    ...options,
    reopen: async () => {
      await site.store.close();
      return open();
    },
    cleanUp: () => rmSync(folder, { recursive: true, force: true }),
  });
  return site;
}

function str(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
function ruleOf(resource: Resource): string {
  const [identifier] = (resource['identifier'] ?? []) as readonly { value?: string }[];
  return identifier?.value ?? '';
}
function who(resource: Resource): string {
  const [to] = (resource['recipient'] ?? []) as readonly {
    reference?: string;
    identifier?: { value?: string };
  }[];
  return to?.reference ?? to?.identifier?.value ?? 'nobody';
}
function textOf(resource: Resource): string {
  const [payload] = (resource['payload'] ?? []) as readonly { contentString?: string }[];
  return payload?.contentString ?? reasonOf(resource) ?? '';
}
export function reasonOf(resource: Resource): string | undefined {
  const reason = resource['statusReason'] as
    { coding?: readonly { code?: string }[]; text?: string } | undefined;
  return reason?.coding?.[0]?.code ?? reason?.text;
}
