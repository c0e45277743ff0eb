import { fileURLToPath } from 'node:url';
import { limits } from '../../../src/limits.ts';
import type { Pipeline } from '../../../src/feed/pipeline.ts';
import type { IdentifiedResource } from '../../../src/fhir/resource.ts';
import { personClaimKey } from '../../../src/record/identity.ts';
import { openSite } from '../../../src/site.ts';
import type { JournalEntry, Store } from '../../../src/store/store.ts';
import { codeOf, processorOn, text } from '../pipeline-fixture.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const site = (await openSite({ root, folder: '', zone: 'UTC' })).feeding;

/** What a message says, segment by segment; the header is made. */
export interface Said {
  readonly event: string;
  /** Minutes after the beginning; absent: one more than before. */
  readonly minute?: number;
  readonly sender?: string;
  readonly segments: readonly string[];
}

/** A hospital that sends, and a look at what became of it. */
export class Register {
  readonly store: Store;
  readonly pipeline: Pipeline;
  readonly processor: ReturnType<typeof processorOn>['processor'];
  #count = 0;

  constructor(store: Store, change: Partial<Pipeline> = {}) {
    const on = processorOn(store, {
      ...site,
      clock: () => new Date('2027-01-01T00:00:00Z'),
      ...change,
    });
    this.store = store;
    this.pipeline = on.pipeline;
    this.processor = on.processor;
  }

  /** MSA-1 and the text of the answer. */
  async say({ event, minute, sender = 'EHR|MERCY', segments }: Said): Promise<string> {
    this.#count += 1;
    const at = new Date(Date.UTC(2026, 4, 1, 8, minute ?? this.#count));
    const time = at.toISOString().replace(/[-:T]/g, '').slice(0, 14);
    const [, trigger = ''] = event.split('^');
    const head = `MSH|^~\\&|${sender}|WEIR|HUB|${time}||${event}|C${String(this.#count)}|P|2.5.1`;
    const bytes = Buffer.from([head, `EVN|${trigger}|${time}`, ...segments, ''].join('\r'));
    return text(await this.processor.onFrame({ bytes, peer: 'p' }));
  }

  async taken(said: Said): Promise<JournalEntry> {
    const ack = await this.say(said);
    if (codeOf(ack) !== 'AA') throw new Error(ack.replaceAll('\r', '\n'));
    return this.row();
  }

  /** What merges still wait for, once every event is handled. */
  async leftOver(): Promise<readonly unknown[]> {
    const { store, processor } = this;
    for (
      let page = await store.outbox.pending(1_000);
      page.length > 0;
      page = await store.outbox.pending(1_000)
    ) {
      const outboxDone = page.map(({ position }) => ({ position }));
      await store.commit({ now: new Date(), origin: 'rule:test', changes: [], outboxDone });
    }
    await processor.sweep();
    return store.states('repoint|');
  }

  /** The newest row of the journal. */
  async row(): Promise<JournalEntry> {
    const found = await this.store.journal.find('default', `C${String(this.#count)}`);
    return found[0] as JournalEntry;
  }

  /** Whom a number of MERCY's (or another's) is of: `Patient/id`. */
  async owner(number: string, authority = 'MERCY'): Promise<string | undefined> {
    const key = personClaimKey({ system: `urn:weir:authority:${authority}`, value: number });
    return (await this.store.claimOwners([key])).get(key);
  }

  async read(reference = ''): Promise<IdentifiedResource> {
    const [type = '', id = ''] = reference.split('/');
    return JSON.parse((await this.store.read(type, id))?.body ?? '{}') as IdentifiedResource;
  }

  /** Everything of a type that refers to a person, in the order of creation. */
  async of(reference: string | undefined, type: string): Promise<readonly IdentifiedResource[]> {
    const id = reference?.split('/')[1] ?? '';
    const { matches } = await this.store.search({
      types: [type],
      where: {
        op: 'reference',
        param: type === 'Coverage' ? 'beneficiary' : 'patient',
        type: 'Patient',
        id,
      },
      sort: [],
      count: limits.searchPageMax,
      total: 'none',
    });
    return matches.map(({ body }) => JSON.parse(body) as IdentifiedResource);
  }

  admit = (number: string, visit: string, minute?: number): Promise<JournalEntry> =>
    this.taken({
      event: 'ADT^A01',
      ...(minute === undefined ? {} : { minute }),
      segments: [pid(number), pv1(visit), 'AL1|1|DA|1191^Aspirin^RXNORM'],
    });

  result = (number: string, order: string, minute?: number): Promise<JournalEntry> =>
    this.taken({
      event: 'ORU^R01',
      sender: 'LAB|LABCO',
      ...(minute === undefined ? {} : { minute }),
      segments: [
        pid(number),
        `OBR|1|${order}^MERCY|F${order}^LABCO|718-7^Hemoglobin^LN|||20260501080000|||||||||||||||20260501090000||LAB|F`,
        'OBX|1|NM|718-7^Hemoglobin^LN||13.5|g/dL|12-16||||F|||20260501080000',
      ],
    });

  merge = (
    survivor: string,
    prior: string,
    event = 'ADT^A40',
    minute?: number,
  ): Promise<JournalEntry> =>
    this.taken({
      event,
      ...(minute === undefined ? {} : { minute }),
      segments: [pid(survivor), `MRG|${cx(prior)}`],
    });
}

/** `M1` is one of MERCY's; anything with `^` stands as it is. */
export const cx = (number: string): string =>
  number.includes('^') || number === '' ? number : `${number}^^^MERCY^MR`;

export const pid = (number: string, more = ''): string =>
  `PID|1||${number.split('~').map(cx).join('~')}||Alvarez^Maria||19620417|F${more}`;

export const pv1 = (visit: string): string =>
  `PV1|1|I|WARD^1^A^MERCY||||||||||||||||${visit}^^^MERCY^VN|||||||||||||||||||||||||20260501080000`;
