import { readFile } from 'node:fs/promises';
import type { Config } from '../config.ts';
import type { CodeList } from '../feed/code-worklist.ts';
import type { Message } from '../hl7v2/message.ts';
import { openCodesOf } from '../mapping/codes/open-code.ts';
import { CodeWorklist, type CodeToDo } from '../mapping/codes/worklist.ts';
import { readCodeSheet } from './codes-sheet.ts';
import type { ParsedArguments } from './arguments.ts';
import type { CliIo } from './io.ts';
import { mapBytes } from './map-message.ts';
import { readMessages } from './message-files.ts';
import { askServer } from './message-server.ts';
import { openMapping } from './open-mapping.ts';
import { sampleName } from './sample-name.ts';

/**
 * The codes that are still open: of the messages of files and folders by the site's maps, of a sheet that `codes todo --csv`
 * wrote, or, where no path is given, of a running server. Undefined where the maps have a fault: stderr says so.
 */
export async function readOpenCodes(
  config: Config,
  { positional, flags }: ParsedArguments,
  io: CliIo,
): Promise<readonly CodeToDo[] | undefined> {
  const sheets = positional.filter((path) => path.endsWith('.csv'));
  const paths = positional.filter((path) => !path.endsWith('.csv'));
  const rows: CodeToDo[] = [];
  for (const sheet of sheets) rows.push(...sheetRows(await readFile(sheet, 'utf8')));
  if (paths.length > 0) {
    const found = await ofMessages(config, { paths, flags }, io);
    if (found === undefined) return undefined;
    rows.push(...found);
  }
  if (positional.length === 0) rows.push(...(await ofServer(config, flags, io)));
  const { '--table': table } = flags;
  return typeof table === 'string' ? rows.filter((row) => row.table === table) : rows;
}

async function ofMessages(
  config: Config,
  given: { readonly paths: readonly string[]; readonly flags: ParsedArguments['flags'] },
  io: CliIo,
): Promise<readonly CodeToDo[] | undefined> {
  const mapping = await openMapping(config, given.flags, io);
  if (mapping === undefined) return undefined;
  const list = new CodeWorklist();
  for await (const { file, index, bytes } of readMessages(given.paths, io)) {
    const { reading, result } = mapBytes(bytes, mapping);
    if (result === undefined) continue;
    const example = sampleName(file, index);
    list.add(openCodesOf(result), {
      feed: reading.feed.name,
      at: saidAt(reading.message),
      example,
    });
  }
  return list.rows();
}

/** MSH-7 to the second, in the sender's own time. */
function saidAt(message: Message | undefined): string {
  const said = message?.segment('MSH')?.field(7).text ?? '';
  const match = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?/.exec(said);
  if (match === null) return '';
  const [, year = '', month = '', day = '', hour, minute = '', second = '00'] = match;
  const date = `${year}-${month}-${day}`;
  return hour === undefined ? date : `${date}T${hour}:${minute}:${second}`;
}

async function ofServer(
  config: Config,
  flags: ParsedArguments['flags'],
  io: CliIo,
): Promise<readonly CodeToDo[]> {
  const { '--feed': feed, '--count': count } = flags;
  const query = new URLSearchParams({
    ...(typeof feed === 'string' ? { feed } : {}),
    ...(typeof count === 'string' ? { count } : {}),
  });
  const { codes, messages, more } = await askServer<CodeList>(config, `codes?${query.toString()}`);
  const older = more ? '; --count reads more of them through' : '';
  io.stderr.write(
    `Codes of no table are those of the newest ${String(messages)} messages${older}\n`,
  );
  return codes;
}

function sheetRows(text: string): readonly CodeToDo[] {
  const { rows } = readCodeSheet(text);
  return rows.map(({ cells }) => ({
    feed: cells.feed.text,
    table: cells.table.text,
    system: cells.system.text,
    code: cells.code.text,
    display: cells.display.text,
    position: cells.position.text,
    element: cells.element.text,
    count: Number(cells.count.text) || 0,
    firstAt: cells.first.text,
    lastAt: cells.last.text,
    example: cells.example.text,
  }));
}
