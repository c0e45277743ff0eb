import type { Config } from '../config.ts';
import type { MessageRun } from '../feed/message-run.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';
import { askServer, conditionsOf, followRun, isGood, runLines } from './message-server.ts';
import { reasonIn } from './message-work.ts';

/**
 * `weir message replay --from 24h --feed lab [PID-3=123 ...]`: processes what was taken once more, with the maps of now.
 * `--shadow` writes nothing and tells what would change; `--diff` shows it message by message.
 */
export async function messageReplayCommand(
  config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const { flags } = args;
  const shadow = flags['--shadow'] === true;
  if (flags['--diff'] === true && !shadow) {
    throw new UsageError('--diff shows what a --shadow replay would change');
  }
  const named = ['from', 'to', 'feed'].flatMap((name): [string, string][] => {
    const value = flags[`--${name}`];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  const query = { ...conditionsOf(args.positional), ...Object.fromEntries(named) };
  const body = { query, shadow, ...reasonIn(args) };
  const begun = await askServer<MessageRun>(config, 'messages/replay', body);
  const run = await followRun(config, begun, io);
  await show(config, run, args, io);
  return isGood(run) ? exitCode.done : exitCode.no;
}

/** `weir message run [ID] [--cancel]`: how far runs are, one or all; or the end of one. */
export async function messageRunCommand(
  config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const [id, ...others] = args.positional;
  if (others.length > 0) throw new UsageError('Name one run, or none for all of them');
  if (id === undefined) {
    const { runs } = await askServer<{ runs: readonly MessageRun[] }>(config, 'messages/runs');
    for (const run of runs) {
      io.stdout.write(`${run.id}  ${run.startedAt}  ${run.by}  ${runLines(run)[0] ?? ''}\n`);
    }
    return exitCode.done;
  }
  const path = `messages/runs/${encodeURIComponent(id)}`;
  const run =
    args.flags['--cancel'] === true
      ? await askServer<MessageRun>(config, `${path}/cancel`, {})
      : await askServer<MessageRun>(config, path);
  await show(config, run, args, io);
  return exitCode.done;
}

async function show(
  config: Config,
  run: MessageRun,
  args: ParsedArguments,
  { stdout }: CliIo,
): Promise<void> {
  const { flags } = args;
  const full = flags['--unmask'] === true ? await unmasked(config, run, args) : run;
  if (flags['--json'] === true) {
    stdout.write(`${JSON.stringify(full, null, 2)}\n`);
    return;
  }
  const diff = flags['--diff'] === true ? diffLines(full) : [];
  stdout.write(`${[...runLines(full), ...diff].join('\n')}\n`);
}

async function unmasked(
  config: Config,
  { id }: MessageRun,
  args: ParsedArguments,
): Promise<MessageRun> {
  const { reason = '' } = reasonIn(args);
  if (reason === '')
    throw new UsageError('Say with --reason why you have to see it; it is audited');
  const query = new URLSearchParams({ unmask: 'true', reason });
  return askServer<MessageRun>(config, `messages/runs/${id}?${query.toString()}`);
}

function diffLines({ samples }: MessageRun): readonly string[] {
  return samples.flatMap(({ id, resources }) => [
    '',
    `message ${id}`,
    ...resources.flatMap(({ reference, isNew, differences }) => [
      `  ${reference}${isNew ? ' (new)' : ''}`,
      ...differences.flatMap(({ path, before, after }) => [
        ...(before === undefined ? [] : [`  - ${path}: ${JSON.stringify(before)}`]),
        ...(after === undefined ? [] : [`  + ${path}: ${JSON.stringify(after)}`]),
      ]),
    ]),
  ]);
}
