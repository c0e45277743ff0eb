/**
 * Disks of a test's own: an ext4 image, mounted by the kernel's loop device. A program runs in a mount
 * namespace of its own and the mount lives exactly as long as it does: however that ends, nothing is left
 * to undo. Others reach its files by {@link pathInside}.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { temporaryFolders } from '../store/temporary-folder.ts';
import { requirement } from './requirement.ts';

/** Makes an empty disk. */
export function makeDisk(image: string, bytes: number): void {
  const file = openSync(image, 'w');
  ftruncateSync(file, bytes);
  closeSync(file);
  // Blocks as on disks of an ordinary size: SQLite reserves its shared memory by the 4 KiB.
  execFileSync('mkfs.ext4', ['-q', '-F', '-m', '0', '-b', '4096', image], { stdio: 'pipe' });
}

/**
 * The command that mounts `image` at `folder` and then runs `command` under the same process id. Nothing but
 * a sync writes to the image by itself (`commit`: seconds between the journal's own).
 */
export function onDisk(
  image: string,
  folder: string,
  command: readonly string[],
): readonly [string, ...string[]] {
  mkdirSync(folder, { recursive: true });
  const script = 'mount -o loop,commit=300 "$0" "$1" && shift && exec "$@"';
  const own = ['unshare', '--mount', '--propagation', 'private'] as const;
  return [...own, 'sh', '-c', script, image, folder, ...command];
}

/** A path as the process sees it. */
export const pathInside = (pid: number, path: string): string => `/proc/${pid}/root${path}`;

/** Takes all the room there is, to the last block. */
export function fillDisk(filler: string): void {
  const file = openSync(filler, 'a');
  for (let bytes = 1024 * 1024; bytes >= 512;) {
    try {
      if (writeSync(file, Buffer.alloc(bytes)) < bytes) bytes /= 2;
    } catch {
      bytes /= 2;
    }
  }
  closeSync(file);
}

export const loopDisks = requirement(whatIsMissing());

function whatIsMissing(): string | undefined {
  const folders = temporaryFolders();
  try {
    const folder = folders.make();
    makeDisk(`${folder}/disk`, 8 * 1024 * 1024);
    const [command, ...args] = onDisk(`${folder}/disk`, `${folder}/mounted`, ['true']);
    const { status } = spawnSync(command, args);
    return status === 0 ? undefined : 'loop devices cannot be mounted here; that needs root';
  } catch {
    return 'no mkfs.ext4 here';
  } finally {
    folders.remove();
  }
}
