import { flagName } from './config.ts';
import type { Config } from './config.ts';
import { watchFolder } from './feed/drop-folder.ts';
import { faultAnswer } from './feed/fault-answer.ts';
import type { Feed } from './feed/feed.ts';
import { openMllpPorts } from './feed/mllp-ports.ts';
import type { MllpPorts } from './feed/mllp-ports.ts';
import type { OnFrame } from './feed/pipeline.ts';
import { fail } from './fhir/issue.ts';
import { limits } from './limits.ts';
import { parseAddress } from './ops/address.ts';
import type { Log } from './ops/log.ts';

/** What takes messages in, besides HTTP. */
interface WaysIn {
  readonly config: Config;
  readonly log: Log;
  readonly clock: () => Date;
  readonly newId: () => string;
  readonly feeds: () => readonly Feed[];
  readonly onFrame: OnFrame;
}

/** The port for every sender, and those of feeds. */
export function openMllp(given: WaysIn): Promise<MllpPorts> {
  const { config, log, clock, newId } = given;
  const { mllpKeyFile: keyFile, mllpCertFile: certFile, mllpCaFile: caFile } = config;
  if ((keyFile === '') !== (certFile === '') || (caFile !== '' && keyFile === '')) {
    fail(
      'not-supported',
      'TLS on MLLP needs mllpKeyFile and mllpCertFile; mllpCaFile goes with them',
    );
  }
  return openMllpPorts({
    limits,
    log,
    onFrame: given.onFrame,
    feeds: given.feeds(),
    main: {
      listen: config.mllp,
      ...(keyFile === '' ? {} : { keyFile, certFile }),
      ...(caFile === '' ? {} : { caFile }),
    },
    parseAddress,
    listening: (address, open) => listening('MLLP', address, open),
    onFault: (fault) => faultAnswer(fault, { now: clock(), controlId: newId() }),
  });
}

/** Takes the files of every feed that has a folder; gives what ends that. */
export async function watchFolders(given: WaysIn): Promise<readonly (() => Promise<void>)[]> {
  const { onFrame, log, clock, newId } = given;
  const running: (() => Promise<void>)[] = [];
  for (const { name: feed, folder, charset } of given.feeds()) {
    if (folder === undefined) continue;
    const dropped = { folder, feed, charset, onFrame, limits, log, clock, newId };
    const watched = await watchFolder(dropped);
    running.push(() => watched.close());
  }
  return running;
}

/** Says which address cannot be had, and how to name another. */
export async function listening<T>(
  name: 'HTTP' | 'MLLP',
  address: string,
  open: () => Promise<T>,
): Promise<T> {
  try {
    return await open();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'it is in use' : message;
    const flag = flagName(name.toLowerCase());
    throw new Error(`${name} cannot listen on ${address}: ${why}; name another with ${flag}`, {
      cause: error,
    });
  }
}
