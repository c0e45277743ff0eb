import { extractIndex } from '../../../src/fhir/search-extract.ts';
import type { IdentifiedResource } from '../../../src/fhir/resource.ts';
import type { Store } from '../../../src/store/store.ts';
import type { CallAnswer, CallOptions, FhirApp } from '../fhir-app.ts';

/** One call; all that it names is of one world, so that many worlds fit into one store. */
export interface Asked extends CallOptions {
  readonly method: string;
  readonly url: string;
}

/** Builds what belongs to one world: two people, and an observation of the first. */
export class World {
  readonly key: string;

  constructor(key: string) {
    this.key = key;
  }

  id(name: string): string {
    return `${this.key}-${name}`;
  }

  patient(number: string, more: object = {}): object {
    const identifier = [{ system: 'urn:mrn', value: this.id(number) }];
    return {
      resourceType: 'Patient',
      identifier,
      telecom: [{ system: 'phone', value: '0' }],
      ...more,
    };
  }

  /** Whoever has the number. */
  having(number: string): string {
    return `identifier=urn:mrn|${this.id(number)}`;
  }

  observation(number: string, reference: string, more: object = {}): object {
    return {
      resourceType: 'Observation',
      identifier: [{ system: 'urn:o', value: this.id(number) }],
      status: 'final',
      code: { text: 'weight' },
      subject: { reference },
      ...more,
    };
  }

  of(person: string): string {
    return `Patient/${this.id(person)}`;
  }

  begun(): readonly IdentifiedResource[] {
    const labelled = { meta: { tag: [{ code: 'old' }] } };
    return [
      { id: this.id('a'), ...this.patient('1', labelled) },
      { id: this.id('b'), ...this.patient('2') },
      { id: this.id('o'), ...this.observation('o', this.of('a')) },
    ] as unknown as readonly IdentifiedResource[];
  }
}

/** Requests by what they are. */
export type Requests = Readonly<Record<string, (world: World) => Asked>>;

/** Makes worlds, each with a key of its own. */
export class Worlds {
  #count = 0;

  async begin(store: Store): Promise<BegunWorld> {
    const world = new World(`w${String((this.#count += 1))}`);
    const changes = world.begun().map((resource) => {
      return { op: 'put', resource, index: extractIndex(resource) } as const;
    });
    const now = new Date('2026-01-01T00:00:00Z');
    const { seq } = await store.commit({ now, origin: 'test', changes });
    return new BegunWorld(store, world, seq);
  }
}

/** One that is in a store. */
export class BegunWorld {
  readonly world: World;
  readonly #store: Store;
  readonly #seq: number;
  readonly #said = new Map<string, string>();

  constructor(store: Store, world: World, seq: number) {
    this.#store = store;
    this.world = world;
    this.#seq = seq;
  }

  /** Asks; keeps the answer under a name. */
  async ask(
    { call }: Pick<FhirApp, 'call'>,
    name: string,
    request: (world: World) => Asked,
  ): Promise<void> {
    const { method, url, ...options } = request(this.world);
    this.#said.set(name, this.#plain(answerText(await call(method, url, options))));
  }

  /** The answers, and all that is stored, without what differs from run to run. */
  async outcome(): Promise<Outcome> {
    const { versions } = await this.#store.history({ count: 100 });
    const stored = new Map<string, string>();
    for (const { type, id, seq, versionId, body } of versions) {
      const key = `${type}/${id}`;
      if (seq >= this.#seq && !stored.has(key)) stored.set(key, `${key} ${versionId} ${body}`);
    }
    const answers = Object.fromEntries([...this.#said].sort());
    return { answers, stored: [...stored.values()].map((text) => this.#plain(text)).sort() };
  }

  #plain(text: string): string {
    return text
      .replaceAll(`${this.world.key}-`, '')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'T')
      .replaceAll(/id-\d+/g, 'new');
  }
}

export interface Outcome {
  readonly answers: Readonly<Record<string, string>>;
  readonly stored: readonly string[];
}

/** Of a failure, also inside a Bundle, what kind it is. */
function answerText({ status, text }: CallAnswer): string {
  const shown = status < 400 ? text.replaceAll(/,"outcome":\{.*?\}\]\}/g, '') : '';
  return `${String(status)} ${shown}`;
}
