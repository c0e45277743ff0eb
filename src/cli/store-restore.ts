import { existsSync, mkdirSync } from 'node:fs';
import type { Config } from '../config.ts';
import { restoreDataFile } from '../store/sqlite/backup.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError } from './io.ts';
import type { CliIo, ExitCode } from './io.ts';
import { orRefusal, storeFile } from './store-file.ts';

/** `weir store restore FILE`: one line of JSON on stdout; `kept` names the file that was there before. */
export async function storeRestoreCommand(
  config: Config,
  { positional, flags }: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const [backup, ...more] = positional;
  if (backup === undefined || more.length > 0) throw new UsageError('Name the backup to restore');
  if (!existsSync(backup)) throw new UsageError(`There is no file ${backup}`);
  const place = storeFile(config, 'mongorestore --oplogReplay');
  mkdirSync(config.data, { recursive: true, mode: 0o700 });
  return orRefusal(io, async () => {
    const { kept } = await restoreDataFile({
      ...place,
      backup,
      force: flags['--force'] === true,
      now: new Date(),
      onProgress: (text) => io.stderr.write(`${text}\n`),
    });
    const summary = { restored: place.file, ...(kept === undefined ? {} : { kept }) };
    io.stdout.write(`${JSON.stringify(summary)}\n`);
    return exitCode.done;
  });
}
