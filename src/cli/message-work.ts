import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Config } from '../config.ts';
import type { MessageRow } from '../feed/describe.ts';
import type { MessageRun } from '../feed/message-run.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';
import { askServer, conditionsOf, followRun, isGood, runLines } from './message-server.ts';

interface Worked {
  readonly entry: MessageRow;
}

/** `weir message retry ID` or `weir message retry feed=lab from=24h`: processes what was not taken, with the maps of now. */
export async function messageRetryCommand(
  config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const [first = '', ...others] = args.positional;
  if (first === '') throw new UsageError('Name a message, or conditions such as feed=lab from=24h');
  if (others.length === 0 && !first.includes('=')) {
    return tell(await work(config, first, 'retry', reasonIn(args)), io);
  }
  const query = conditionsOf(args.positional);
  const begun = await askServer<MessageRun>(config, 'messages/retry', { query, ...reasonIn(args) });
  const run = await followRun(config, begun, io);
  io.stdout.write(`${runLines(run).join('\n')}\n`);
  return isGood(run) ? exitCode.done : exitCode.no;
}

/** `weir message skip ID --reason TEXT`: sets a message aside for good. */
export async function messageSkipCommand(
  config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  tell(await work(config, oneOf(args, 'skip'), 'skip', needReason(args)), io);
  return exitCode.done;
}

/** `weir message edit ID --file FILE --reason TEXT`: puts what the file holds in the place of a message. */
export async function messageEditCommand(
  config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const id = oneOf(args, 'edit');
  const file = args.flags['--file'];
  if (typeof file !== 'string') throw new UsageError('Name the file with --file, or - for stdin');
  const reason = needReason(args);
  const bytes = file === '-' ? await buffer(io.stdin) : await bytesOf(file);
  return tell(await work(config, id, 'edit', { ...reason, base64: asHl7(bytes) }), io);
}

function work(
  config: Config,
  id: string,
  deed: 'retry' | 'skip' | 'edit',
  body: object,
): Promise<Worked> {
  return askServer<Worked>(config, `messages/${encodeURIComponent(id)}/${deed}`, body);
}

/** What the message became; no where it was not taken. */
function tell({ entry }: Worked, { stdout }: CliIo): ExitCode {
  const { id, state, lastError, attempts } = entry;
  const why = lastError === undefined ? '' : `  ${lastError}`;
  stdout.write(`${id}  ${state}, attempts ${String(attempts)}${why}\n`);
  return state === 'processed' ? exitCode.done : exitCode.no;
}

function oneOf({ positional }: ParsedArguments, deed: string): string {
  const [id, ...others] = positional;
  if (!id || others.length > 0) {
    throw new UsageError(`Name one message: message ${deed} ID`);
  }
  return id;
}

export function reasonIn({ flags }: ParsedArguments): { readonly reason?: string } {
  const reason = flags['--reason'];
  return typeof reason === 'string' ? { reason } : {};
}

function needReason(args: ParsedArguments): { readonly reason: string } {
  const { reason } = reasonIn(args);
  if (reason === undefined)
    throw new UsageError('Say why with --reason; it is kept with who did it');
  return { reason };
}

async function bytesOf(file: string): Promise<Buffer> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${file} cannot be read (${error.code ?? 'unreadable'})`);
  });
}

/** Editors end lines with LF; HL7 ends segments with CR. latin1 keeps every byte. */
function asHl7(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  const ended = text.includes('\r') ? text : text.replaceAll('\n', '\r');
  return Buffer.from(ended, 'latin1').toString('base64');
}
