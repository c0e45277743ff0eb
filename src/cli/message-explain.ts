import type { Config } from '../config.ts';
import type { MessageExplanation } from '../feed/explain.ts';
import type { MessageReport } from '../feed/journal-entry.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';
import { askServer } from './message-server.ts';

/** `weir message explain ID`: what no rule read, codes without a row, and the rule behind every element. */
export async function messageExplainCommand(
  config: Config,
  { positional, flags }: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const [id, ...others] = positional;
  if (!id || others.length > 0) {
    throw new UsageError('Name one message: message explain ID');
  }
  const path = `messages/${encodeURIComponent(id)}/explain`;
  const explained = await askServer<MessageExplanation>(config, path);
  const shown = flags['--json'] === true ? [JSON.stringify(explained, null, 2)] : page(explained);
  io.stdout.write(`${shown.join('\n')}\n`);
  return exitCode.done;
}

function page({ entry, then, now, elements }: MessageExplanation): readonly string[] {
  const { messageType, controlId, id, state, lastError } = entry;
  const isSame =
    JSON.stringify({ ...then, charset: '' }) === JSON.stringify({ ...now, charset: '' });
  const targets = Math.max(0, ...elements.map(({ target }) => target.length));
  const sources = Math.max(0, ...elements.map(({ source = '' }) => source.length));
  return [
    `${messageType} ${controlId}  ${id}  ${state}${lastError === undefined ? '' : `  ${lastError}`}`,
    ...(isSame
      ? []
      : ['', `When it was processed (${then.map || 'no map'})`, ...reportLines(then)]),
    '',
    `By the maps of now (${now.map || 'no map'})`,
    ...reportLines(now),
    ...elements.map(({ target, source = '', rule, table }) => {
      const row = table === undefined ? '' : `  ${table}`;
      return `  ${target.padEnd(targets)}  ${source.padEnd(sources)}  ${rule}${row}`;
    }),
  ];
}

function reportLines({ loss, unmapped, issues }: MessageReport): readonly string[] {
  return [
    ...loss.map(({ position, count }) => `  not read by any rule: ${position} (${String(count)})`),
    ...unmapped.map(
      ({ position, table, code, count }) =>
        `  code without a row: ${position} ${table} ${code} (${String(count)})`,
    ),
    ...issues.map(({ severity, code, location = '', diagnostics }) => {
      return `  ${[severity, code, location].filter(Boolean).join(' ')}: ${diagnostics}`;
    }),
  ];
}
