import type { Config } from '../config.ts';
import type { ParsedArguments } from './arguments.ts';
import { UsageError, type CliIo } from './io.ts';
import type { Mapping } from './map-message.ts';
import { faultLines, openMaps } from './maps.ts';

/**
 * The base pack with the site's maps and feeds, and what `--overlay FILE` and `--feed NAME` say. Undefined where the maps
 * have a fault: it is on stderr then. Throws {@link UsageError} for a feed that there is not.
 */
export async function openMapping(
  { site, zone }: Config,
  flags: ParsedArguments['flags'],
  io: Pick<CliIo, 'stderr'>,
): Promise<Mapping | undefined> {
  const { '--overlay': overlay, '--feed': feed } = flags;
  const { pack, feeds, faults } = await openMaps({
    site,
    zone,
    ...(typeof overlay === 'string' && { overlay }),
  });
  if (!pack) {
    io.stderr.write(faultLines(faults));
    return undefined;
  }
  if (typeof feed === 'string' && !feeds.some(({ name }) => name === feed)) {
    throw new UsageError(
      `There is no feed ${feed}; there is ${feeds.map(({ name }) => name).join(', ')}`,
    );
  }
  return { pack, feeds, receivedAt: new Date(), ...(typeof feed === 'string' && { feed }) };
}
