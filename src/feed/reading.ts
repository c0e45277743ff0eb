import { createHash } from 'node:crypto';
import type { Issue } from '../fhir/issue.ts';
import { errorIssue } from '../fhir/issue.ts';
import { decodeFrame } from '../hl7v2/charset.ts';
import { continuationOf, joinAddenda, type Continuation } from '../hl7v2/continuation.ts';
import type { Message } from '../hl7v2/message.ts';
import { parseMessage } from '../hl7v2/parse.ts';
import type { ParseIssue } from '../hl7v2/parse-issue.ts';
import { sequenceNumberOf } from '../hl7v2/sequence-number.ts';
import { present } from '../hl7v2/present.ts';
import type { MappingContext } from '../mapping/context.ts';
import type { MappedResource, MappingResult } from '../mapping/result.ts';
import { personClaimKey } from '../record/identity.ts';
import { askedOf, type Asked } from './asked.ts';
import {
  authorityUri,
  defaultFeed,
  feedOf,
  sourceOf,
  speaksFor,
  takes,
  type Feed,
} from './feed.ts';
import type { JournalEntry, StateEntry } from '../store/store.ts';
import type { MapMessage } from './map-message.ts';

/** A frame as it came in. */
export interface Frame {
  readonly bytes: Uint8Array;
  /** Remote address, or the file or URL it came by. */
  readonly peer: string;
  /** The feed it was posted to; absent: by the sender. */
  readonly feed?: string;
  /** Fingerprint of the client's certificate, `''` for none; absent where it came another way than MLLP. */
  readonly certificate?: string;
  /** Whether an answer could still be heard; absent: it can. */
  readonly isOpen?: () => boolean;
  /** What was found out about it before it is read, such as a batch that does not add up. */
  readonly remarks?: readonly Issue[];
  /** Told where the message could not even be kept in the journal: it has to be sent again. */
  readonly onUnkept?: () => void;
}

/** What a last fragment completes: settled with it, in the same commit. */
export interface Earlier {
  readonly rows: readonly JournalEntry[];
  readonly entry: StateEntry;
}

/** What was made of a frame before anything is stored. With an issue of severity `error` it is refused. */
export interface Reading {
  readonly frame: Frame;
  readonly feed: Feed;
  readonly source: string;
  readonly receivedAt: Date;
  readonly controlId: string;
  /** `ADT^A01`. */
  readonly messageType: string;
  /** SHA-256 of the bytes, hex. */
  readonly hash: string;
  /** What the bytes were read as; the answer goes out in it. */
  readonly charset: string;
  readonly message?: Message;
  /** Which answers it asks for; absent in original mode. */
  readonly asked?: Asked;
  /** MSH-13, where the feed counts by it; NaN for none. */
  readonly sequenceNumber?: number;
  /** What MSA-4 of its answer says. */
  readonly msa4?: number;
  /** How it hangs together with others; it is mapped when all of them are there. */
  readonly continuation?: Continuation;
  /** What it is the end of. */
  readonly earlier?: Earlier;
  readonly result?: MappingResult;
  readonly issues: readonly Issue[];
  /** What the message must take its turn for: the message itself and every person it names, as far as it is mapped. */
  readonly orderKeys: readonly string[];
  /** Every person it names, by the identifiers that claim them. */
  readonly personKeys: readonly string[];
  /** The same, those together that it says are of one person. */
  readonly kin: readonly (readonly string[])[];
}

interface Hearing {
  readonly feeds: readonly Feed[];
  readonly receivedAt: Date;
}

/** Frame to text to message to resources. Pure but for its arguments; never throws. */
export function readFrame(frame: Frame, given: Hearing & { readonly map: MapMessage }): Reading {
  return mapHeard(hearFrame(frame, given), given);
}

/** Frame to text to message: who says what to whom, and whether the header forbids to take it. */
export function hearFrame(frame: Frame, given: Hearing): Reading {
  const named = given.feeds.find(({ name }) => name === frame.feed);
  const { decoded, parsed, feed } = readAs(frame, given.feeds, named);
  const { message } = parsed;
  const found = [...decoded.issues, ...parsed.issues].map(fromParse);
  const issues = [...(frame.remarks ?? []), ...found];
  const hash = createHash('sha256').update(frame.bytes).digest('hex');
  const { charset } = decoded;
  const nobody = { personKeys: [], kin: [] };
  const base = { frame, feed, receivedAt: given.receivedAt, hash, charset, issues, ...nobody };
  if (message === undefined) {
    const unread = { source: feed.name, controlId: '', messageType: '' };
    return { ...base, ...unread, orderKeys: [`message|${hash}`, ...wholeFeed(feed)] };
  }
  issues.push(...senderIssues(frame, message, { feed, feeds: given.feeds }));
  if (message.controlId === '') {
    const text = 'MSH-10 is empty, so the answer cannot say which message it is for';
    issues.push(errorIssue('required-field', text, { location: 'MSH-10' }));
  }
  const { asked, issues: askedIssues } = askedOf(message);
  issues.push(...askedIssues);
  const continuation = continuationOf(message);
  const sequenceNumber = feed.sequence === true ? sequenceNumberOf(message) : undefined;
  const source = sourceOf(feed, message);
  return {
    ...base,
    source,
    controlId: message.controlId,
    messageType: message.type,
    message,
    ...present({ asked, sequenceNumber, continuation }),
    orderKeys: [
      `message|${feed.name}|${message.controlId}`,
      ...(sequenceNumber === undefined ? [] : [`sequence|${source}`]),
      ...(continuation === undefined ? [] : [`fragment|${source}`]),
      ...wholeFeed(feed),
    ],
  };
}

/** With what the maps make of it, where it is to be mapped at all. */
export function mapHeard(heard: Reading, { map }: { readonly map: MapMessage }): Reading {
  if (!isToBeMapped(heard)) return heard;
  const { message, feed } = heard;
  return withResult(heard, map(message, feed, contextOf(message, heard)));
}

/** The same; between two resources others have the thread where `breath` gives it to them. */
export async function mapHeardInSteps(
  heard: Reading,
  {
    map,
    breath,
  }: { readonly map: MapMessage; readonly breath?: (() => Promise<void>) | undefined },
): Promise<Reading> {
  if (!isToBeMapped(heard) || map.inSteps === undefined || breath === undefined) {
    return mapHeard(heard, { map });
  }
  const { message, feed } = heard;
  const steps = map.inSteps(message, feed, contextOf(message, heard));
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return withResult(heard, step.value);
    await breath();
  }
}

/** Whether it can be mapped and says something by itself: it is no piece of another, and not about sequence numbers alone. */
function isToBeMapped(heard: Reading): heard is Reading & { readonly message: Message } {
  const { message, feed, issues, continuation, sequenceNumber } = heard;
  if (message === undefined || isRefused(issues) || feed.passOnly === true) return false;
  return continuation === undefined && sequenceNumber !== 0 && sequenceNumber !== -1;
}

function withResult(heard: Reading, result: MappingResult): Reading {
  const people = peopleOf(result);
  return {
    ...heard,
    result,
    issues: [...heard.issues, ...result.issues],
    orderKeys: [...heard.orderKeys, ...people.personKeys],
    ...people,
  };
}

/** What is wrong with who sends it. */
function senderIssues(
  { certificate }: Frame,
  message: Message,
  { feed, feeds }: { readonly feed: Feed; readonly feeds: readonly Feed[] },
): readonly Issue[] {
  const issues: Issue[] = [];
  if (!takes(feed, message)) {
    issues.push(errorIssue('sender-refused', `Feed ${feed.name} is not for this sender`));
  }
  if (certificate !== undefined && !speaksFor(certificate, feed, feeds)) {
    const text = `The certificate of this connection does not speak for feed ${feed.name}`;
    issues.push(errorIssue('sender-refused', text, { location: 'MSH-3' }));
  }
  return issues;
}

/** The charset of a feed overrides that of the message, by which it is found out which feed it is. */
function readAs(frame: Frame, feeds: readonly Feed[], named: Feed | undefined) {
  const read = (override?: string) => {
    const decoded = decodeFrame(frame.bytes, present({ override }));
    return {
      decoded,
      parsed: parseMessage(joinAddenda(decoded.text), { charset: decoded.charset }),
    };
  };
  const first = read(named?.charset);
  const { message } = first.parsed;
  const feed = named ?? (message ? feedOf(feeds, message) : defaultFeed);
  if (feed === named || feed.charset === undefined) return { ...first, feed };
  return { ...read(feed.charset), feed };
}

/** The end of a message with all of it: it is mapped as the whole and answered as itself. */
export function completed(
  reading: Reading,
  { whole, earlier }: { readonly whole: Message; readonly earlier: Earlier },
  given: { readonly map: MapMessage },
): Reading {
  const { feed, receivedAt, issues } = reading;
  const context = contextOf(whole, { feed, receivedAt });
  const result = feed.passOnly === true ? undefined : given.map(whole, feed, context);
  const people = peopleOf(result);
  return {
    ...reading,
    ...present({ result }),
    earlier,
    issues: [...issues, ...(result?.issues ?? [])],
    messageType: whole.type,
    orderKeys: people.personKeys,
    ...people,
  };
}

/** Whether the application's answer goes to a destination, as the sender's connection stands now. */
export function goesApart({ feed, frame, asked }: Reading): boolean {
  if (feed.applicationAck === undefined || asked === undefined) return false;
  return feed.applicationAck.when === 'always' || frame.isOpen?.() === false;
}

/** Whether an issue forbids to commit. */
export function isRefused(issues: readonly Issue[]): boolean {
  return issues.some(({ severity }) => severity === 'error' || severity === 'fatal');
}

function contextOf(
  message: Message,
  { feed, receivedAt }: Pick<Reading, 'feed' | 'receivedAt'>,
): MappingContext {
  return {
    feed: feed.name,
    receivedAt: receivedAt.toISOString(),
    authority: (hd) => authorityUri(feed, message, hd),
    settings: feed.settings,
    ...(feed.zone === undefined ? {} : { zone: feed.zone }),
  };
}

/** A feed that stops at a message that fails takes them one by one: what follows must not be under way already. */
function wholeFeed({ name, onFailure }: Feed): readonly string[] {
  return onFailure === 'stop-feed' ? [`feed|${name}`] : [];
}

function peopleOf(result: MappingResult | undefined): Pick<Reading, 'personKeys' | 'kin'> {
  const kin = kinOf(result);
  return { personKeys: [...new Set(kin.flat())], kin };
}

/** Every person by its numbers; those whom the event makes one, or moves numbers between, as one. */
function kinOf(result: MappingResult | undefined): readonly (readonly string[])[] {
  if (result === undefined) return [];
  const { resources, effects = [] } = result;
  const groups = [
    ...resources.map((mapped) => numbersOf(mapped)),
    ...effects.map(({ kind, of, into }) => {
      return kind === 'link' || kind === 'unlink' ? [] : [...numbersOf(of), ...numbersOf(into)];
    }),
  ];
  return groups.filter((numbers) => numbers.length > 0);
}

function numbersOf({ identity }: MappedResource): readonly string[] {
  return identity.kind === 'person' ? identity.identifiers.map(personClaimKey) : [];
}

/** As an issue of the table. */
export function fromParse({ code, severity, text, location }: ParseIssue): Issue {
  return { code, severity, diagnostics: text, ...(location === undefined ? {} : { location }) };
}
