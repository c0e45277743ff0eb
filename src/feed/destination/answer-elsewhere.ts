/**
 * The answer of an application that comes over a connection of its own (HL7 v2.5.1 chapter 2.9.3): a message at our own
 * port whose MSA-2 is the MSH-10 of one that a destination got. It settles that one as if it had come on its connection.
 */
import { encodeText } from '../../hl7v2/charset.ts';
import type { Message } from '../../hl7v2/message.ts';
import { limits } from '../../limits.ts';
import { buildAck } from '../ack.ts';
import { wants } from '../asked.ts';
import type { Feed } from '../feed.ts';
import type { MapMessage } from '../map-message.ts';
import type { OnFrame } from '../pipeline.ts';
import { isRefused, readFrame, type Frame, type Reading } from '../reading.ts';
import { putControl, readControl, tryCommit } from './control.ts';
import {
  deliveriesOf,
  put,
  remove,
  removeBytes,
  type DeliveryList,
  type KeptDelivery,
} from './delivery.ts';
import type { DestinationDesk } from './desk.ts';
import type { Destination } from './destination.ts';
import { afterSending } from './outcome.ts';
import type { Destinations } from './start.ts';
import { verdictOf, type Verdict } from './verdict.ts';

interface Given {
  readonly onFrame: OnFrame;
  readonly desk: DestinationDesk;
  readonly feeds: () => readonly Feed[];
  /** Who sends in this process. */
  readonly senders: Pick<Destinations, 'answered' | 'wake'>;
}

/** What takes frames, with the answers to destinations' messages taken out; any other goes its way. */
export function takeAnswers(given: Given): OnFrame {
  const { onFrame, desk } = given;
  if (desk.destinations.length === 0) return onFrame;
  return async (frame, accepted) => {
    if (!looksLikeAnswer(frame.bytes)) return onFrame(frame, accepted);
    const reading = readFrame(frame, {
      feeds: given.feeds(),
      receivedAt: desk.clock(),
      map: nothing,
    });
    const isTaken = await settled(given, reading, frame);
    return isTaken ? acceptance(reading, desk) : onFrame(frame, accepted);
  };
}

/** MSA comes right after MSH (and SFT, UAC). */
const headChars = 2_048;

function looksLikeAnswer(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, headChars));
  return head.includes('\rMSA') || head.includes('\nMSA');
}

const nothing: MapMessage = () => {
  return { resources: [], loss: [], unmapped: [], issues: [], trace: [], map: '' };
};

async function settled(given: Given, { message, issues }: Reading, frame: Frame): Promise<boolean> {
  // Who may not send here may not answer here.
  if (message === undefined || isRefused(issues)) return false;
  const controlId = message.segment('MSA')?.field(2).text ?? '';
  if (controlId === '') return false;
  const verdict = verdictOf(frame.bytes, { controlId, ack: 'application' });
  if (verdict.kind === 'foreign') return false;
  const found = await find(given.desk, message, controlId);
  if (found === undefined) return false;
  const { destination, kept, list } = found;
  if (verdict.kind === 'more') return true;
  if (list === 'done') await correct(given.desk, kept, verdict);
  else if (!(await given.senders.answered(destination.name, controlId, verdict))) {
    await settle(given.desk, found, verdict);
    given.senders.wake();
  }
  return true;
}

interface Found {
  readonly destination: Destination;
  readonly kept: KeptDelivery;
  readonly list: DeliveryList;
}

/** The message that is answered; of several destinations that got it the one that the answer comes from. */
async function find(
  { store, destinations }: DestinationDesk,
  message: Message,
  controlId: string,
): Promise<Found | undefined> {
  const found: Found[] = [];
  for (const destination of destinations) {
    for (const list of ['queue', 'aside', 'done'] as const) {
      const all = await deliveriesOf(store, destination.name, list);
      const kept = all.findLast(
        ({ delivery }) => delivery.controlId === controlId && delivery.attempts > 0,
      );
      if (kept === undefined) continue;
      found.push({ destination, kept, list });
      break;
    }
  }
  if (found.length < 2) return found[0];
  const senders = found.filter(({ destination }) => isFrom(destination, message));
  return senders.length === 1 ? senders[0] : undefined;
}

function isFrom({ receiving }: Destination, message: Message): boolean {
  const header = message.segment('MSH');
  const [application, facility] = [3, 4].map((field) => header?.field(field).component(1).text);
  const isApplication = receiving.application === '' || receiving.application === application;
  return isApplication && (receiving.facility === '' || receiving.facility === facility);
}

type Answer = Exclude<Verdict, { readonly kind: 'more' | 'foreign' }>;

/** Works it out anew where whoever sends changed something meanwhile. */
async function settle(desk: DestinationDesk, found: Found, verdict: Answer): Promise<void> {
  const { store, clock } = desk;
  const { destination, list } = found;
  const { name } = destination;
  for (let count = 0; count < limits.commitAttemptsMax; count += 1) {
    const control = await readControl(store, name);
    const all = await deliveriesOf(store, name, list);
    const kept = all.find(({ delivery }) => delivery.id === found.kept.delivery.id);
    if (kept === undefined) return;
    const now = clock();
    const standing = { control: control.control, delivery: kept.delivery };
    const outcome = afterSending(standing, verdict, { destination, now });
    // What a person has to see to is not sent again by an answer that comes late.
    const to = list === 'aside' && outcome.list === 'queue' ? 'aside' : outcome.list;
    const placed =
      to === list
        ? [{ ...put(list, outcome.delivery), expectRevision: kept.revision }]
        : [remove(list, kept), put(to, outcome.delivery)];
    const freed = to === 'done' ? removeBytes(outcome.delivery) : [];
    const state = [putControl(name, control, outcome.control), ...placed, ...freed];
    if ((await tryCommit(store, { now, state })) !== undefined) return;
  }
}

/** What was taken as acknowledged is: what its application says of it is kept, and told where that is no. */
async function correct(
  { store, clock, log }: DestinationDesk,
  { delivery, revision }: KeptDelivery,
  verdict: Answer,
): Promise<void> {
  const { destination, id } = delivery;
  const lastError = 'text' in verdict ? { lastError: verdict.text } : {};
  const said = { ...delivery, ackCode: verdict.code, ...lastError };
  const state = [{ ...put('done', said), expectRevision: revision }];
  await tryCommit(store, { now: clock(), state });
  if (verdict.kind === 'accepted') return;
  log.warn({ destination, id, reason: verdict.text }, 'destination refuses what it had accepted');
}

/** CA where MSH-15 of the answer wants one; an answer gets no other. */
function acceptance(
  { asked, message: original, charset }: Reading,
  { clock, newId }: DestinationDesk,
): Uint8Array | undefined {
  if (asked === undefined || original === undefined || !wants(asked.accept, 'AA')) return undefined;
  const controlId = `C${newId().replaceAll('-', '').slice(-19)}`;
  const said = { code: 'CA', issues: [], now: clock(), controlId, enhanced: true } as const;
  return encodeText(buildAck({ original, ...said }), charset);
}
