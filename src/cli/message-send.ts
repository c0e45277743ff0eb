import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Config } from '../config.ts';
import { OutcomeError } from '../fhir/issue.ts';
import { askedOf, wants } from '../feed/asked.ts';
import { connectMllp, type MllpClient } from '../feed/mllp-client.ts';
import { splitBatch } from '../hl7v2/batch.ts';
import { decodeFrame } from '../hl7v2/charset.ts';
import { parseMessage } from '../hl7v2/parse.ts';
import { parseAddress, type Address } from '../ops/address.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';

/** What is said about one message, as a JSON line. */
interface Answer {
  readonly file: string;
  /** Of the message in the file, from 0. */
  readonly index: number;
  /** MSH-10 of what was sent. */
  readonly controlId: string;
  /** MSA-1; `none` where the message asks for none on success and none came; empty where there was no answer to this message. */
  readonly ack: string;
  /** Why, where it was not accepted. */
  readonly text: string;
}

/** How long one answer may take. */
const timeoutMs = 30_000;

/** How long an error is waited for where success says nothing. */
const silenceMs = 2_000;

/** MSA-1, and `none` where none came because none was asked for. */
const good: readonly string[] = ['AA', 'CA', 'none'];

export async function messageSendCommand(
  _config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  return await messageSend(args.positional, io);
}

/**
 * `weir message send FILE... HOST:PORT`: sends every message of every file (`-` is stdin), one after
 * the other, and prints a line per message. `done` if all were accepted, else `no`. Throws
 * {@link UsageError}, or ConfigError for what is no address.
 */
export async function messageSend(args: readonly string[], io: CliIo): Promise<ExitCode> {
  const files = args.slice(0, -1);
  const last = args.at(-1);
  if (last === undefined || files.length === 0) {
    throw new UsageError('Name one or more files and then HOST:PORT');
  }
  const sender = new Sender(parseAddress(last));
  let accepted = true;
  try {
    for (const file of files) {
      const messages = await readMessages(file, io);
      if (messages.length === 0) {
        io.stderr.write(`${file}: there is no MSH segment\n`);
        accepted = false;
      }
      for (const [index, bytes] of messages.entries()) {
        const answer = { file, index, ...(await sender.send(bytes)) };
        io.stdout.write(`${JSON.stringify(answer satisfies Answer)}\n`);
        accepted &&= good.includes(answer.ack);
      }
    }
  } finally {
    sender.close();
  }
  return accepted ? exitCode.done : exitCode.no;
}

async function readMessages(file: string, io: CliIo): Promise<Uint8Array[]> {
  const bytes = file === '-' ? await buffer(io.stdin) : await readFileOrUsage(file);
  // latin1 keeps every byte; the charset is the receiver's business.
  const { messages, issues } = splitBatch(bytes.toString('latin1'));
  for (const { text, severity } of issues) {
    if (severity === 'warning') io.stderr.write(`${file}: ${text}\n`);
  }
  return messages.map((text) => Buffer.from(withCarriageReturns(text), 'latin1'));
}

/** MLLP wants CR; files on disk mostly have LF. */
function withCarriageReturns(text: string): string {
  return text.includes('\r') ? text : text.replaceAll('\n', '\r');
}

async function readFileOrUsage(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw new UsageError(`${file} cannot be read (${code})`);
  }
}

/** Sends over one connection, and over a new one after a failure. */
class Sender {
  readonly #address: Address;
  #client: MllpClient | undefined;

  constructor(address: Address) {
    this.#address = address;
  }

  async send(bytes: Uint8Array): Promise<Pick<Answer, 'controlId' | 'ack' | 'text'>> {
    const { message } = parseMessage(decodeFrame(bytes).text);
    const controlId = message?.controlId ?? '';
    const { asked } = message === undefined ? {} : askedOf(message);
    const silent =
      asked !== undefined && !wants(asked.accept, 'AA') && !wants(asked.application, 'AA');
    try {
      const client = await this.#connected(silent);
      const answer = await client.send(
        bytes,
        (each) => asked?.application !== 'AL' || readAnswer(each, controlId).ack !== 'CA',
      );
      // What might still come must not be taken for the next message's, nor wait in vain.
      if (asked !== undefined && asked.application !== 'AL') this.close();
      return { controlId, ...readAnswer(answer, controlId) };
    } catch (error) {
      this.close();
      const isTimeout = error instanceof OutcomeError && error.issues[0].code === 'timeout';
      if (silent && isTimeout) return { controlId, ack: 'none', text: 'It asks for no answer' };
      return { controlId, ack: '', text: error instanceof Error ? error.message : String(error) };
    }
  }

  /** The time limit is the connection's. */
  async #connected(silent: boolean): Promise<MllpClient> {
    if (silent) this.close();
    const limit = silent ? silenceMs : timeoutMs;
    this.#client ??= await connectMllp({ ...this.#address, timeoutMs: limit });
    return this.#client;
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }
}

function readAnswer(bytes: Uint8Array, controlId: string): Pick<Answer, 'ack' | 'text'> {
  const { message } = parseMessage(decodeFrame(bytes).text);
  const msa = message?.segment('MSA');
  if (!message || !msa) return { ack: '', text: 'The answer has no MSA segment' };
  if (msa.field(2).text !== controlId) {
    return { ack: '', text: 'The answer is to another message: MSA-2 is not its MSH-10' };
  }
  const errors = message.segments.filter((segment) => segment.name === 'ERR');
  const texts = errors.map((segment) => segment.field(8).text).filter((text) => text !== '');
  return { ack: msa.field(1).text, text: texts.join('; ') || msa.field(3).text };
}
