import { existsSync } from 'node:fs';
import type { Config } from '../config.ts';
import { dataFile } from '../ops/data-file.ts';
import { StoreOpenError } from '../store/open-error.ts';
import { exitCode, UsageError } from './io.ts';
import type { CliIo, ExitCode } from './io.ts';

/** The data file that a command works on; `instead` says what does the same for a MongoDB store. */
export function storeFile(config: Config, instead: string): ReturnType<typeof dataFile> {
  if (isMongo(config)) throw new UsageError(`The store is a MongoDB database: use ${instead}`);
  if (config.store !== 'sqlite') throw new UsageError('Only a store on disk can be worked on');
  return dataFile(config);
}

export function isMongo({ store }: Pick<Config, 'store'>): boolean {
  return /^mongodb(\+srv)?:/.test(store);
}

/** The same, where the file must be there. */
export function presentStoreFile(config: Config, instead: string): ReturnType<typeof dataFile> {
  const found = storeFile(config, instead);
  if (!existsSync(found.file)) throw new UsageError(`There is no store ${found.file}; see --data`);
  return found;
}

/** A store that is in use, damaged or in the way is no fault of ours: its sentence, and exit 1. */
export async function orRefusal(io: CliIo, work: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreOpenError)) throw error;
    io.stderr.write(`${error.message}\n`);
    return exitCode.no;
  }
}
