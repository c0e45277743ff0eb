import type { Config } from '../config.ts';
import type { CodeToDo } from '../mapping/codes/worklist.ts';
import type { ParsedArguments } from './arguments.ts';
import { readOpenCodes } from './codes-source.ts';
import { codeSheet } from './codes-sheet.ts';
import { exitCode, type CliIo, type ExitCode } from './io.ts';
import { table } from './table.ts';

/**
 * `weir codes todo [PATH...]`: the codes that say nothing beyond their sender, most frequent first: of messages by the site's
 * maps, or of a running server. `--csv` is a sheet to fill in for `codes import`.
 */
export async function codesTodoCommand(
  config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const codes = await readOpenCodes(config, args, io);
  if (codes === undefined) return exitCode.no;
  if (args.flags['--csv'] === true) io.stdout.write(codeSheet(codes));
  else if (args.flags['--json'] === true) io.stdout.write(`${JSON.stringify(codes, null, 2)}\n`);
  else io.stdout.write(`${page(codes).join('\n')}\n`);
  return exitCode.done;
}

function page(codes: readonly CodeToDo[]): readonly string[] {
  if (codes.length === 0)
    return ['Nothing to do: every code has a row, or a system that others know'];
  const head = [
    'times',
    'feed',
    'table',
    'code',
    'display',
    'system',
    'at',
    'first',
    'last',
    'example',
  ];
  const rows = codes.map(
    ({ count, feed, code, display, system, firstAt, lastAt, example, ...of }) => [
      ...[String(count), feed, of.table || '-', code, display || '-', system || '-'],
      ...[
        [of.position, of.element].filter(Boolean).join(' '),
        firstAt || '-',
        lastAt || '-',
        example,
      ],
    ],
  );
  return [...table(head, rows), '', `${String(codes.length)} codes to do`];
}
