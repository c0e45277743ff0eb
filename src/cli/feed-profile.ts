import type { Config } from '../config.ts';
import { decodeFrame } from '../hl7v2/charset.ts';
import { parseMessage } from '../hl7v2/parse.ts';
import { Profiler, type CountOf, type FieldProfile, type Profile } from '../hl7v2/profile.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';
import { readMessages } from './message-files.ts';
import { sampleName } from './sample-name.ts';
import { table } from './table.ts';

/**
 * `weir feed profile PATH...`: what the messages of a sender look like: types, versions, charsets, senders, segments,
 * and each field in use with how often, how long, how many repetitions and which codes. Shows no names and no
 * free text: of fields that HL7 does not know only the shape. `no` where nothing could be read.
 */
export async function feedProfileCommand(
  _config: Config,
  { positional, flags }: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  if (positional.length === 0) throw new UsageError('Name files, folders (*.hl7), or - for stdin');
  const profiler = new Profiler();
  let unread = 0;
  for await (const { file, index, bytes } of readMessages(positional, io)) {
    const decoded = decodeFrame(bytes);
    const { message } = parseMessage(decoded.text);
    if (message === undefined) {
      unread += 1;
      io.stderr.write(`${sampleName(file, index)} has no MSH that can be read\n`);
    } else profiler.add(message, decoded.charset);
  }
  const profile = profiler.result();
  const text = flags['--json'] === true ? JSON.stringify({ ...profile, unread }) : page(profile);
  io.stdout.write(`${text}\n`);
  return profile.messages > 0 ? exitCode.done : exitCode.no;
}

function page(profile: Profile): string {
  const { messages, types, versions, charsets, senders, authorities, segments, fields } = profile;
  return [
    `${String(messages)} messages`,
    `types        ${counted(types)}`,
    `versions     ${counted(versions)}`,
    `charsets     ${counted(charsets)}`,
    `senders      ${counted(senders)}`,
    `authorities  ${counted(authorities)}`,
    '',
    ...table(
      ['segment', 'messages', 'most', ''],
      segments.map(({ name, messages: having, most, known }) => [
        name,
        share(having, messages),
        String(most),
        known ? '' : 'not of HL7',
      ]),
    ),
    '',
    ...table(
      ['field', 'type', 'valued', 'rep', 'length', 'components', 'name and codes'],
      fields.map((field) => row(field, segments)),
    ),
  ].join('\n');
}

function row(field: FieldProfile, segments: Profile['segments']): readonly string[] {
  const { position, name = 'not of HL7', dataType = '', valued, nulls } = field;
  const all = segments.find((segment) => segment.name === position.slice(0, 3))?.count ?? 0;
  const values = field.codes.length > 0 ? field.codes : field.shapes;
  return [
    position,
    dataType,
    `${share(valued, all)}${nulls > 0 ? ` (${String(nulls)} "")` : ''}`,
    String(field.repetitionsMax),
    String(field.lengthMax),
    field.components.join(' '),
    `${name}${values.length === 0 ? '' : `: ${counted(values.slice(0, 12))}`}`,
  ];
}

function share(part: number, all: number): string {
  return `${String(Math.round((100 * part) / Math.max(all, 1)))} %`;
}

function counted(values: readonly CountOf[]): string {
  return values
    .map(({ value, count }) => `${value === '' ? '(none)' : value} (${String(count)})`)
    .join(', ');
}
