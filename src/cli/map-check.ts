import type { Config } from '../config.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, type CliIo, type ExitCode } from './io.ts';
import { faultLines, openMaps } from './maps.ts';

/**
 * `weir map check [PATH...]`: every fault of the base pack, the site's maps and the files or folders
 * named, as `file:line:column: what to do`. `no` if there is any.
 */
export async function mapCheckCommand(
  config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const { site, zone } = config;
  const { pack, faults } = await openMaps({ site, zone, more: args.positional });
  io.stdout.write(faultLines(faults));
  if (!pack) return exitCode.no;
  const events = pack.maps.reduce((count, map) => count + map.events.length, 0);
  io.stdout.write(`${String(pack.maps.length)} maps for ${String(events)} events: no faults\n`);
  return exitCode.done;
}
