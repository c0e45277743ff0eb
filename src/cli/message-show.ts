import type { Config } from '../config.ts';
import type { MessageDescription } from '../feed/describe.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';
import { askServer } from './message-server.ts';
import { reasonIn } from './message-work.ts';

/**
 * `weir message show ID`: one message as it came, as it was read, what it wrote and what was left over. Who it is about is
 * masked; `--unmask` shows it, for a reason that is audited. ID is the journal's or a control id (MSH-10).
 */
export async function messageShowCommand(
  config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const [id, ...others] = args.positional;
  if (!id || others.length > 0) throw new UsageError('Name one message: message show ID');
  const { reason } = reasonIn(args);
  const unmask = args.flags['--unmask'] === true;
  if (unmask && reason === undefined) {
    throw new UsageError('Say with --reason why you have to see it; it is audited');
  }
  const query = unmask ? `?${new URLSearchParams({ unmask: 'true', reason: reason ?? '' })}` : '';
  const path = `messages/${encodeURIComponent(id)}${query}`;
  const message = await askServer<MessageDescription>(config, path);
  const shown = args.flags['--json'] === true ? JSON.stringify(message, null, 2) : page(message);
  io.stdout.write(`${shown}\n`);
  return exitCode.done;
}

function page(message: MessageDescription): string {
  const { entry, raw, ack, parsed, resources, map, notes } = message;
  const width = Math.max(...parsed.map(({ position }) => position.length), 0);
  return [
    ...rows([
      ['id', entry.id],
      ['feed', `${entry.feed} from ${entry.peer}, ${entry.receivedAt}`],
      ['message', `${entry.messageType} ${entry.controlId}`],
      [
        'state',
        `${entry.state}, answered ${entry.ackCode ?? 'nothing'}, attempts ${entry.attempts}`,
      ],
      ['error', entry.lastError ?? ''],
      ['patient', entry.patient ?? ''],
      ['map', map],
      ['instead', entry.supersededBy ?? ''],
    ]),
    ...part('Done with it', notes.map(noteLine)),
    ...part(
      message.masked ? 'Raw (masked; --unmask --reason TEXT shows it)' : 'Raw',
      raw.split('\n'),
    ),
    ...part('Answer', ack.split('\n')),
    ...part(
      'Parsed',
      parsed.map(({ position, name, value }) => `${position.padEnd(width)}  ${value}  ${name}`),
    ),
    ...part('Written', [...message.written]),
    ...part(
      'Mapped',
      resources.map((resource) => JSON.stringify(resource)),
    ),
    ...leftOver(message),
  ].join('\n');
}

function leftOver({ loss, unmapped, issues }: MessageDescription): readonly string[] {
  return [
    ...part(
      'Not read by any rule',
      loss.map(({ position, count }) => `${position} (${count})`),
    ),
    ...part(
      'Codes without a row',
      unmapped.map(({ position, table, code, count }) => `${position} ${table} ${code} (${count})`),
    ),
    ...part(
      'Remarks',
      issues.map(({ severity, code, location = '', diagnostics }) => {
        const place = location === '' ? '' : ` ${location}`;
        return `${severity} ${code}${place}: ${diagnostics}`;
      }),
    ),
  ];
}

/** When, who, what, which other message, why; then how it stood before. */
function noteLine(note: MessageDescription['notes'][number]): string {
  const { at, by, action, message = '', reason = '', was = '', error = '', refused = '' } = note;
  const before = was === '' ? '' : `was ${was}`;
  const parts = [at, by, action, message, reason, before, error];
  return [...parts, refused === '' ? '' : `refused: ${refused}`].filter(Boolean).join('  ');
}

function rows(pairs: readonly (readonly [string, string])[]): readonly string[] {
  return pairs
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name.padEnd(8)} ${value}`);
}

function part(title: string, lines: readonly string[]): readonly string[] {
  const shown = lines.filter((line) => line !== '');
  return shown.length === 0 ? [] : ['', title, ...shown.map((line) => `  ${line}`)];
}
