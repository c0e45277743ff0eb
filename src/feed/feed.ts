import type { AlarmSettings } from './alarm.ts';
import type { Message } from '../hl7v2/message.ts';
import type { AssigningAuthority } from '../mapping/context.ts';

/**
 * One sender and how it is read; from a `*.feed.yaml` of the site (feed-file.ts). Which overlays its messages
 * get, the overlays say themselves (`feeds:`, `senders:`).
 */
export interface Feed {
  readonly name: string;
  readonly title: string;
  /** Whose messages these are (MSH-3.1, MSH-4.1); an absent part matches any, an absent sender all. */
  readonly sender?: { readonly application?: string; readonly facility?: string };
  /** Whom they are sent to (MSH-5.1, MSH-6.1), likewise. */
  readonly receiver?: { readonly application?: string; readonly facility?: string };
  /** Their types, as `ADT` or `ORU^R01` (MSH-9); absent: all. */
  readonly messages?: readonly string[];
  /** SHA-256 fingerprints of the clients that speak for it over TLS, as `AB:CD:..`; absent: any may. */
  readonly certificates?: readonly string[];
  /** A port of its own. */
  readonly mllp?: FeedPort;
  /** IANA zone of times without an offset. */
  readonly zone?: string;
  /** System URI by namespace id (HD.1), for identifiers and codes. */
  readonly authorities: ReadonlyMap<string, string>;
  /** Namespace meant where a field has none; absent: MSH-4. */
  readonly defaultAuthority?: string;
  /** How often it usually speaks. */
  readonly expectedEveryMs?: number;
  /** When it is in trouble; absent: the defaults. */
  readonly alarms?: AlarmSettings;
  /** When AA leaves: after the record is written, or as soon as the message is safe. */
  readonly ackMode: 'committed' | 'journaled';
  /** What becomes of the messages after one that fails (policy.ts); absent: `park-message`. */
  readonly onFailure?: FailurePolicy;
  /** Whether MSH-13 counts its messages (sequence.ts). */
  readonly sequence?: boolean;
  /** A folder whose files are its messages (drop-folder.ts). */
  readonly folder?: string;
  /** Where answers of the application go (AA, AE, AR after CA); absent: over the sender's connection. */
  readonly applicationAck?: AnswerWay;
  /** Its messages are kept and passed on, and no map is run. */
  readonly passOnly?: boolean;
  /** Overrides MSH-18. */
  readonly charset?: string;
  /** Positions its messages are found by, beside those of every feed (message-fields.ts). */
  readonly index?: readonly string[];
  /** The maps' settings, by name. */
  readonly settings: Readonly<Record<string, string | boolean | number>>;
}

/** Where a feed alone is listened for. With `ca` clients must show a certificate of it. Files are paths. */
export interface FeedPort {
  /** `HOST:PORT`. */
  readonly listen: string;
  readonly keyFile?: string;
  readonly certFile?: string;
  readonly caFile?: string;
}

/**
 * What is held up by a message that fails: nothing else, the later ones about the same people, or the whole feed until it
 * is resumed.
 */
export type FailurePolicy = 'park-message' | 'park-patient' | 'stop-feed';

/** `always`, or where the sender's connection is `gone` by then. */
export interface AnswerWay {
  readonly destination: string;
  readonly when: 'always' | 'gone';
}

/** Takes any sender that no other feed takes, with the base pack. */
export const defaultFeed: Feed = {
  name: 'default',
  title: 'Any other sender',
  authorities: new Map(),
  ackMode: 'committed',
  settings: {},
};

/** The feed of a message: the one that says most about it; `default` where none fits. */
export function feedOf(feeds: readonly Feed[], message: Message): Feed {
  const fitting = feeds.filter((feed) => precision(feed) > 0 && takes(feed, message));
  const [best] = fitting.toSorted((a, b) => precision(b) - precision(a));
  return best ?? feeds.find(({ name }) => name === defaultFeed.name) ?? defaultFeed;
}

/** Whether the feed is for this sender, receiver and type of message. */
export function takes({ sender, receiver, messages }: Feed, message: Message): boolean {
  return (
    fits(sender, partyOf(message, 3)) &&
    fits(receiver, partyOf(message, 5)) &&
    (messages === undefined || messages.some((type) => isOfType(message, type)))
  );
}

/**
 * Whether who showed this certificate speaks for the feed: it is one of the feed's, where the feed names some, and
 * one that is bound to feeds is good for those alone. `''`: none was shown.
 */
export function speaksFor(certificate: string, feed: Feed, feeds: readonly Feed[]): boolean {
  if (feed.certificates !== undefined) return feed.certificates.includes(certificate);
  return !feeds.some(({ certificates }) => certificates?.includes(certificate));
}

/**
 * Who speaks, as source views know it: the feed; where one feed takes many senders, each of them is a
 * source of its own, lest two systems look like one that keeps changing its mind.
 */
export function sourceOf(feed: Feed, message: Message): string {
  const { application, facility } = senderOf(message);
  const bound = feed.sender?.application !== undefined && feed.sender.facility !== undefined;
  return bound ? feed.name : `${feed.name}:${application}|${facility}`;
}

/**
 * System URI of an assigning authority: as the feed says; else by its universal id (an OID, UUID or
 * URI says all by itself); else `urn:weir:authority:<namespace>`, which every feed makes alike. A field
 * without any authority is under the feed's default one, else under the sender's (MSH-4).
 */
export function authorityUri(feed: Feed, message: Message, hd: AssigningAuthority): string {
  const { namespace, universalId, universalIdType } = hd;
  const configured = feed.authorities.get(namespace) ?? feed.authorities.get(universalId);
  if (configured !== undefined) return configured;
  const universal = universalUri(universalId, universalIdType);
  if (universal !== undefined) return universal;
  const name = namespace || universalId || feed.defaultAuthority || senderOf(message).facility;
  return (
    feed.authorities.get(name) ?? `urn:weir:authority:${encodeURIComponent(name || 'unknown')}`
  );
}

function universalUri(id: string, type: string): string | undefined {
  if (id === '' || /\s/.test(id)) return undefined;
  // An OID of two numbers is nobody's: a placeholder.
  if (/^[0-2](\.(0|[1-9]\d*)){2,}$/.test(id)) return `urn:oid:${id}`;
  if (/^(UUID|GUID)$/i.test(type)) return `urn:uuid:${id.toLowerCase()}`;
  return /^(URI|URL)$/i.test(type) || /^(https?:|urn:)/i.test(id) ? id : undefined;
}

type Party = { readonly application: string; readonly facility: string };

function senderOf(message: Message): Party {
  return partyOf(message, 3);
}

/** Application and facility at a field of MSH and the one after it. */
function partyOf(message: Message, field: 3 | 5): Party {
  const header = message.segment('MSH');
  return {
    application: header?.field(field).component(1).text ?? '',
    facility: header?.field(field + 1).component(1).text ?? '',
  };
}

function fits(asked: Partial<Party> | undefined, { application, facility }: Party): boolean {
  return (
    (asked?.application === undefined || asked.application === application) &&
    (asked?.facility === undefined || asked.facility === facility)
  );
}

function isOfType({ type }: Message, asked: string): boolean {
  return type === asked || type.split('^')[0] === asked;
}

/** How much a feed says about its messages: the sender counts most, then the receiver, then the type. */
function precision({ sender, receiver, messages }: Feed): number {
  return 10 * said(sender) + 3 * said(receiver) + Number(messages !== undefined);
}

function said(party: Partial<Party> | undefined): number {
  return Number(party?.application !== undefined) + Number(party?.facility !== undefined);
}
