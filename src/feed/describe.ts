import { maskContent } from '../fhir/mask.ts';
import { decodeFrame } from '../hl7v2/charset.ts';
import { fieldDefinition } from '../hl7v2/dictionary.ts';
import { maskMessage, maskText } from '../hl7v2/mask.ts';
import { parseMessage } from '../hl7v2/parse.ts';
import { present } from '../hl7v2/present.ts';
import { formatPosition } from '../hl7v2/path.ts';
import { limits } from '../limits.ts';
import type { Message, Segment } from '../hl7v2/message.ts';
import type { JournalEntry, JournalState, Store } from '../store/store.ts';
import type { MessageReport } from './journal-entry.ts';
import { notesOf, supersededBy, type Note } from './note.ts';

/** A row of the message list, as JSON. */
export interface MessageRow {
  readonly id: string;
  readonly feed: string;
  readonly peer: string;
  /** An instant. */
  readonly receivedAt: string;
  readonly controlId: string;
  readonly messageType: string;
  readonly state: JournalState;
  readonly attempts: number;
  readonly ackCode?: string;
  readonly lastError?: string;
  /** `Patient/id`. */
  readonly patient?: string;
  /** The message that took its place. */
  readonly supersededBy?: string;
  /** An instant. */
  readonly nextRetryAt?: string;
}

/** One message: as it came, how it was read, what it became, what was left over. */
export interface MessageDescription extends MessageReport {
  readonly entry: MessageRow;
  /** Whether what says who it is about is hidden in `raw`, `parsed` and `resources`. */
  readonly masked: boolean;
  /** What people did with it, oldest first. */
  readonly notes: readonly Note[];
  /** Segments, one per line. */
  readonly raw: string;
  readonly ack: string;
  /** Every valued field. */
  readonly parsed: readonly ParsedField[];
  /** `Type/id/_history/v`. */
  readonly written: readonly string[];
  /** The resources as this message left them. */
  readonly resources: readonly unknown[];
}

export interface ParsedField {
  /** `PID[1]-3`. */
  readonly position: string;
  /** HL7's name of the field; empty for Z segments. */
  readonly name: string;
  readonly value: string;
}

/**
 * What the CLI and the pages show of a message. `id` is the journal's, or a control id: then the newest
 * message with it. Undefined where there is none.
 */
export async function describeMessage(
  store: Store,
  id: string,
  { unmask = false }: { readonly unmask?: boolean } = {},
): Promise<MessageDescription | undefined> {
  const entry = await findMessage(store, id);
  if (entry === undefined) return undefined;
  const report = reportOf(entry);
  const override = present({ override: report.charset });
  const { text: came, charset } = decodeFrame(entry.bytes, override);
  const text = unmask ? came : masked(came, charset);
  const { message } = parseMessage(text, { charset });
  const written = entry.written ?? [];
  const resources = await resourcesOf(store, written.slice(0, limits.searchPageMax));
  return {
    entry: messageRow(entry),
    masked: !unmask,
    notes: notesOf(entry),
    raw: lines(text),
    ack: entry.ack === undefined ? '' : lines(decodeFrame(entry.ack, override).text),
    parsed: message === undefined ? [] : parsedFields(message),
    ...report,
    written,
    resources: unmask ? resources : resources.map((resource) => maskContent(resource)),
  };
}

/** The row without its bytes. */
export function messageRow(entry: JournalEntry): MessageRow {
  const { id, feed, peer, receivedAt, controlId, messageType, state, attempts } = entry;
  const { ackCode, lastError, patient, nextRetryAt } = entry;
  const other = supersededBy(entry);
  return {
    id,
    feed,
    peer,
    receivedAt: receivedAt.toISOString(),
    controlId,
    messageType,
    state,
    attempts,
    ...(ackCode === undefined ? {} : { ackCode }),
    ...(lastError === undefined ? {} : { lastError }),
    ...(patient === undefined ? {} : { patient }),
    ...(other === undefined ? {} : { supersededBy: other }),
    ...(nextRetryAt === undefined ? {} : { nextRetryAt: nextRetryAt.toISOString() }),
  };
}

/** By the journal's id, or a control id: then the newest message with it. */
export async function findMessage(store: Store, id: string): Promise<JournalEntry | undefined> {
  const entry = await store.journal.read(id);
  return entry ?? (await store.journal.list({ controlId: id, count: 1 })).entries[0];
}

function masked(text: string, charset: string): string {
  const { message } = parseMessage(text, { charset });
  return message === undefined ? maskText(text) : maskMessage(message);
}

export function reportOf({ report }: JournalEntry): MessageReport {
  const nothing = { map: '', loss: [], unmapped: [], issues: [] };
  return report === undefined ? nothing : { ...nothing, ...(JSON.parse(report) as MessageReport) };
}

function parsedFields(message: Message): readonly ParsedField[] {
  return message.segments.flatMap((segment) => fieldsOf(segment, message.version));
}

function fieldsOf(segment: Segment, version: string): readonly ParsedField[] {
  return Array.from({ length: segment.fieldCount }, (_, index) => index + 1).flatMap((number) => {
    const element = segment.field(number);
    if (element.raw === '') return [];
    const definition = fieldDefinition(segment.name, number, version);
    const position = formatPosition(element.position);
    return [{ position, name: definition?.name ?? '', value: element.raw }];
  });
}

async function resourcesOf(store: Store, written: readonly string[]): Promise<readonly unknown[]> {
  const versions = await Promise.all(
    written.map((reference) => {
      const [type = '', id = '', , version = ''] = reference.split('/');
      return store.readVersion(type, id, version);
    }),
  );
  return versions.flatMap((version) =>
    version === undefined || version.deleted ? [] : [JSON.parse(version.body) as unknown],
  );
}

function lines(text: string): string {
  return text.replace(/\r\n?/g, '\n').trimEnd();
}
