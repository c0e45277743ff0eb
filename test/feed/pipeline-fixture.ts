import type { Doing } from '../../src/feed/doing.ts';
import { errorIssue, type Issue } from '../../src/fhir/issue.ts';
import type { IdentifiedResource, Resource } from '../../src/fhir/resource.ts';
import { defaultFeed, type Feed } from '../../src/feed/feed.ts';
import type { MapMessage } from '../../src/feed/map-message.ts';
import type { Pipeline } from '../../src/feed/pipeline.ts';
import { createProcessor, type Processor } from '../../src/feed/process.ts';
import type { Message } from '../../src/hl7v2/message.ts';
import type { MappingContext } from '../../src/mapping/context.ts';
import type { MappedResource, MappingResult } from '../../src/mapping/result.ts';
import type { Store } from '../../src/store/store.ts';

/** A message as its fields: MSH-10, MSH-9, EVN-2, PID-3, PID-13 ... */
export interface Said {
  readonly id: string;
  readonly type?: string;
  readonly sender?: string;
  /** `YYYYMMDDHHMM` in UTC. */
  readonly at?: string;
  /** PID-3, such as `M1^^^MERCY^MR~L1^^^LAB^MR`. */
  readonly ids?: string;
  /** PID-13. */
  readonly phone?: string;
  readonly family?: string;
  readonly extra?: readonly string[];
}

export function frame(said: Said): Uint8Array {
  const { id, type = 'ADT^A08', sender = 'EHR|MERCY', at = '202605011000' } = said;
  const { ids = 'M1^^^MERCY^MR', phone = '', family = 'Alvarez' } = said;
  const segments = [
    `MSH|^~\\&|${sender}|WEIR|HUB|${at}||${type}|${id}|P|2.5.1`,
    `EVN||${at}`,
    `PID|1||${ids}||${family}^Maria||||||||${phone}`,
    ...(said.extra ?? []),
  ];
  return Buffer.from(`${segments.join('\r')}\r`);
}

/** Whoever does something about feeds. */
export const somebody: Doing = {
  principal: { id: 'ana', display: 'Ana', role: 'analyst' },
  requestId: 'r1',
};

export const defaultFeedName = defaultFeed.name;

export const ehr: Feed = {
  ...defaultFeed,
  name: 'ehr',
  title: 'The EHR',
  sender: { application: 'EHR', facility: 'MERCY' },
  authorities: new Map([
    ['MERCY', 'urn:mercy'],
    ['LAB', 'urn:lab'],
    ['RX', 'urn:rx'],
  ]),
};
export const lab: Feed = {
  ...ehr,
  name: 'lab',
  title: 'The laboratory',
  sender: { application: 'LAB', facility: 'LAB' },
};
const rx: Feed = {
  ...ehr,
  name: 'rx',
  title: 'The pharmacy',
  sender: { application: 'RX', facility: 'RX' },
};

/** Maps by hand: a Patient from PID, an Observation per OBX, a broken Patient for `ADT^A99`. */
const mapByHand: MapMessage = Object.assign(mapped, { refusal });

function refusal({ type }: Message): Issue | undefined {
  if (type !== 'ZZZ^Z99') return undefined;
  const text = 'No map takes ZZZ^Z99';
  return errorIssue('message-type-unsupported', text, { location: 'MSH-9' });
}

function mapped(message: Message, _: Feed, context: MappingContext): MappingResult {
  const nothing = { resources: [], loss: [], unmapped: [], issues: [], trace: [], map: 'hand@1' };
  const refused = refusal(message);
  if (refused !== undefined) return { ...nothing, issues: [refused] };
  const pid = message.segment('PID');
  if (!pid) return nothing;
  const identifiers = pid
    .field(3)
    .repetitions()
    .map((cx) => ({
      system: context.authority({
        namespace: cx.component(4).text,
        universalId: '',
        universalIdType: '',
      }),
      value: cx.component(1).text,
    }));
  const eventTime = instant(message.segment('EVN')?.field(2).text ?? '');
  const patient = person(message, identifiers);
  return {
    ...nothing,
    resources: [
      { ...patient, eventTime },
      ...observations(message).map((each) => ({ ...each, eventTime })),
    ],
    unmapped: (pid.field(8).text === 'X' ? ['X'] : []).map((code) => ({
      table: 'sex',
      code,
      position: 'PID-8',
      count: 1,
    })),
    trace: [{ target: 'patient.birthDate', source: 'PID-7', rule: 'pid.map.yaml:12' }],
  };
}

function person(
  message: Message,
  identifiers: readonly { system: string; value: string }[],
): MappedResource {
  const pid = message.segment('PID');
  const name = pid?.field(5);
  const phone = pid?.field(13);
  const resource: Record<string, unknown> = {
    resourceType: 'Patient',
    identifier: identifiers,
    name: [{ use: 'official', family: name?.text, given: [name?.component(2).text] }],
    ...(phone?.state === 'value'
      ? { telecom: [{ system: 'phone', use: 'home', value: phone.text }] }
      : {}),
    ...(message.type === 'ADT^A99' ? { birthDate: 'soon' } : {}),
  };
  return {
    name: 'patient',
    resource: resource as Resource,
    fullUrl: 'urn:uuid:patient',
    identity: { kind: 'person', identifiers },
    clears: phone?.state === 'null' ? ['telecom'] : [],
    write: 'merge',
  };
}

function observations(message: Message): readonly MappedResource[] {
  return message.segments
    .filter(({ name }) => name === 'OBX')
    .map((obx, index) => ({
      name: `observation#${index + 1}`,
      resource: {
        resourceType: 'Observation',
        status: obx.field(11).text === 'F' ? 'final' : 'corrected',
        code: { coding: [{ system: 'http://loinc.org', code: obx.field(3).text }] },
        subject: { reference: 'urn:uuid:patient' },
        valueQuantity: { value: Number(obx.field(5).text), unit: obx.field(6).text },
      },
      fullUrl: `urn:uuid:observation-${index}`,
      identity: { kind: 'key', scope: 'urn:lab', key: `F1|${obx.field(3).text}` },
      clears: [],
      write: 'merge',
    }));
}

function instant(text: string): string {
  const [, y = '', mo = '', d = '', h = '', mi = ''] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text) ?? [];
  return `${y}-${mo}-${d}T${h}:${mi}:00Z`;
}

/** A processor with a clock that ticks a second per look and ids that count. */
export function processorOn(
  store: Store,
  change: Partial<Pipeline> = {},
): {
  processor: Processor;
  pipeline: Pipeline;
  errors: object[];
  send: (said: Said) => Promise<string>;
} {
  let count = 0;
  const start = Date.parse('2026-05-01T12:00:00Z');
  const errors: object[] = [];
  const pipeline: Pipeline = {
    store,
    feeds: () => [ehr, lab, rx, defaultFeed],
    map: mapByHand,
    clock: () => new Date(start + 1000 * (count += 1)),
    newId: () => `id-${String((count += 1)).padStart(6, '0')}`,
    log: {
      info: () => undefined,
      warn: () => undefined,
      error: (fields) => void errors.push(fields),
    },
    ...change,
  };
  const processor = createProcessor(pipeline);
  const send = async (said: Said): Promise<string> =>
    text(await processor.onFrame({ bytes: frame(said), peer: '127.0.0.1' }));
  return { processor, pipeline, errors, send };
}

export function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('utf8');
}

/** MSA-1 of an answer. */
export function codeOf(ack: string): string {
  return /\rMSA\|(\w\w)/.exec(ack)?.[1] ?? '';
}

/** The only Patient under this identifier, by way of the claims. */
export async function patientOf(store: Store, key: string): Promise<IdentifiedResource> {
  const owners = await store.claimOwners([key]);
  const [, id = ''] = (owners.get(key) ?? '').split('/');
  const stored = await store.read('Patient', id);
  return JSON.parse(stored?.body ?? '{}') as IdentifiedResource;
}

/** What is left without what differs from run to run. */
export function unstamped({ id: _, meta: __, ...rest }: IdentifiedResource): Resource {
  return rest;
}
