import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

// The first that lets a server decline an upgrade which is no WebSocket, such as the h2c that Java clients ask for.
const nodeWanted = [24, 9];

/** Runs `npm ci` when node_modules is absent or made from another lock file. */
export function installIfStale(root) {
  const stamp = `${root}node_modules/.weir-lock`;
  const lock = createHash('sha256')
    .update(readFileSync(`${root}package-lock.json`))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  process.stderr.write('Installing what is missing (npm ci) ...\n');
  const omit = process.env.NODE_ENV === 'production' ? ['--omit=dev'] : [];
  const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...omit], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (done.status !== 0) {
    process.stderr.write('npm ci failed; the lines above say why\n');
    process.exit(3);
  }
  writeFileSync(stamp, lock);
}

/** The path of a Node >= 24.9: the running one, or the one that package.json pins. */
export function nodeForWeir(root) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > nodeWanted[0] || (major === nodeWanted[0] && minor >= nodeWanted[1])) {
    return process.execPath;
  }
  const pinned = `${root}node_modules/node/bin/node`;
  if (existsSync(pinned)) return pinned;
  process.stderr.write(
    `Weir needs Node >= ${nodeWanted.join('.')}; this is ${process.versions.node}, and the pinned one is not installed\n`,
  );
  process.exit(3);
}
