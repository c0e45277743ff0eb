import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, type Config } from '../config.ts';

/** The file of the SQLite store, with the key that it is encrypted with, where there is one. */
export function dataFile(config: Pick<Config, 'data' | 'storeKey' | 'storeKeyFile'>): {
  readonly file: string;
  readonly key?: string;
} {
  const file = join(config.data, 'weir.db');
  const key = storeKey(config);
  return key === undefined ? { file } : { file, key };
}

/** The key stands on the one line of its file; a line end is no part of it. */
function storeKey({
  storeKey: given,
  storeKeyFile: file,
}: Pick<Config, 'storeKey' | 'storeKeyFile'>): string | undefined {
  if (file === '') return given === '' ? undefined : given;
  if (given !== '') throw new ConfigError('Give the key of the store by one way: file or variable');
  const key = readKeyFile(file).replace(/\r?\n$/, '');
  if (key === '' || /[\r\n]/.test(key)) {
    throw new ConfigError(`The key file ${file} must hold one line: the key`);
  }
  return key;
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`The key file cannot be read: ${(error as Error).message}`);
  }
}
