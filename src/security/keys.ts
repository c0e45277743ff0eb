import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** The secrets of one data folder. Whoever can read the folder can act as anyone: it is the trust boundary. */
export interface Keys {
  /** Signs tokens, sessions and page links (HMAC, SHA-256). */
  readonly signing: Uint8Array;
}

/**
 * Reads the keys of a data folder and makes them on first use. Any number of processes may call it at
 * once (`weir token` beside `weir serve`): the first link wins, all read the same.
 */
export function loadKeys(dataFolder: string): Keys {
  const folder = join(dataFolder, 'keys');
  const file = join(folder, 'signing.key');
  try {
    return read(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `.draft-${process.pid}-${randomBytes(4).toString('hex')}`);
  writeFileSync(draft, randomBytes(keyBytes), { mode: 0o600, flush: true });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  // What the key has signed outlives a power cut: so must the key, and its name.
  for (const place of [folder, dataFolder]) syncFolder(place);
  return read(file);
}

const keyBytes = 48;

function read(file: string): Keys {
  const signing = readFileSync(file);
  if (signing.length >= keyBytes) return { signing };
  const sentence = 'is cut short: restore it from a backup, or remove it, which ends all tokens';
  throw new Error(`The key in ${file} ${sentence}`);
}

function syncFolder(folder: string): void {
  const open = openSync(folder, 'r');
  try {
    fsyncSync(open);
  } finally {
    closeSync(open);
  }
}
