import { isDeepStrictEqual } from 'node:util';
import { isError } from '../../src/fhir/outcome.ts';
import { validateResource } from '../../src/fhir/validate.ts';
import { askedOf } from '../../src/feed/asked.ts';
import type { Pipeline } from '../../src/feed/pipeline.ts';
import { parseStored } from '../../src/feed/stored.ts';
import { decodeFrame, encodeText } from '../../src/hl7v2/charset.ts';
import type { Message } from '../../src/hl7v2/message.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { JournalEntry, Store } from '../../src/store/store.ts';
import { processorOn } from '../feed/pipeline-fixture.ts';
import type { HostileMessage } from './hostile-arbitrary.ts';

/** What became of a hostile message, for the tally. */
export interface HostileOutcome {
  /** MSA-1. */
  readonly code: string;
  /** Our code of the first error, such as `syntax-hl7`; empty where there is none. */
  readonly reason: string;
}

type Maps = Pick<Pipeline, 'feeds' | 'map'>;

/**
 * Sends the message that it was, then the hostile one twice, and throws where anything is not as every sender
 * may expect it: one answer, to this message, honest; nothing stored that is not FHIR; no fault of ours.
 */
export async function sendHostile(site: Maps, hostile: HostileMessage): Promise<HostileOutcome> {
  const store = openMemoryStore();
  const { processor, errors } = processorOn(store, site);
  const send = async (bytes: Uint8Array): Promise<Uint8Array> =>
    (await processor.onFrame({ bytes, peer: 'hostile' })) ?? new Uint8Array();
  await send(hostile.original);
  const before = await rowsOf(store);
  const answer = await send(hostile.bytes);
  if (errors.length > 0) throw new Error('The log has an error', { cause: errors[0] });
  const ack = readAnswer(answer, hostile.bytes);
  const row = await newRow(store, before);
  if ((row.ackCode ?? '') !== ack.code)
    throw new Error(`Journal says ${row.ackCode ?? ''}, not ${ack.code}`);
  const isFragment = row.state === 'received' && readSent(hostile.bytes).message?.segment('DSC');
  // What a map takes and makes nothing of is ignored, with its reason.
  const isTaken = row.state === 'processed' || row.state === 'ignored';
  if (/^A/.test(ack.code) && !isFragment && isTaken !== (ack.code === 'AA')) {
    throw new Error(`${ack.code} for ${row.state}`);
  }
  await checkStored(store);
  await checkResend(store, { answer, again: await send(hostile.bytes) }, row);
  return { code: ack.code, reason: /^[\w-]+/.exec(row.lastError ?? '')?.[0] ?? '' };
}

function readAnswer(answer: Uint8Array, sent: Uint8Array): { readonly code: string } {
  const { message: original, charset } = readSent(sent);
  const { asked } = original === undefined ? {} : askedOf(original);
  if (asked !== undefined && answer.length === 0) return { code: '' };
  const { message } = parseMessage(decodeFrame(answer, { override: charset }).text, { charset });
  const ack = message?.segment('MSA');
  if (!message || !ack) throw new Error('The answer cannot be read');
  const code = ack.field(1).text;
  if (!message.type.startsWith('ACK')) throw new Error(`The answer is ${message.type}`);
  const codes = ['AA', 'AE', 'AR', ...(asked === undefined ? [] : ['CA', 'CE', 'CR'])];
  if (!codes.includes(code)) throw new Error(`MSA-1 is ${code}`);
  // As far as its charset can say it: bytes that are none in it cannot come back.
  const echo = encodeText(`MSH${original?.controlId ?? ''}`, charset);
  const controlId = decodeFrame(echo, { override: charset }).text.slice('MSH'.length);
  if (ack.field(2).text !== controlId) {
    throw new Error(`MSA-2 is ${JSON.stringify([ack.field(2).text, controlId])}`);
  }
  const reasons = message.segments.filter(({ name }) => name === 'ERR');
  if (code.endsWith('A') !== (reasons.length === 0)) throw new Error(`${code} with other ERR`);
  return { code };
}

/** As the pipeline reads it. */
export function readSent(bytes: Uint8Array): {
  readonly message?: Message;
  readonly charset: string;
} {
  const { text, charset } = decodeFrame(bytes);
  return { ...parseMessage(text, { charset }), charset };
}

async function rowsOf(store: Store): Promise<readonly JournalEntry[]> {
  return (await store.journal.list({ count: 100 })).entries;
}

async function newRow(store: Store, before: readonly JournalEntry[]): Promise<JournalEntry> {
  const rows = await rowsOf(store);
  const known = new Set(before.map(({ id }) => id));
  const [row, ...others] = rows.filter(({ id }) => !known.has(id));
  // Mutations may cancel out: then it is a resend.
  const found = row ?? rows[0];
  if (!found || others.length > 0) throw new Error(`${rows.length} rows in the journal`);
  return found;
}

async function checkStored(store: Store): Promise<void> {
  const { versions } = await store.history({ count: 20_000 });
  for (const version of versions) {
    const issue = validateResource(parseStored(version)).find(isError);
    if (issue) throw new Error(`Stored although ${JSON.stringify(issue)}`);
    if (/\\ud[89a-f]/i.test(version.body)) throw new Error('An unpaired surrogate was stored');
  }
}

/** The same bytes again: the same answer where it was AA, and in no case another row. */
async function checkResend(
  store: Store,
  { answer, again }: { readonly answer: Uint8Array; readonly again: Uint8Array },
  row: JournalEntry,
): Promise<void> {
  const rows = (await rowsOf(store)).filter(({ hash }) => hash === row.hash);
  if (rows.length !== 1) throw new Error(`A resend has ${rows.length} rows`);
  if (row.state === 'processed' && !isDeepStrictEqual(Buffer.from(answer), Buffer.from(again))) {
    throw new Error('A resend got another answer');
  }
}
