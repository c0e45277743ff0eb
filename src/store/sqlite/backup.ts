import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { StoreOpenError } from '../open-error.ts';
import type { BackupTask } from './backup-worker.ts';
import { openReadConnection } from './connection.ts';
import { lockDataFile } from './lock.ts';

interface DataFile {
  readonly file: string;
  /** The key of the file and of the copy. */
  readonly key?: string;
}

export interface BackupOptions extends DataFile {
  /** The copy; must not exist. */
  readonly target: string;
  /** Told about once a second how many bytes of the copy are written. */
  readonly onProgress: (bytes: number) => void;
}

/**
 * Copies a data file as it stands at one moment, while a server may go on writing to it, in this process or
 * another. Nothing is left under the name of the copy but a whole one that was read through and is on disk.
 */
export async function backupDataFile(options: BackupOptions): Promise<{ bytes: number }> {
  const { target, key, onProgress } = options;
  if (existsSync(target)) {
    throw new StoreOpenError('unwritable', `${target} exists and is not overwritten`);
  }
  openReadConnection(options).close();
  const unfinished = `${target}.unfinished`;
  rmSync(unfinished, { force: true });
  // Empty, so that the copy is nobody else's to read from its first byte on.
  closeSync(openSync(unfinished, 'wx', 0o600));
  try {
    const task = { file: options.file, target: unfinished, ...(key === undefined ? {} : { key }) };
    await onThread(task, () => onProgress(sizeOf(unfinished)));
    syncPath(unfinished);
    publish(unfinished, target);
  } finally {
    rmSync(unfinished, { force: true });
  }
  syncPath(dirname(target));
  return { bytes: sizeOf(target) };
}

/** Unlike a rename, a link never replaces what has come there meanwhile; some disks have none. */
function publish(unfinished: string, target: string): void {
  try {
    linkSync(unfinished, target);
  } catch (error) {
    if (existsSync(target)) throw error;
    renameSync(unfinished, target);
  }
}

export interface RestoreOptions extends DataFile {
  readonly backup: string;
  /** Replace a data file that is there; it is kept beside the new one. */
  readonly force: boolean;
  readonly now: Date;
  readonly onProgress: (text: string) => void;
}

/**
 * Puts a backup in the place of the data file, all of it or nothing. Refused while a server has the data
 * folder. A file that was there is kept, with its log, under the name that is returned.
 */
export async function restoreDataFile(options: RestoreOptions): Promise<{ kept?: string }> {
  const { file, backup, force, now, onProgress } = options;
  const lock = lockDataFile(file);
  const unfinished = `${file}.unfinished`;
  try {
    const replaces = existsSync(file) && sizeOf(file) > 0;
    if (replaces && !force) {
      const text = `${file} exists; --force puts it aside and goes on`;
      throw new StoreOpenError('unwritable', text);
    }
    onProgress('Copying the backup');
    rmSync(unfinished, { force: true });
    await copyFile(backup, unfinished);
    chmodSync(unfinished, 0o600);
    onProgress('Reading the copy through');
    readThrough({ ...options, file: unfinished }, backup);
    syncPath(unfinished);
    const kept = replaces ? putAside(file, now) : undefined;
    // A log is of the file it was written for; beside another it would be played into that.
    for (const stale of [`${file}-wal`, `${file}-shm`]) rmSync(stale, { force: true });
    renameSync(unfinished, file);
    syncPath(dirname(file));
    return kept === undefined ? {} : { kept };
  } finally {
    rmSync(unfinished, { force: true });
    lock.release();
  }
}

/** Throws where the copy is damaged, or is no data file that this program can open. */
function readThrough(copy: DataFile, backup: string): void {
  const db = openReadConnection(copy);
  try {
    const found = db.pragma('integrity_check(1)', { simple: true });
    if (found !== 'ok')
      throw new StoreOpenError('corrupt', `${backup} is damaged: ${String(found)}`);
  } finally {
    db.close();
  }
}

/** The file keeps its name too until the new one takes it, so that at no moment there is none. */
function putAside(file: string, now: Date): string {
  const stamp = now.toISOString().replaceAll(/[:.]/g, '-');
  const kept = join(dirname(file), `${basename(file)}.before-${stamp}`);
  linkSync(file, kept);
  if (existsSync(`${file}-wal`)) renameSync(`${file}-wal`, `${kept}-wal`);
  return kept;
}

async function onThread(task: BackupTask, onProgress: () => void): Promise<void> {
  const worker = new Worker(new URL('./backup-worker.ts', import.meta.url), { workerData: task });
  const timer = setInterval(onProgress, 1_000);
  try {
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', (code) => {
        if (code === 0) resolve();
        else reject(new Error(`The copying thread ended with code ${code}`));
      });
    });
  } finally {
    clearInterval(timer);
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** A file, or a folder with the names in it. */
function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
