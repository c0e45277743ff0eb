import type { Config } from '../config.ts';
import type { MessageRow } from '../feed/describe.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, type CliIo, type ExitCode } from './io.ts';
import { askServer, conditionsOf } from './message-server.ts';

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
  for (const line of table(page.entries)) io.stdout.write(`${line}\n`);
  if (page.entries.length === 0) io.stderr.write('No message like that\n');
  if (page.next !== undefined) io.stderr.write(`There are older ones: --cursor ${page.next}\n`);
  return exitCode.done;
}

/** Columns as wide as what is in them; the reason comes last. */
function table(entries: readonly MessageRow[]): readonly string[] {
  const rows = entries.map((entry) => [
    ...[entry.receivedAt, entry.id, entry.feed, entry.messageType || '-', entry.controlId || '-'],
    ...[entry.state, entry.ackCode ?? '-', entry.lastError ?? ''],
  ]);
  const width = (column: number): number =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(width(at)))
      .join('  ')
      .trimEnd(),
  );
}
