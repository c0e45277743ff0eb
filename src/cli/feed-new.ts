import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../config.ts';
import { Profiler, type Profile } from '../hl7v2/profile.ts';
import { sampleName } from './sample-name.ts';
import type { ParsedArguments } from './arguments.ts';
import { Gaps, type FoundGaps } from './feed-gaps.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';
import { mapBytes } from './map-message.ts';
import { readMessages } from './message-files.ts';
import { openMapping } from './open-mapping.ts';

/**
 * `weir feed new NAME PATH... --site DIR`: begins a feed from messages of its sender: a feed file that says who it is, an
 * overlay pinned to the maps that its messages take, and in both what is still to be decided, as comments. Writes over nothing.
 */
export async function feedNewCommand(
  config: Config,
  { positional, flags }: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const [name, ...paths] = positional;
  if (name === undefined || !/^[a-z0-9][a-z0-9-]{0,63}$/.test(name)) {
    throw new UsageError('Name the feed by lower-case letters, digits and hyphens');
  }
  if (paths.length === 0) throw new UsageError('Name files or folders with messages of its sender');
  if (config.site === '') throw new UsageError('Name the site: --site DIR');
  const files = {
    feed: join(config.site, 'feeds', `${name}.feed.yaml`),
    overlay: join(config.site, 'mappings', `${name}.overlay.yaml`),
  };
  for (const file of Object.values(files)) {
    if (existsSync(file)) throw new UsageError(`${file} is there already; nothing was written`);
  }
  const samples = await readSamples(config, paths, io);
  if (samples === undefined) return exitCode.no;
  const { profile, gaps, maps } = samples;
  const title = flags['--title'];
  const facts = { name, title: typeof title === 'string' ? title : name, zone: config.zone };
  await write(files.feed, feedFile(facts, profile));
  io.stdout.write(`${files.feed}\n`);
  if (maps.length > 0) {
    await write(files.overlay, overlayFile(name, maps, gaps));
    io.stdout.write(`${files.overlay}\n`);
  }
  return exitCode.done;
}

interface Samples {
  readonly profile: Profile;
  readonly gaps: FoundGaps;
  /** The maps that the messages take, with their versions: `oru-r01@1`. */
  readonly maps: readonly string[];
}

/** Undefined where none can be read or the maps have a fault: stderr says so. */
async function readSamples(
  config: Config,
  paths: readonly string[],
  io: CliIo,
): Promise<Samples | undefined> {
  const mapping = await openMapping(config, {}, io);
  if (mapping === undefined) return undefined;
  const profiler = new Profiler();
  const gaps = new Gaps();
  const maps = new Set<string>();
  for await (const { file, index, bytes } of readMessages(paths, io)) {
    const name = sampleName(file, index);
    const mapped = mapBytes(bytes, mapping);
    const { message, charset } = mapped.reading;
    if (message === undefined) io.stderr.write(`${name} has no MSH that can be read\n`);
    else profiler.add(message, charset);
    gaps.add(name, mapped);
    const [map = ''] = mapped.result?.map.split('+') ?? [];
    if (map !== '') maps.add(map);
  }
  const profile = profiler.result();
  if (profile.messages > 0) return { profile, gaps: gaps.result(), maps: [...maps] };
  io.stderr.write('No message could be read; nothing was written\n');
  return undefined;
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  // Another may have been faster.
  await writeFile(file, text, { flag: 'wx' });
}

interface FeedFacts {
  readonly name: string;
  readonly title: string;
  readonly zone: string;
}

function feedFile({ name, title, zone }: FeedFacts, profile: Profile): string {
  const { messages, types, senders, authorities } = profile;
  const [sender, ...others] = senders.map(({ value }) => value.split('|'));
  const [application = '', facility = ''] = sender ?? [];
  const parts = [
    ...(application === '' ? [] : [`application: ${quoted(application)}`]),
    ...(facility === '' ? [] : [`facility: ${quoted(facility)}`]),
  ];
  const known = authorities.map(({ value }) => value);
  return [
    `# Made from ${String(messages)} messages: ${types.map(({ value }) => value).join(', ')}.`,
    '# What a question mark stands beside is for you to decide.',
    `feed: ${name}`,
    `title: ${quoted(title)}`,
    ...(parts.length === 0 ? [] : [`sender: { ${parts.join(', ')} }`]),
    ...others.map(
      (other) =>
        `# ? It also sends as ${other.join(' | ')}: another feed, or leave out what differs.`,
    ),
    `zone: ${zone} # ? where its clocks are`,
    '# expectedEvery: PT1H # ? how often it usually speaks',
    ...(known.length === 0
      ? []
      : [
          '# ? The system of its numbers; until it is said here, urn:weir:authority:NAMESPACE.',
          '# authorities:',
          ...known.map((namespace) => `#   ${quoted(namespace)}: https://...`),
        ]),
    '',
  ].join('\n');
}

function overlayFile(name: string, maps: readonly string[], gaps: FoundGaps): string {
  const { lost, unmapped } = gaps;
  return [
    '# What this sender does differently from the base pack. `weir feed gaps` says what is still left over.',
    `overlay: ${name}`,
    `base: [${maps.join(', ')}]`,
    `when: { feed: [${name}] }`,
    ...(lost.length === 0
      ? []
      : [
          '',
          '# ? Read by no rule: give each a slot under `resources`, or say here why it is left out.',
          '# ignore:',
          ...lost.map(
            (gap) => `#   ${gap.position}: ${gap.name}, in ${String(gap.messages)} messages`,
          ),
        ]),
    ...(unmapped.length === 0
      ? []
      : [
          '',
          '# ? Codes that a table has no row for.',
          '# tables:',
          ...[...Map.groupBy(unmapped, ({ table }) => table)].flatMap(([table, codes]) => [
            `#   ${table}:`,
            ...codes.map((gap) => {
              return `#     ${quoted(gap.code)}: # ${gap.position}, ${String(gap.count)} times`;
            }),
          ]),
        ]),
    '',
  ].join('\n');
}

/** As YAML reads it back as the same text. */
function quoted(text: string): string {
  const isPlain =
    /^[A-Za-z][A-Za-z0-9 ._-]*[A-Za-z0-9._-]$/.test(text) &&
    !/^(true|false|null|yes|no|on|off)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}
