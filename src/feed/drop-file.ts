import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { issueRow } from '../fhir/issue-table.ts';
import { errorIssue, OutcomeError, type Issue } from '../fhir/issue.ts';
import { compareCount, noTrailer } from '../hl7v2/batch.ts';
import { decodeFrame } from '../hl7v2/charset.ts';
import { MessageSplitter, type StreamPart } from '../hl7v2/message-splitter.ts';
import { parseMessage } from '../hl7v2/parse.ts';
import type { ParseIssue } from '../hl7v2/parse-issue.ts';
import { limits } from '../limits.ts';
import { buildAck } from './ack.ts';
import { answerHeader, answerTrailer } from './batch-frame.ts';
import type { OnFrame } from './pipeline.ts';
import { fromParse } from './reading.ts';
import { answerAsXml, frameOfXml } from './xml-frame.ts';

export interface FileTaking {
  /** One message; batches are split here. */
  readonly onFrame: OnFrame;
  readonly feed: string;
  /** That the feed reads everything in, where it says one. */
  readonly charset: string | undefined;
  readonly clock: () => Date;
  readonly newId: () => string;
  /** Whether to end after what is under way. */
  readonly stopping: () => boolean;
}

/** `again`: something of it could not be kept, and all of it is to be taken once more. */
export type FileOutcome = 'done' | 'error' | 'again';

/**
 * Takes the messages of one file, some side by side, and writes their answers into another as a batch is
 * answered. All of the file may be taken again: what the journal has is answered as before and changes nothing. Only
 * when each message has its row is it `done`, or `error` where one was refused.
 */
export async function takeFile(
  path: string,
  answerPath: string,
  taking: FileTaking & { readonly name: string },
): Promise<FileOutcome> {
  const source = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  try {
    const target = await open(answerPath, flags, 0o600);
    try {
      return await new DropFile(source, target, taking).take();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

interface Taken {
  readonly text: string;
  remarks: readonly Issue[];
}

class DropFile {
  readonly #source: FileHandle;
  readonly #target: FileHandle;
  readonly #taking: FileTaking & { readonly name: string };
  /** Read, and not yet handed on: the last of a batch is told what is wrong with its trailer. */
  #waiting: Taken[] = [];
  #fileHeader: string | undefined;
  #batchHeader: string | undefined;
  /** Messages of the open batch, and of the file. */
  #messages = 0;
  #total = 0;
  #batches = 0;
  /** Answers within the open batch. */
  #answers = 0;
  #isRefused = false;
  #isUnkept = false;

  constructor(
    source: FileHandle,
    target: FileHandle,
    taking: FileTaking & { readonly name: string },
  ) {
    this.#source = source;
    this.#target = target;
    this.#taking = taking;
  }

  async take(): Promise<FileOutcome> {
    const { size } = await this.#source.stat();
    if (size > limits.dropFileBytesMax) {
      await this.#refuse(errorIssue('limit', 'The file is longer than dropFileBytesMax'));
    } else if (await this.#isWhole()) await this.#takeWhole(size);
    else await this.#takeParts();
    await this.#target.sync();
    if (this.#isUnkept) return 'again';
    return this.#isRefused ? 'error' : 'done';
  }

  /** XML, and charsets of two or four bytes a letter, are one message, read at once. */
  async #isWhole(): Promise<boolean> {
    const { buffer, bytesRead } = await this.#source.read(Buffer.alloc(256), 0, 256, 0);
    const head = buffer.subarray(0, bytesRead).toString('latin1');
    return /^(?:\xff\xfe|\xfe\xff)|\0/.test(head) || isXml(head);
  }

  async #takeWhole(size: number): Promise<void> {
    if (size > limits.frameBytesMax) {
      await this.#refuse(errorIssue('frame-too-large', 'The message is longer than the limit'));
      return;
    }
    const bytes = await this.#source.readFile();
    if (!isXml(bytes.subarray(0, 256).toString('latin1'))) {
      await this.#write(await this.#answer(bytes, []));
      return;
    }
    try {
      const { charset } = this.#taking;
      const answer = await this.#answer(frameOfXml(bytes, charset), []);
      if (answer !== undefined) await this.#target.write(answerAsXml(answer, charset));
    } catch (error) {
      if (!(error instanceof OutcomeError)) throw error;
      await this.#refuse(error.issues[0]);
    }
  }

  async #takeParts(): Promise<void> {
    const splitter = new MessageSplitter(limits.frameBytesMax);
    // Every byte is a character of latin1, so that splitting needs no charset and loses nothing.
    const stream = this.#source.createReadStream({
      encoding: 'latin1',
      autoClose: false,
      start: 0,
    });
    for await (const text of stream) {
      for (const part of splitter.push(text as string)) await this.#take(part);
      if (this.#isUnkept) return;
    }
    for (const part of splitter.end()) await this.#take(part);
    await this.#endBatch([]);
    await this.#endFile([]);
    if (this.#total === 0 && !this.#isRefused) {
      await this.#refuse(errorIssue('syntax-hl7', 'There is no MSH segment in the file'));
    }
  }

  async #take(part: StreamPart): Promise<void> {
    if (this.#isUnkept) return;
    if (part.isOversized === true) {
      await this.#hand();
      await this.#refuse(errorIssue('frame-too-large', 'A message is longer than the limit'), part);
      return;
    }
    switch (part.name) {
      case 'MSH':
        return this.#message(part);
      case 'FHS':
        await this.#endBatch([]);
        this.#fileHeader = part.text.trimEnd();
        return this.#write(answerHeader('F', this.#fileHeader, this.#taking.clock()));
      case 'BHS':
        await this.#endBatch([]);
        this.#batchHeader = part.text.trimEnd();
        return this.#write(answerHeader('B', this.#batchHeader, this.#taking.clock()));
      case 'BTS':
        await this.#endBatch(compareCount(part, this.#messages), part);
        this.#batches += 1;
        return;
      case 'FTS':
        return this.#endFile(compareCount(part, this.#batches), part);
      default:
        await this.#refuse(
          errorIssue('structure', 'The text before the first segment was not read'),
        );
    }
  }

  async #message({ text }: StreamPart): Promise<void> {
    if (this.#waiting.length >= limits.mllpUnansweredMax) await this.#hand();
    this.#waiting.push({ text, remarks: [] });
    this.#messages += 1;
    this.#total += 1;
  }

  /** Without a trailer that is said where there was a header. */
  async #endBatch(issues: readonly ParseIssue[], trailer?: StreamPart): Promise<void> {
    const header = this.#batchHeader;
    const found = trailer === undefined && header !== undefined ? [noTrailer('BTS')] : issues;
    await this.#hand(found);
    if (header !== undefined) {
      await this.#write(answerTrailer('B', header, [String(this.#answers), comment(found)]));
    }
    this.#batchHeader = undefined;
    this.#answers = 0;
    if (header !== undefined || trailer !== undefined) this.#messages = 0;
  }

  async #endFile(issues: readonly ParseIssue[], trailer?: StreamPart): Promise<void> {
    const header = this.#fileHeader;
    if (header === undefined) return;
    await this.#hand();
    const found = trailer === undefined ? [noTrailer('FTS')] : issues;
    await this.#write(answerTrailer('F', header, [String(this.#batches), comment(found)]));
    this.#fileHeader = undefined;
  }

  /** Hands on what waits, side by side; the last hears what is wrong with its batch. */
  async #hand(issues: readonly ParseIssue[] = []): Promise<void> {
    const messages = this.#waiting;
    this.#waiting = [];
    const last = messages.at(-1);
    if (last !== undefined) last.remarks = issues.map(fromParse);
    if (this.#taking.stopping()) this.#isUnkept ||= messages.length > 0;
    if (this.#isUnkept) return;
    const answers = await Promise.all(
      messages.map(({ text, remarks }) => this.#answer(Buffer.from(text, 'latin1'), remarks)),
    );
    for (const answer of answers) await this.#write(answer);
    this.#answers += answers.filter((answer) => answer !== undefined).length;
  }

  async #answer(bytes: Uint8Array, remarks: readonly Issue[]): Promise<Uint8Array | undefined> {
    const { feed, name, onFrame } = this.#taking;
    const answer = await onFrame({
      bytes,
      feed,
      peer: `file:${name}`,
      ...(remarks.length === 0 ? {} : { remarks }),
      onUnkept: () => {
        this.#isUnkept = true;
      },
    });
    if (answer !== undefined && !isPositive(answer)) this.#isRefused = true;
    return answer;
  }

  /** What is no message of the journal's. */
  async #refuse(issue: Issue, part?: StreamPart): Promise<void> {
    this.#isRefused = true;
    const original = part === undefined ? undefined : parseMessage(part.text).message;
    const ack = buildAck({
      ...(original === undefined ? {} : { original }),
      code: issueRow(issue.code).msa1,
      issues: [issue],
      now: this.#taking.clock(),
      controlId: this.#taking.newId().replaceAll('-', '').slice(-20),
    });
    await this.#write(Buffer.from(ack));
  }

  async #write(bytes: Uint8Array | undefined): Promise<void> {
    if (bytes !== undefined) await this.#target.write(bytes);
  }
}

function isXml(head: string): boolean {
  return /^(?:\xef\xbb\xbf)?\s*</.test(head);
}

function isPositive(answer: Uint8Array): boolean {
  const { message } = parseMessage(decodeFrame(answer).text);
  return /^[AC]A$/.test(message?.segment('MSA')?.field(1).text ?? '');
}

function comment(issues: readonly ParseIssue[]): string {
  return issues.map(({ text }) => text).join('; ');
}
