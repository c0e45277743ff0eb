import { errorIssue, type Issue } from '../fhir/issue.ts';
import { splitBatch, type Batch, type BatchPart } from '../hl7v2/batch.ts';
import { formatInstant } from '../hl7v2/datetime.ts';
import { encodeSegment, joinSegments, type FieldValue } from '../hl7v2/encode.ts';
import { defaultEncoding, readEncoding } from '../hl7v2/encoding.ts';
import { parseMessage } from '../hl7v2/parse.ts';
import type { ParseIssue } from '../hl7v2/parse-issue.ts';
import { limits } from '../limits.ts';
import { buildAck } from './ack.ts';
import type { Accepted, OnFrame } from './pipeline.ts';
import { fromParse, type Frame } from './reading.ts';

interface Answering {
  readonly onFrame: OnFrame;
  readonly now: () => Date;
  readonly newId: () => string;
}

/**
 * Takes a frame (or a body) that holds a batch, a file of batches or several messages apart (HL7 v2.5.1
 * chapter 2.10.3), each with a journal row of its own, and answers in the same shape: FHS, BHS, an answer
 * for each message that has one, BTS, FTS. One bad message does not stop the others. A wrong count is told
 * in BTS-2 or FTS-2 and with the batch's last message. A frame with one message is handed on as it is.
 */
export function takeBatches(answering: Answering): OnFrame {
  return async (frame: Frame, accepted?: Accepted) => {
    if (!mayHoldSeveral(frame.bytes)) return answering.onFrame(frame, accepted);
    // Every byte is a character of latin1, so that splitting needs no charset and loses nothing.
    const batch = splitBatch(Buffer.from(frame.bytes).toString('latin1'));
    const isBatch = batch.fileHeader !== undefined || batch.batches.some(({ header }) => header);
    if (!isBatch && batch.messages.length <= 1) return answering.onFrame(frame, accepted);
    if (batch.messages.length > limits.batchMessagesMax) return tooMany(batch, answering);
    return answerBatch(batch, frame, answering);
  };
}

/** What most frames are not, found out without reading them. */
function mayHoldSeveral(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const head = buffer.subarray(0, 64).toString('latin1');
  return (
    /^[^A-Za-z0-9]*[FB]HS/.test(head) ||
    ['\rMSH', '\nMSH', '\vMSH', '\x1cMSH'].some((start) => buffer.includes(start, 1))
  );
}

async function answerBatch(batch: Batch, frame: Frame, answering: Answering): Promise<Uint8Array> {
  const { fileHeader, batches } = batch;
  const ofBatches = batches.flatMap(({ issues }) => issues);
  const ofFile = batch.issues.filter((issue) => !ofBatches.includes(issue));
  const parts: Uint8Array[] = [];
  for (const [index, part] of batches.entries()) {
    const remarks = index === batches.length - 1 ? [...part.issues, ...ofFile] : part.issues;
    const answers = await answerMessages(part, { frame, remarks, answering });
    const trailer = [String(answers.length), comment(part.issues)];
    parts.push(...enclosed('B', { header: part.header, trailer, now: answering.now() }, answers));
  }
  const count = batches.filter(({ header }) => header !== undefined).length;
  const trailer = [String(count), comment(ofFile)];
  return Buffer.concat(enclosed('F', { header: fileHeader, trailer, now: answering.now() }, parts));
}

/** In rounds, so that one batch does not take all the room there is. */
async function answerMessages(
  { messages }: BatchPart,
  given: {
    readonly frame: Frame;
    readonly remarks: readonly ParseIssue[];
    readonly answering: Answering;
  },
): Promise<readonly Uint8Array[]> {
  const answers: Uint8Array[] = [];
  const remarks: readonly Issue[] = given.remarks.filter(isRemark).map(fromParse);
  for (let at = 0; at < messages.length; at += limits.mllpUnansweredMax) {
    const round = messages.slice(at, at + limits.mllpUnansweredMax).map((text, index) => {
      const isLast = at + index === messages.length - 1;
      const frame = { ...given.frame, bytes: Buffer.from(text, 'latin1') };
      return given.answering.onFrame(isLast ? { ...frame, remarks } : frame);
    });
    answers.push(...(await Promise.all(round)).filter((answer) => answer !== undefined));
  }
  return answers;
}

function isRemark({ severity }: ParseIssue): boolean {
  return severity === 'warning';
}

function comment(issues: readonly ParseIssue[]): string {
  return issues.map(({ text }) => text).join('; ');
}

/** What is inside between header and trailer. */
function enclosed(
  kind: 'F' | 'B',
  given: {
    readonly header: string | undefined;
    readonly trailer: readonly string[];
    readonly now: Date;
  },
  inside: readonly Uint8Array[],
): readonly Uint8Array[] {
  const { header, trailer, now } = given;
  if (header === undefined) return inside;
  return [answerHeader(kind, header, now), ...inside, answerTrailer(kind, header, trailer)];
}

/** FHS or BHS of an answer: sender and receiver swapped, field 12 names the batch. */
export function answerHeader(kind: 'F' | 'B', header: string, now: Date): Uint8Array {
  const encoding = readEncoding(header).encoding ?? defaultEncoding;
  const asked = header.split(encoding.field);
  const raw = (number: number): FieldValue => ({ raw: asked[number - 1] ?? '' });
  const none = Array.from({ length: 4 }, () => undefined);
  const fields = [raw(5), raw(6), raw(3), raw(4), formatInstant(now), ...none, raw(11)];
  return Buffer.from(joinSegments([encodeSegment(`${kind}HS`, fields, encoding)]), 'latin1');
}

/** FTS or BTS of an answer: a count, and what is to be said of the batch. */
export function answerTrailer(
  kind: 'F' | 'B',
  header: string,
  trailer: readonly string[],
): Uint8Array {
  const encoding = readEncoding(header).encoding ?? defaultEncoding;
  return Buffer.from(joinSegments([encodeSegment(`${kind}TS`, trailer, encoding)]), 'latin1');
}

function tooMany({ messages }: Batch, { now, newId }: Answering): Uint8Array {
  const { message: original } = parseMessage(messages[0] ?? '');
  const bound = `batchMessagesMax (${String(limits.batchMessagesMax)})`;
  const ack = buildAck({
    ...(original === undefined ? {} : { original }),
    code: 'AR',
    issues: [errorIssue('limit', `The batch has more messages than ${bound}; nothing was taken`)],
    now: now(),
    controlId: newId().replaceAll('-', '').slice(-20),
  });
  return Buffer.from(ack, 'latin1');
}
