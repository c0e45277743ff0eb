import type { Config } from '../config.ts';
import { vacuumDataFile } from '../store/sqlite/vacuum.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode } from './io.ts';
import type { CliIo, ExitCode } from './io.ts';
import { orRefusal, presentStoreFile } from './store-file.ts';

/** `weir store vacuum`: one line of JSON on stdout with the sizes before and after. */
export async function storeVacuumCommand(
  config: Config,
  _args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const place = presentStoreFile(config, 'compact, on each member in turn');
  return orRefusal(io, () => {
    io.stderr.write('Writing the file anew\n');
    io.stdout.write(`${JSON.stringify({ file: place.file, ...vacuumDataFile(place) })}\n`);
    return Promise.resolve(exitCode.done);
  });
}
