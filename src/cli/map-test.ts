import { existsSync } from 'node:fs';
import type { Config } from '../config.ts';
import type { CompiledPack } from '../mapping/pack.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';
import { findCases, runCase } from './map-case.ts';
import { faultLines, openMaps } from './maps.ts';

/**
 * `weir map test [DIR...]`: runs the cases below the folders (`fixtures` where none is named), prints each
 * that fails and why, then the rules that no case reached. `no` if a case fails or the maps have a fault.
 */
export async function mapTestCommand(
  config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const { site, zone } = config;
  const { pack, feeds, faults } = await openMaps({ site, zone });
  if (!pack) {
    io.stdout.write(faultLines(faults));
    return exitCode.no;
  }
  // A fixed arrival: a case must give the same today and tomorrow.
  const mapping = { pack, feeds, receivedAt: new Date('2026-01-01T00:00:00Z') };
  const reached = new Set<string>();
  let failed = 0;
  let count = 0;
  for (const folder of foldersOf(args.positional)) {
    for (const one of await findCases(folder)) {
      const { failures, rules } = await runCase(one, mapping);
      for (const rule of rules) reached.add(rule);
      count += 1;
      failed += failures.length > 0 ? 1 : 0;
      io.stdout.write(`${failures.length > 0 ? 'FAIL' : 'ok  '} ${one.name}\n`);
      for (const failure of failures) io.stdout.write(`       ${failure}\n`);
    }
  }
  io.stdout.write(coverage(pack, reached));
  io.stdout.write(`${String(count)} cases, ${String(failed)} failed\n`);
  return failed > 0 || count === 0 ? exitCode.no : exitCode.done;
}

function foldersOf(named: readonly string[]): readonly string[] {
  const folders = named.length === 0 ? ['fixtures'] : named;
  for (const folder of folders) {
    if (!existsSync(folder)) throw new UsageError(`There is no folder ${folder}`);
  }
  return folders;
}

/** Rules by place: slots of a segment map that several messages use count once. */
function coverage(pack: CompiledPack, reached: ReadonlySet<string>): string {
  const all = new Map<string, string>();
  for (const { base, variants } of pack.maps) {
    for (const { rule, name } of [base, ...variants.map(({ map }) => map)].flatMap(
      ({ rules }) => rules,
    )) {
      if (!all.has(rule)) all.set(rule, name);
    }
  }
  const missed = [...all].filter(([rule]) => !reached.has(rule));
  const share = all.size === 0 ? 0 : Math.floor((100 * (all.size - missed.length)) / all.size);
  const lines = missed.map(([rule, name]) => `not reached: ${rule} ${name}\n`);
  return `${lines.join('')}rules reached: ${String(all.size - missed.length)} of ${String(all.size)} (${String(share)} %)\n`;
}
