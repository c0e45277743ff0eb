import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { splitBatch } from '../hl7v2/batch.ts';
import { decodeFrame, encodeText } from '../hl7v2/charset.ts';
import { Deidentifier, type DeidChange } from '../hl7v2/deid/deidentify.ts';
import type { Message } from '../hl7v2/message.ts';
import { parseMessage } from '../hl7v2/parse.ts';
import { UsageError, exitCode, type CliIo, type ExitCode } from './io.ts';
import type { ParsedArguments } from './arguments.ts';
import { filesOf } from './message-files.ts';
import { sampleName } from './sample-name.ts';
import { table } from './table.ts';

/**
 * `weir message deid PATH... --out DIR`: real messages as fixtures, a file for each file. Prints what was done place by place; a
 * message that cannot be read is not written. `no` where there is such a one.
 */
export async function messageDeidCommand(
  _config: Config,
  { positional, flags }: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const { '--out': out, '--key': key, '--keep-segment': keep } = flags;
  if (positional.length === 0) throw new UsageError('Name files or folders with messages');
  if (typeof out !== 'string') throw new UsageError('Say where they go: --out DIR');
  const deidentifier = new Deidentifier({
    key: typeof key === 'string' ? Buffer.from(key) : randomBytes(32),
    keep: keepOf(keep),
  });
  const files = (await Promise.all(positional.map((path) => filesOf(path)))).flat();
  if (files.length === 0) throw new UsageError('There is no *.hl7 there');
  const unread: string[] = [];
  for (const file of files) {
    const { messages } = await readFrames(file);
    for (const [index, frame] of messages.entries()) {
      if (frame.message === undefined) unread.push(sampleName(file, index));
      else deidentifier.learn(frame.message);
    }
  }
  const written = await writeAll(files, out, deidentifier);
  for (const name of unread)
    io.stderr.write(`${name} has no MSH that can be read; it was left out\n`);
  const changes = deidentifier.changes();
  io.stdout.write(
    flags['--json'] === true
      ? `${JSON.stringify({ ...written, unread, changes }, null, 2)}\n`
      : report(changes, written),
  );
  return unread.length === 0 ? exitCode.done : exitCode.no;
}

function keepOf(given: string | true | undefined): ReadonlySet<string> {
  const names =
    typeof given === 'string' ? given.split(/[,\s]+/).filter((name) => name !== '') : [];
  const wrong = names.find((name) => !/^[A-Z][A-Z0-9]{2}(?:-\d+(?:\.\d+)?)?$/.test(name));
  if (wrong !== undefined)
    throw new UsageError(`${wrong} is no segment or field such as ZLB or ZPI-3`);
  return new Set(names);
}

interface Frame {
  readonly message: Message | undefined;
  readonly charset: string;
}

interface Frames {
  readonly messages: readonly Frame[];
  /** FHS, and for each batch BHS and how many messages are in it. */
  readonly fileHeader: string | undefined;
  readonly batches: readonly { readonly header: string | undefined; readonly count: number }[];
}

async function readFrames(file: string): Promise<Frames> {
  const bytes = await readFile(file);
  // latin1 keeps every byte.
  const { messages, batches, fileHeader } = splitBatch(bytes.toString('latin1'));
  const frames =
    messages.length === 0 ? [bytes] : messages.map((text) => Buffer.from(text, 'latin1'));
  return {
    messages: frames.map((frame): Frame => {
      const { text, charset } = decodeFrame(frame);
      return { message: parseMessage(text, { charset }).message, charset };
    }),
    fileHeader,
    batches: batches.map(({ header, messages: { length } }) => ({ header, count: length })),
  };
}

interface Written {
  readonly messages: number;
  readonly files: readonly { readonly from: string; readonly to: string }[];
}

/** Under names of their own: those of real files often say who. */
async function writeAll(
  files: readonly string[],
  out: string,
  deidentifier: Deidentifier,
): Promise<Written> {
  await mkdir(out, { recursive: true });
  const written: { from: string; to: string }[] = [];
  let messages = 0;
  for (const from of files) {
    const frames = await readFrames(from);
    const bytes = fileOf(frames, deidentifier);
    if (bytes.length === 0) continue;
    const type = frames.messages.find(({ message }) => message !== undefined)?.message?.type ?? '';
    const number = String(written.length + 1).padStart(4, '0');
    const to = join(
      out,
      `${number}-${type.toLowerCase().replace(/[^a-z0-9]+/g, '-') || 'message'}.hl7`,
    );
    await writeFile(to, bytes, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EEXIST'
        ? new UsageError(`${to} is there already; name an empty folder`)
        : error;
    });
    written.push({ from, to });
    messages += frames.messages.filter(({ message }) => message !== undefined).length;
  }
  return { messages, files: written };
}

function fileOf({ messages, fileHeader, batches }: Frames, deidentifier: Deidentifier): Uint8Array {
  const texts = messages.map(({ message, charset }) => {
    return message === undefined
      ? new Uint8Array()
      : encodeText(deidentifier.deidentify(message), charset);
  });
  const parts: Uint8Array[] = [];
  const line = (text: string): void => void parts.push(Buffer.from(`${text}\r`));
  const separator = (header: string): string => header.charAt(3);
  if (fileHeader !== undefined) line(deidentifier.header(fileHeader));
  let at = 0;
  for (const { header, count } of batches) {
    if (header !== undefined) line(deidentifier.header(header));
    parts.push(...texts.slice(at, at + count));
    at += count;
    if (header !== undefined) line(`BTS${separator(header)}${String(count)}`);
  }
  parts.push(...texts.slice(at));
  if (fileHeader !== undefined) line(`FTS${separator(fileHeader)}${String(batches.length)}`);
  return Buffer.concat(parts);
}

function report(changes: readonly DeidChange[], { messages, files }: Written): string {
  const rows = changes.map(({ position, done, count }) => [position, String(count), done]);
  return [
    ...table(['at', 'times', 'what was there was'], rows),
    '',
    `${String(messages)} messages in ${String(files.length)} files`,
    '',
  ].join('\n');
}
