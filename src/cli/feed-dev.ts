import { existsSync, watch } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { CompileMemory } from '../mapping/compile-memory.ts';
import type { MapFile } from '../mapping/language/yaml-tree.ts';
import { compareResults, type MappedDifference } from '../mapping/compare.ts';
import type { ParsedArguments } from './arguments.ts';
import { Gaps } from './feed-gaps.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';
import { mapBytes, type MappedMessage } from './map-message.ts';
import { faultLines, openMaps } from './maps.ts';
import { readMessages, type MessageInFile } from './message-files.ts';
import { sampleName } from './sample-name.ts';
import { table } from './table.ts';

/**
 * `weir feed dev PATH... --site DIR [--feed NAME] [--watch]`: runs all samples through the site's maps: the answer, what is
 * made, what is left over. With `--watch` again at every save in the site, with what has changed since, by rule, until
 * it is told to stop. `no` where the maps have a fault, a sample is refused or anything is left over.
 */
export async function feedDevCommand(
  config: Config,
  { positional, flags }: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  if (positional.length === 0) throw new UsageError('Name files or folders with samples');
  if (config.site === '' || !existsSync(config.site))
    throw new UsageError('Name the site: --site DIR');
  const feed = flags['--feed'];
  const samples: MessageInFile[] = [];
  for await (const message of readMessages(positional, io)) samples.push(message);
  const bench = new SampleBench(samples, {
    site: config.site,
    zone: config.zone,
    ...(typeof feed === 'string' && { feed }),
  });
  const nextSave = flags['--watch'] === true ? saves(config.site) : undefined;
  const first = await bench.run();
  io.stdout.write(first.text);
  if (nextSave === undefined) return first.isClean ? exitCode.done : exitCode.no;
  while (await nextSave()) io.stdout.write((await bench.run()).text);
  return exitCode.done;
}

/** How long a save may take: editors write a file in several steps. */
const settleMs = 30;

/** Each time something of the site was saved, from now on. Ends when the process is told to stop. */
function saves(site: string): () => Promise<boolean> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  let saved = Promise.withResolvers<void>();
  const watcher = watch(site, { recursive: true, signal: stop.signal }, (_event, name) => {
    if (name === null || basename(name).endsWith('.yaml')) saved.resolve();
  });
  watcher.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => {
    stop.signal.addEventListener('abort', () => resolve());
  });
  return async () => {
    await Promise.race([saved.promise, ended]);
    if (stop.signal.aborted) return false;
    await setTimeout(settleMs);
    saved = Promise.withResolvers();
    return true;
  };
}

interface BenchSources {
  readonly site: string;
  readonly zone: string;
  readonly feed?: string;
}

/** Samples and what the maps made of them last. */
class SampleBench {
  readonly #samples: readonly MessageInFile[];
  readonly #sources: BenchSources;
  readonly #known = new Map<string, MapFile>();
  readonly #memory = new CompileMemory();
  #last: readonly MappedMessage[] | undefined;

  constructor(samples: readonly MessageInFile[], sources: BenchSources) {
    this.#samples = samples;
    this.#sources = sources;
  }

  async run(): Promise<{ readonly text: string; readonly isClean: boolean }> {
    const begun = performance.now();
    const { feed, ...sources } = this.#sources;
    const opened = await openMaps({
      ...sources,
      known: this.#known,
      memory: this.#memory,
    }).catch((error: unknown) => {
      if (error instanceof UsageError) return error;
      throw error;
    });
    if (opened instanceof UsageError) return { text: `${opened.message}\n`, isClean: false };
    const { pack, feeds, faults } = opened;
    if (pack === undefined) return { text: faultLines(faults), isClean: false };
    if (feed !== undefined && !feeds.some(({ name }) => name === feed)) {
      return { text: `There is no feed ${feed} in the site\n`, isClean: false };
    }
    const mapping = { pack, feeds, receivedAt: new Date(), ...(feed !== undefined && { feed }) };
    const mapped = this.#samples.map(({ bytes }) => mapBytes(bytes, mapping));
    const changes = this.#last === undefined ? undefined : this.#changes(this.#last, mapped);
    this.#last = mapped;
    const ms = (performance.now() - begun).toFixed(0);
    const { text, isClean } = this.#report(mapped);
    return { text: `${changes ?? text}${summary(mapped, ms)}\n`, isClean };
  }

  #report(mapped: readonly MappedMessage[]): { readonly text: string; readonly isClean: boolean } {
    const rows = mapped.map((one, at) => {
      const { file = '', index = 0 } = this.#samples[at] ?? {};
      return [sampleName(file, index), ...outcomeOf(one)];
    });
    const head = ['sample', 'type', 'ack', 'made', 'left over'];
    const isClean = mapped.length > 0 && rows.every((row) => row.at(-1) === '');
    return { text: `${table(head, rows).join('\n')}\n`, isClean };
  }

  /** What has changed since the last run, by rule. */
  #changes(before: readonly MappedMessage[], after: readonly MappedMessage[]): string {
    const lines = new Map<string, number>();
    const count = (line: string): void => void lines.set(line, (lines.get(line) ?? 0) + 1);
    for (const [at, mapped] of after.entries()) {
      const earlier = before[at];
      if (earlier === undefined) continue;
      if (earlier.ack !== mapped.ack) count(`ack ${earlier.ack} -> ${mapped.ack}`);
      for (const difference of compareResults(madeBy(earlier), madeBy(mapped))) {
        count(differenceLine(difference));
      }
      const [was = '', is = ''] = [earlier, mapped].map((one) => outcomeOf(one).at(-1));
      if (was !== is)
        count(`left over: ${was === '' ? 'nothing' : was} -> ${is === '' ? 'nothing' : is}`);
    }
    if (lines.size === 0) return 'nothing has changed\n';
    return [...lines].map(([line, times]) => `${line} (${String(times)})\n`).join('');
  }
}

function madeBy({ result, ack }: MappedMessage) {
  return result !== undefined && ack === 'AA' ? result : { resources: [], trace: [] };
}

function differenceLine({ type, element, rule, ...values }: MappedDifference): string {
  const sign = !('before' in values) ? '+' : !('after' in values) ? '-' : '~';
  return `${sign} ${element === '' ? type : `${type}.${element}`}  <- ${rule}`;
}

function outcomeOf({ reading, result, ack, issues }: MappedMessage): readonly string[] {
  const worst = issues.find(({ severity }) => severity === 'error' || severity === 'fatal');
  const left = [
    ...(worst === undefined ? [] : [worst.diagnostics]),
    ...(result?.loss ?? []).map(({ position }) => position),
    ...(result?.unmapped ?? []).map(({ table: name, code }) => `${name}[${code}]`),
  ];
  const made = ack === 'AA' ? String(result?.resources.length ?? 0) : '0';
  return [reading.messageType, ack, made, left.join(', ')];
}

function summary(mapped: readonly MappedMessage[], ms: string): string {
  const gaps = new Gaps();
  for (const one of mapped) gaps.add('', one);
  const { messages, lost, unmapped, refused } = gaps.result();
  const refusals = refused.reduce((sum, { count }) => sum + count, 0);
  const left = `${String(lost.length)} fields and ${String(unmapped.length)} codes left over`;
  return `${String(messages)} samples, ${String(refusals)} refused, ${left}; ${ms} ms`;
}
