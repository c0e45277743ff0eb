import { decodeFrame } from '../hl7v2/charset.ts';
import { fieldDefinition } from '../hl7v2/dictionary.ts';
import { parseMessage } from '../hl7v2/parse.ts';
import { present } from '../hl7v2/present.ts';
import { formatPosition } from '../hl7v2/path.ts';
import { limits } from '../limits.ts';
import type { Message, Segment } from '../hl7v2/message.ts';
import type { JournalEntry, JournalState, Store } from '../store/store.ts';
import type { MessageReport } from './journal-entry.ts';

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
}

/** One message: as it came, how it was read, what it became, what was left over. */
export interface MessageDescription extends MessageReport {
  readonly entry: MessageRow;
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
): Promise<MessageDescription | undefined> {
  const entry = (await store.journal.read(id)) ?? (await byControlId(store, id));
  if (entry === undefined) return undefined;
  const report = reportOf(entry);
  const override = present({ override: report.charset });
  const { text, charset } = decodeFrame(entry.bytes, override);
  const { message } = parseMessage(text, { charset });
  const written = entry.written ?? [];
  return {
    entry: messageRow(entry),
    raw: lines(text),
    ack: entry.ack === undefined ? '' : lines(decodeFrame(entry.ack, override).text),
    parsed: message === undefined ? [] : parsedFields(message),
    ...report,
    written,
    resources: await resourcesOf(store, written.slice(0, limits.searchPageMax)),
  };
}

/** The row without its bytes. */
export function messageRow(entry: JournalEntry): MessageRow {
  const { id, feed, peer, receivedAt, controlId, messageType, state, attempts } = entry;
  const { ackCode, lastError, patient } = entry;
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
  };
}

async function byControlId(store: Store, controlId: string): Promise<JournalEntry | undefined> {
  return (await store.journal.list({ controlId, count: 1 })).entries[0];
}

function reportOf({ report }: JournalEntry): MessageReport {
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
