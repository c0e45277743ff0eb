import type { Config } from '../config.ts';
import type { FeedStatus } from '../feed/feed-status.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';
import { callServer } from './server-call.ts';
import { userName } from './user-name.ts';

/** `weir feed list`: how the feeds of the running server stand; a line each, or JSON. `no` where one is stopped. */
export async function feedListCommand(
  config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  if (args.positional.length > 0) throw new UsageError('feed list takes no name');
  const call = { method: 'GET', path: '/api/feeds', display: 'weir feed list' } as const;
  const answer = (await callServer(config, io, call)) as { feeds: FeedStatus[] } | undefined;
  if (answer === undefined) return exitCode.no;
  const { feeds } = answer;
  io.stdout.write(
    args.flags['--json'] === true
      ? `${JSON.stringify(feeds, null, 2)}\n`
      : feeds.map((feed) => `${line(feed)}\n`).join(''),
  );
  return feeds.some(({ state }) => state === 'stopped') ? exitCode.no : exitCode.done;
}

/** `weir feed resume NAME`: lets a feed go on that a failed message stopped; the audit has who did it, and `--reason`. */
export async function feedResumeCommand(
  config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const [name, ...others] = args.positional;
  if (name === undefined || others.length > 0) {
    throw new UsageError('Name one feed: feed resume NAME');
  }
  const path = `/api/feeds/${encodeURIComponent(name)}/resume`;
  const { '--reason': reason } = args.flags;
  const body = typeof reason === 'string' ? { reason } : {};
  const who = `cli:${userName()}`;
  const call = { method: 'POST', path, body, who, display: 'weir feed resume' } as const;
  const answer = (await callServer(config, io, call)) as { state: string } | undefined;
  if (answer === undefined) return exitCode.no;
  const was = answer.state === 'running' ? 'was not stopped' : 'goes on';
  io.stdout.write(`${name} ${was}\n`);
  return exitCode.done;
}

function line({ feed, state, onFailure, messages, since, message, reason }: FeedStatus): string {
  const counts = Object.entries(messages).map(([name, count]) => `${name} ${String(count)}`);
  const why = since === undefined ? [] : [`since ${since} by ${message ?? ''} (${reason ?? ''})`];
  return [feed.padEnd(16), state.padEnd(8), onFailure.padEnd(12), ...why, counts.join(', ')]
    .join('  ')
    .trimEnd();
}
