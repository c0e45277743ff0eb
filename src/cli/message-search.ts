import type { Config } from '../config.ts';
import type { MessageRow } from '../feed/describe.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, type CliIo, type ExitCode } from './io.ts';
import { askServer, conditionsOf } from './message-server.ts';
import { table } from './table.ts';

/** `weir message search PID-3=123 state=failed from=24h`: messages of a running server, newest first. */
export async function messageSearchCommand(
  config: Config,
  { positional, flags }: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const { '--count': count, '--cursor': cursor } = flags;
  const query = new URLSearchParams({
    ...conditionsOf(positional),
    ...(typeof count === 'string' ? { count } : {}),
    ...(typeof cursor === 'string' ? { cursor } : {}),
  });
  const path = `messages?${query.toString()}`;
  const page = await askServer<{ entries: readonly MessageRow[]; next?: string }>(config, path);
  if (flags['--json'] === true) {
    io.stdout.write(`${JSON.stringify(page, null, 2)}\n`);
    return exitCode.done;
  }
  if (page.entries.length === 0) io.stderr.write('No message like that\n');
  else io.stdout.write(`${table(head, page.entries.map(cells)).join('\n')}\n`);
  if (page.next !== undefined) io.stderr.write(`There are older ones: --cursor ${page.next}\n`);
  return exitCode.done;
}

const head = ['received', 'id', 'feed', 'type', 'control id', 'state', 'answer', 'why'];

function cells({ id, feed, receivedAt, controlId, messageType, ...entry }: MessageRow): string[] {
  const { state, ackCode = '-', lastError = '' } = entry;
  return [receivedAt, id, feed, messageType || '-', controlId || '-', state, ackCode, lastError];
}
