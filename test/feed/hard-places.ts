import { fileURLToPath } from 'node:url';
import type { IdentifiedResource } from '../../src/fhir/resource.ts';
import { openSite } from '../../src/site.ts';
import type { Store } from '../../src/store/store.ts';
import { codeOf, processorOn, text } from './pipeline-fixture.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const site = (await openSite({ root, folder: '', zone: 'UTC' })).feeding;

/** A result or order of one group: its segments after PID. */
export interface Sent {
  /** MSH-9, such as `ORU^R01`. */
  readonly type: string;
  /** Of MSH-7 and EVN-2, `HHMM` of one day. */
  readonly at: string;
  /** PID-3. */
  readonly patient?: string;
  readonly segments: readonly string[];
}

/** Messages through the whole pipeline with the base pack, onto one store. */
export class Sender {
  readonly store: Store;
  readonly #send: (bytes: Uint8Array) => Promise<string>;
  #count = 0;

  constructor(store: Store) {
    this.store = store;
    const { processor } = processorOn(store, {
      ...site,
      clock: () => new Date('2030-01-01T00:00:00Z'),
    });
    this.#send = async (bytes) => text(await processor.onFrame({ bytes, peer: 'p' }));
  }

  /** MSA-1, with the error's text where it is not AA. */
  async send({ type, at, patient = 'M1^^^H^MR', segments }: Sent): Promise<string> {
    const time = `20260501${at}00`;
    const head = [
      `MSH|^~\\&|LAB|H|W|H|${time}+0000||${type}|H-${String((this.#count += 1))}|P|2.5.1`,
    ];
    if (type.startsWith('ADT')) head.push(`EVN|${type.slice(4, 7)}|${time}`);
    const pid = `PID|1||${patient}||Alvarez^Maria||19620417|F`;
    const given = segments.some((one) => one.startsWith('PID|')) ? [] : [pid];
    const answer = await this.#send(Buffer.from([...head, ...given, ...segments, ''].join('\r')));
    const code = codeOf(answer);
    return code === 'AA' ? code : answer;
  }

  /** The newest versions of all resources of a type. */
  async all(type: string): Promise<readonly IdentifiedResource[]> {
    const { versions } = await this.store.history({ type, count: 500 });
    const newest = new Map<string, IdentifiedResource>();
    for (const { id, body, deleted } of versions) {
      if (!newest.has(id) && !deleted) newest.set(id, JSON.parse(body) as IdentifiedResource);
    }
    return [...newest.values()];
  }

  /** The only one of a type that holds this text. */
  async one(type: string, holding: string): Promise<IdentifiedResource> {
    const found = (await this.all(type)).filter((each) => JSON.stringify(each).includes(holding));
    const [first] = found;
    if (first === undefined || found.length > 1) {
      throw new Error(`${String(found.length)} ${type} hold ${holding}`);
    }
    return first;
  }
}
