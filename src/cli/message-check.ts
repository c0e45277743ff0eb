import type { Config } from '../config.ts';
import { checkMessage, type MessageCheck } from '../hl7v2/check-message.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';
import { readMessages } from './message-files.ts';

/** The kinds of faults that most messages have, most frequent first. */
const tallyMax = 10;

/**
 * `weir message check FILE...`: every message of files, folders and `-` against HL7's definitions of its version; a line for
 * each fault, and how many conform. `done` where all do, else `no`.
 */
export async function messageCheckCommand(
  _config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  if (args.positional.length === 0)
    throw new UsageError('Name files or folders: message check FILE...');
  const json = args.flags['--json'] === true;
  const tally = new Map<string, number>();
  let messages = 0;
  let conforming = 0;
  for await (const { file, index, bytes } of readMessages(args.positional, io)) {
    const check = checkMessage(bytes);
    messages += 1;
    if (check.faults.length === 0) conforming += 1;
    for (const each of new Set(check.faults.map(kindOf)))
      tally.set(each, (tally.get(each) ?? 0) + 1);
    if (json) io.stdout.write(`${JSON.stringify({ file, index, ...check })}\n`);
    else for (const line of linesOf(file, index, check)) io.stdout.write(`${line}\n`);
  }
  const rate = messages === 0 ? 1 : conforming / messages;
  const most = [...tally].sort(([, a], [, b]) => b - a).slice(0, tallyMax);
  if (json) {
    const summary = { messages, conforming, rate, most: Object.fromEntries(most) };
    io.stdout.write(`${JSON.stringify({ summary })}\n`);
  } else {
    const share = `${(100 * rate).toFixed(1)} %`;
    io.stdout.write(`${String(conforming)} of ${String(messages)} messages conform (${share})\n`);
    for (const [kind, count] of most) io.stdout.write(`  ${kind} in ${String(count)}\n`);
  }
  return conforming === messages ? exitCode.done : exitCode.no;
}

/** `file:1 PID-8 table table 0001 has no X`. Messages of a file count from 1 for people. */
function linesOf(file: string, index: number, { faults }: MessageCheck): readonly string[] {
  return faults.map(
    ({ position, kind, text }) => `${file}:${String(index + 1)} ${position} ${kind} ${text}`,
  );
}

/** `PID-8 table`: the same in every message. */
function kindOf({ position, kind }: MessageCheck['faults'][number]): string {
  return `${position.replaceAll(/\[\d+\]/g, '')} ${kind}`;
}
