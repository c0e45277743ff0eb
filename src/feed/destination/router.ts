/**
 * Which messages of feeds are passed on to which destinations, and where an application's answer goes that is not to
 * come over the sender's connection. All of it is queued in a commit of the message's own, so once.
 */
import { createHash } from 'node:crypto';
import type { Commit, JournalEntry, StateChange } from '../../store/store.ts';
import { goesApart, type Reading } from '../reading.ts';
import { queued } from './delivery.ts';
import type { Destination, PassRule } from './destination.ts';
import { isNamed, passes } from './message-filter.ts';
import { rewriteHeader } from './rewrite-header.ts';

/** The journal row that says of a message what it is. */
type Row = Pick<JournalEntry, 'id' | 'state' | 'receivedAt' | 'ack' | 'ackCode' | 'patient'>;

export interface Router {
  /** What a message owes to others as soon as it is safe, whatever becomes of it here. */
  onArrival(reading: Reading, row: Row): readonly StateChange[];
  /** What it owes to others with its outcome. */
  onOutcome(reading: Reading, row: Row): readonly StateChange[];
  /** It is committed: whoever sends may look. */
  onQueued(): void;
}

/** Owes nothing to anybody. */
export const noRouter: Router = {
  onArrival: () => [],
  onOutcome: () => [],
  onQueued: () => undefined,
};

export function routerTo(destinations: readonly Destination[], onQueued: () => void): Router {
  return {
    onQueued,
    onArrival: (reading, row) => passedTo(destinations, 'received', { reading, row }),
    onOutcome: (reading, row) => [
      ...(row.state === 'processed' || row.state === 'ignored'
        ? passedTo(destinations, 'processed', { reading, row })
        : []),
      ...answerTo(reading, row),
    ],
  };
}

/** The commit of an outcome, with what the message owes to destinations. */
export function withWhatIsOwed(
  router: Router | undefined,
  reading: Reading,
  commit: Commit,
): Commit {
  const [row] = commit.journal ?? [];
  const owed = row === undefined ? [] : (router ?? noRouter).onOutcome(reading, row);
  return owed.length === 0 ? commit : { ...commit, state: [...(commit.state ?? []), ...owed] };
}

/** The commit of a message that is worked on again: it is passed on, and its answer, which was given before, is not sent again. */
export function withWhatIsPassed(
  router: Router | undefined,
  { asked: _, ...reading }: Reading,
  commit: Commit,
): Commit {
  return withWhatIsOwed(router, reading, commit);
}

function passedTo(
  destinations: readonly Destination[],
  when: PassRule['when'],
  { reading, row }: { readonly reading: Reading; readonly row: Row },
): readonly StateChange[] {
  return destinations.flatMap((destination) => {
    const rule = destination.passes.find(
      (each) => each.when === when && isFor(destination, each, reading),
    );
    if (rule === undefined) return [];
    const bytes = rewriteHeader(reading.frame.bytes, reading.charset, headerOf(destination, rule));
    return queued({ ...deliveryOf(reading, row), destination: destination.name, bytes });
  });
}

function deliveryOf({ controlId, messageType }: Reading, row: Row) {
  const { id, receivedAt, patient } = row;
  const queuedAt = receivedAt.toISOString();
  const person = patient === undefined ? {} : { patient };
  return { id, controlId, messageType, cause: `Message/${id}`, queuedAt, ...person };
}

/** A message without a header, or from somebody who may not send it, is for nobody; what a system said itself is not sent back to it. */
function isFor(destination: Destination, rule: PassRule, reading: Reading): boolean {
  const { message, feed, issues } = reading;
  if (message === undefined || issues.some(({ code }) => code === 'sender-refused')) return false;
  if (rule.feeds.length > 0 && !rule.feeds.includes(feed.name)) return false;
  if (!destination.echo && destination.feeds.includes(feed.name)) return false;
  return passes(rule.only, message) && !isNamed(rule.except, message);
}

function headerOf(destination: Destination, { rewrite }: PassRule) {
  return {
    ...(rewrite.includes('sending') ? { sending: destination.sending } : {}),
    ...(rewrite.includes('receiving') ? { receiving: destination.receiving } : {}),
  };
}

/** AA, AE or AR, where the feed wants it to go its own way. */
function answerTo(reading: Reading, row: Row): readonly StateChange[] {
  const destination = reading.feed.applicationAck?.destination;
  const { ack, ackCode = '' } = row;
  if (destination === undefined || !goesApart(reading)) return [];
  if (ack === undefined || !ackCode.startsWith('A')) return [];
  const { messageType } = reading;
  // The same row has one answer, however often it is worked on.
  const id = `${row.id}-${createHash('sha256').update(ack).digest('hex').slice(0, 8)}`;
  const [, event] = messageType.split('^');
  return queued({
    ...deliveryOf(reading, row),
    id,
    destination,
    bytes: ack,
    controlId: controlIdOf(ack),
    messageType: event === undefined ? 'ACK' : `ACK^${event}`,
  });
}

/** MSH-10 of an answer of ours, in whatever separators it has. */
function controlIdOf(ack: Uint8Array): string {
  const head = Buffer.from(ack.subarray(0, 1024)).toString('latin1');
  return head.split('\r', 1)[0]?.split(head.charAt(3))[9] ?? '';
}
