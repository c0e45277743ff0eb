import { parseMessage } from '../../hl7v2/parse.ts';
import type { Message } from '../../hl7v2/message.ts';
import type { MappingContext } from '../context.ts';
import type { CompiledPack } from '../pack.ts';
import { runMap } from '../run/run-map.ts';
import type { CompiledMap } from '../run/compiled.ts';
import type { MappingResult } from '../result.ts';
import { leavesOf, type Leaf, type ProbeResult } from './leaves.ts';

export type ProbeSettings = MappingContext['settings'];

/** What a commit adds to the mapped resources, such as the Provenance of the message. */
export type Commit = (result: MappingResult, message: Message) => ProbeResult['resources'];

/** A result with its leaves. */
export interface Probed extends ProbeResult {
  readonly leaves: readonly Leaf[];
}

const context: Omit<MappingContext, 'settings'> = {
  feed: 'guide',
  receivedAt: '2026-01-01T00:00:00Z',
  authority: ({ namespace, universalId }) => `urn:authority:${namespace || universalId}`,
};

const nothing: Probed = { resources: [], trace: [], leaves: [] };

/** Runs the maps of a pack over probes; the same probe is run once. */
export class Prober {
  readonly #pack: CompiledPack;
  readonly #commit: Commit;
  readonly #known = new Map<string, Probed>();

  constructor(pack: CompiledPack, commit: Commit) {
    this.#pack = pack;
    this.#commit = commit;
  }

  /** The map that takes an event (`ADT^A01`); undefined where none does. */
  mapOf(event: string): CompiledMap | undefined {
    return this.#pack.maps.find(({ events }) => events.includes(event))?.base;
  }

  /** What a map makes of a message; nothing where there is no message. */
  run(map: CompiledMap, text: string, settings: ProbeSettings): Probed {
    const key = `${map.name}\n${JSON.stringify(settings)}\n${text}`;
    let known = this.#known.get(key);
    if (!known) {
      known = this.#make(map, text, settings);
      this.#known.set(key, known);
    }
    return known;
  }

  #make(map: CompiledMap, text: string, settings: ProbeSettings): Probed {
    const { message } = parseMessage(text);
    if (!message) return nothing;
    const result = runMap(map, message, { ...context, settings });
    const resources = [...result.resources, ...this.#commit(result, message)];
    const made = { resources, trace: result.trace };
    return { ...made, leaves: leavesOf(made) };
  }
}

