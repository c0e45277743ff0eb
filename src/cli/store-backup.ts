import type { Config } from '../config.ts';
import { backupDataFile } from '../store/sqlite/backup.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError } from './io.ts';
import type { CliIo, ExitCode } from './io.ts';
import { orRefusal, presentStoreFile } from './store-file.ts';

/** `weir store backup FILE`: one line of JSON on stdout when the copy is whole and on disk. */
export async function storeBackupCommand(
  config: Config,
  { positional }: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const [target, ...more] = positional;
  if (target === undefined || more.length > 0) throw new UsageError('Name one file for the backup');
  const place = presentStoreFile(config, 'mongodump --oplog');
  return orRefusal(io, async () => {
    const { bytes } = await backupDataFile({
      ...place,
      target,
      onProgress: (written) => io.stderr.write(`${Math.round(written / 2 ** 20)} MiB written\n`),
    });
    io.stdout.write(`${JSON.stringify({ backup: target, bytes })}\n`);
    return exitCode.done;
  });
}
