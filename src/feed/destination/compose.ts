/** The message that an out-map makes of a change, for one destination: header, segments, bytes. */
import { DateTime } from 'luxon';
import type { IdentifiedResource, Resource } from '../../fhir/resource.ts';
import { decodeFrame, encodeText, iconvName } from '../../hl7v2/charset.ts';
import { formatInstant } from '../../hl7v2/datetime.ts';
import { encodeSegment, joinSegments, type FieldValue } from '../../hl7v2/encode.ts';
import { present } from '../../hl7v2/present.ts';
import { limits } from '../../limits.ts';
import type { OutMap } from '../../mapping/out/model.ts';
import {
  runOutMap,
  type OutCase,
  type OutMessage,
  type OutResult,
} from '../../mapping/out/run-out-map.ts';
import { hdOf } from '../../mapping/out/write-identifier.ts';
import type { Store } from '../../store/store.ts';
import { parseStored } from '../stored.ts';
import type { Destination, SendRule } from './destination.ts';

/** A committed change of a resource. */
export interface OutChange {
  readonly current: IdentifiedResource;
  /** The version before it; absent where it is new. */
  readonly before?: IdentifiedResource;
  readonly at: Date;
  /** `Type/id/_history/v`. */
  readonly reference: string;
  /** The feed by whose message it came. */
  readonly saidBy?: string;
}

/** A message for a destination. */
export interface Composed {
  readonly bytes: Uint8Array;
  readonly controlId: string;
  readonly messageType: string;
  /** `Patient/id`. */
  readonly patient?: string;
  /** Elements that it could not say. */
  readonly loss: readonly string[];
}

/** Who a message is for, by which rule, and the delivery's id, of which MSH-10 is made. */
export interface Wanted {
  readonly destination: Destination;
  readonly rule: Pick<SendRule, 'map'>;
  readonly id: string;
}

/** A map that could not say a change; the cause is for the log. */
export class Uncomposed extends Error {}

export type Compose = (change: OutChange, wanted: Wanted) => Promise<Composed | undefined>;

/** Composes by these maps, with what references name as it stands in the store. */
export function composer(store: Store, maps: ReadonlyMap<string, OutMap>): Compose {
  return async (change, wanted) => {
    const map = maps.get(wanted.rule.map);
    if (map === undefined) return undefined;
    const resources = new Map<string, Resource | undefined>();
    const given = caseOf(change, wanted.destination, resources);
    for (let round = 0; round < limits.outReadsMax; round += 1) {
      const { message, missing } = ran(map, given);
      if (missing.length === 0) {
        return message && written(message, change, { ...wanted, resources });
      }
      await readInto(store, missing, resources);
    }
    throw new Uncomposed('It refers to more resources than one message is made of (outReadsMax)');
  };
}

/** A resource may have a shape that no map foresaw: that must not stop what comes after it. */
function ran(map: OutMap, given: OutCase): OutResult {
  try {
    return runOutMap(map, given);
  } catch (cause) {
    throw new Uncomposed('The out-map failed', { cause });
  }
}

function caseOf(
  { current, before, at }: OutChange,
  destination: Destination,
  resources: ReadonlyMap<string, Resource | undefined>,
): OutCase {
  const { authorities, zone, version, sending } = destination;
  const names = new Map([...authorities].map(([name, uri]) => [uri, name]));
  const namespace = sending.facility || sending.application;
  return {
    current,
    ...present({ before }),
    at: at.toISOString(),
    resources,
    authority: (system) => hdOf(system, names),
    own: { namespace, universalId: '', universalIdType: '' },
    inZone: (text) => inZone(text, zone),
    version,
  };
}

/** The same moment on the wall clock of a zone, with as many digits of a second as it had. */
function inZone(text: string, zone: string | undefined): string {
  if (zone === undefined || !/(Z|[+-]\d\d:\d\d)$/.test(text)) return text;
  const moment = DateTime.fromISO(text, { zone });
  const fraction = /\.\d+/.exec(text)?.[0] ?? '';
  return moment.isValid
    ? moment.toFormat("yyyy-MM-dd'T'HH:mm:ss") + fraction + moment.toFormat('ZZ')
    : text;
}

async function readInto(
  store: Store,
  missing: readonly string[],
  resources: Map<string, Resource | undefined>,
): Promise<void> {
  const wanted = missing.slice(0, limits.readManyMax);
  const keys = wanted.map((reference) => {
    const [type = '', id = ''] = reference.split('/');
    return { type, id };
  });
  const found = await store.readMany(keys);
  for (const [index, reference] of wanted.entries()) {
    const version = found[index];
    const isThere = version !== undefined && !version.deleted;
    resources.set(reference, isThere ? parseStored(version) : undefined);
  }
}

function written(
  { event, segments, loss }: OutMessage,
  change: OutChange,
  given: Wanted & { readonly resources: ReadonlyMap<string, Resource | undefined> },
): Composed {
  const { destination, id, resources } = given;
  const { encoding, charset } = destination;
  const controlId = controlIdOf(id);
  const type = [event.code, event.trigger, event.structure];
  const text = joinSegments([
    encodeSegment('MSH', header(destination, { at: change.at, type, controlId }), encoding),
    ...segments.map(({ name, fields }) => encodeSegment(name, fields, encoding)),
  ]);
  const patient = patientOf(change.current, resources);
  const override = iconvName(charset ?? '') ?? 'utf-8';
  const bytes = encodeText(text, override);
  const isWhole = decodeFrame(bytes, { override }).text === text;
  return {
    bytes,
    controlId,
    messageType: `${event.code}^${event.trigger}`,
    ...present({ patient }),
    loss: isWhole ? loss : [...loss, `characters that ${charset ?? ''} does not have`],
  };
}

/** MSH from field 3 on. */
function header(
  { sending, receiving, processingId, version, charset, ack }: Destination,
  given: { readonly at: Date; readonly type: readonly string[]; readonly controlId: string },
): readonly FieldValue[] {
  const asked = {
    original: [undefined, undefined],
    accept: ['AL', 'NE'],
    application: ['AL', 'AL'],
  };
  // Before v2.3.1 there is no structure in MSH-9.
  const type =
    Number(version.slice(0, 3)) < 2.3 || version === '2.3' ? given.type.slice(0, 2) : given.type;
  return [
    sending.application,
    sending.facility,
    receiving.application,
    receiving.facility,
    formatInstant(given.at),
    undefined,
    { components: type },
    given.controlId,
    processingId,
    version,
    undefined,
    undefined,
    ...asked[ack],
    undefined,
    charset ?? 'UNICODE UTF-8',
  ];
}

/** At most 20 characters (HL7 v2.5.1): the varying end of the delivery's id. */
function controlIdOf(id: string): string {
  return id.replaceAll('-', '').slice(-20);
}

function patientOf(
  { resourceType, id }: IdentifiedResource,
  resources: ReadonlyMap<string, Resource | undefined>,
): string | undefined {
  if (resourceType === 'Patient') return `Patient/${id}`;
  return [...resources].find(([, found]) => found?.resourceType === 'Patient')?.[0];
}
