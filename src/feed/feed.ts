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
  /** IANA zone of times without an offset. */
  readonly zone?: string;
  /** System URI by namespace id (HD.1), for identifiers and codes. */
  readonly authorities: ReadonlyMap<string, string>;
  /** Namespace meant where a field has none; absent: MSH-4. */
  readonly defaultAuthority?: string;
  /** How often it usually speaks. */
  readonly expectedEveryMs?: number;
  /** When AA leaves: after the record is written, or as soon as the message is safe. */
  readonly ackMode: 'committed' | 'journaled';
  /** Whether MSH-13 counts its messages (sequence.ts). */
  readonly sequence?: boolean;
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

/** The feed of a message: the one whose sender says most about it; `default` where none does. */
export function feedOf(feeds: readonly Feed[], message: Message): Feed {
  const fitting = feeds.filter((feed) => feed.sender !== undefined && takes(feed, message));
  const [best] = fitting.toSorted((a, b) => precision(b) - precision(a));
  return best ?? feeds.find(({ name }) => name === defaultFeed.name) ?? defaultFeed;
}

/** Whether the feed is for this sender. */
export function takes({ sender }: Feed, message: Message): boolean {
  const { application, facility } = senderOf(message);
  return (
    (sender?.application === undefined || sender.application === application) &&
    (sender?.facility === undefined || sender.facility === facility)
  );
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
  if (/^[0-2](\.\d+)+$/.test(id)) return `urn:oid:${id}`;
  if (/^(UUID|GUID)$/i.test(type)) return `urn:uuid:${id.toLowerCase()}`;
  return /^(URI|URL)$/i.test(type) || /^(https?:|urn:)/i.test(id) ? id : undefined;
}

function senderOf(message: Message): { application: string; facility: string } {
  const header = message.segment('MSH');
  return {
    application: header?.field(3).component(1).text ?? '',
    facility: header?.field(4).component(1).text ?? '',
  };
}

function precision({ sender }: Feed): number {
  return Number(sender?.application !== undefined) + Number(sender?.facility !== undefined);
}
