import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type BuildOutcome = 'fresh' | 'built' | 'no-builder' | 'failed';

/**
 * Builds the pages with Vite when they are missing or were made from other sources. Where the builder is
 * not installed (a production image ships the pages built), what is there is served.
 */
export async function buildPagesIfStale(root: string): Promise<BuildOutcome> {
  const built = join(root, 'dist/web');
  const stamp = join(built, '.sources');
  const sources = sourcesHash(join(root, 'src/web/client'));
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return 'fresh';
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  if (!existsSync(vite)) return 'no-builder';
  // Apart from others that may build at the same time, and put in place whole.
  const draft = join(root, `dist/.web-${process.pid}`);
  const config = ['--config', 'src/web/client/vite.config.ts', '--outDir', draft, '--emptyOutDir'];
  const ok = await run(process.execPath, [vite, 'build', ...config], root);
  if (ok) {
    writeFileSync(join(draft, '.sources'), sources);
    putInPlace(draft, built);
  }
  rmSync(draft, { recursive: true, force: true });
  return ok ? 'built' : 'failed';
}

function putInPlace(draft: string, place: string): void {
  rmSync(place, { recursive: true, force: true });
  try {
    renameSync(draft, place);
  } catch (error) {
    // Another process was quicker by a moment, with the same pages.
    if (!existsSync(place)) throw error;
  }
}

function sourcesHash(folder: string): string {
  const hash = createHash('sha256');
  if (!existsSync(folder)) return hash.digest('hex');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) hash.update(file.slice(folder.length)).update(readFileSync(file));
  return hash.digest('hex');
}

async function run(command: string, args: readonly string[], cwd: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0));
  });
}
