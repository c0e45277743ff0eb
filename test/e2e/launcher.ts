import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * Copies the launcher into a folder whose node_modules is its own, marked as installed: there it may
 * install, and nowhere else. Gives the path of weir.mjs.
 */
export function launcherIn(root: string): string {
  mkdirSync(root, { recursive: true });
  cpSync('bin', join(root, 'bin'), { recursive: true });
  symlinkSync(resolve('src'), join(root, 'src'));
  writeFileSync(join(root, 'package-lock.json'), '{}');
  mkdirSync(join(root, 'node_modules'));
  markInstalled(root);
  return join(root, 'bin/weir.mjs');
}

/** As after an installation from the lock file. */
function markInstalled(root: string): void {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const hash = createHash('sha256').update(lock).digest('hex');
  writeFileSync(join(root, 'node_modules/.weir-lock'), hash);
}
