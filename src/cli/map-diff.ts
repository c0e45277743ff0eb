import type { Config } from '../config.ts';
import { stringify } from '../fhir/json.ts';
import { compareResults, type MappedDifference } from '../mapping/compare.ts';
import type { MappingResult } from '../mapping/result.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';
import { mapBytes, type Mapping } from './map-message.ts';
import { readMessages } from './message-files.ts';
import { openMapping } from './open-mapping.ts';
import { sampleName } from './sample-name.ts';

/**
 * `weir map diff PATH... (--overlay FILE | --with DIR)`: maps messages by the site as it is and by it with an overlay more,
 * or by another site, and groups what differs by the rule that makes it. `no` where anything differs.
 */
export async function mapDiffCommand(
  config: Config,
  { positional, flags }: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const { '--overlay': overlay, '--with': other, '--feed': feed } = flags;
  if (positional.length === 0) throw new UsageError('Name files, folders (*.hl7), or - for stdin');
  if ((overlay === undefined) === (other === undefined)) {
    throw new UsageError('Say what to compare with: --overlay FILE or --with DIR, a site');
  }
  const named = feed === undefined ? {} : { '--feed': feed };
  const before = await openMapping(config, named, io);
  const after =
    typeof other === 'string'
      ? await openMapping({ ...config, site: other }, named, io)
      : await openMapping(
          config,
          { ...named, ...(overlay !== undefined && { '--overlay': overlay }) },
          io,
        );
  if (before === undefined || after === undefined) return exitCode.no;
  const groups = await grouped(positional, { before, after }, io);
  const text =
    flags['--json'] === true ? stringify([...groups.values()]) : page([...groups.values()]);
  io.stdout.write(`${text}\n`);
  return groups.size === 0 ? exitCode.done : exitCode.no;
}

/** What one rule makes differently. */
interface RuleDifferences {
  readonly rule: string;
  /** `Observation.code`, and how often. */
  readonly elements: Record<string, number>;
  readonly messages: string[];
  /** The first of them. */
  readonly example: MappedDifference;
}

async function grouped(
  paths: readonly string[],
  { before, after }: { readonly before: Mapping; readonly after: Mapping },
  io: CliIo,
): Promise<ReadonlyMap<string, RuleDifferences>> {
  const groups = new Map<string, RuleDifferences>();
  for await (const { file, index, bytes } of readMessages(paths, io)) {
    const made = compareResults(resultOf(bytes, before), resultOf(bytes, after));
    for (const difference of made) {
      const { rule, type, element } = difference;
      const group = groups.get(rule) ?? { rule, elements: {}, messages: [], example: difference };
      const name = element === '' ? type : `${type}.${element}`;
      group.elements[name] = (group.elements[name] ?? 0) + 1;
      const sample = sampleName(file, index);
      if (group.messages.at(-1) !== sample) group.messages.push(sample);
      groups.set(rule, group);
    }
  }
  return groups;
}

/** A message that is refused makes nothing. */
function resultOf(bytes: Uint8Array, mapping: Mapping): Pick<MappingResult, 'resources' | 'trace'> {
  const { result, ack } = mapBytes(bytes, mapping);
  return result !== undefined && ack === 'AA' ? result : { resources: [], trace: [] };
}

function page(groups: readonly RuleDifferences[]): string {
  if (groups.length === 0) return 'No difference';
  return groups
    .toSorted((a, b) => b.messages.length - a.messages.length)
    .map(({ rule, elements, messages, example }) => {
      const counts = Object.entries(elements).map(([name, count]) => `${name} (${String(count)})`);
      return [
        `${rule === '' ? 'no rule of its own' : rule}: ${counts.join(', ')}, in ${String(messages.length)} messages`,
        `    ${messages[0] ?? ''}`,
        `    - ${shown(example.before)}`,
        `    + ${shown(example.after)}`,
      ].join('\n');
    })
    .join('\n');
}

function shown(value: unknown): string {
  return value === undefined ? '(nothing)' : stringify(value);
}
