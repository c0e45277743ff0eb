import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

// The first that lets a server decline an upgrade which is no WebSocket, such as the h2c that Java clients ask for.
const nodeWanted = [24, 9];

/** Runs `npm ci` when node_modules is absent or made from another lock file; one at a time, however many ask. */
export function installIfStale(root) {
  const stamp = `${root}node_modules/.weir-lock`;
  const lock = createHash('sha256')
    .update(readFileSync(`${root}package-lock.json`))
    .digest('hex');
  const isFresh = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === lock;
  if (isFresh()) return;
  const release = takeTurn(`${root}.weir/`);
  try {
    if (isFresh()) return;
    if (!install(root)) {
      process.stderr.write('npm ci failed; the lines above say why\n');
      process.exitCode = 3;
    } else writeFileSync(stamp, lock);
  } finally {
    release();
  }
  if (process.exitCode === 3) process.exit();
}

function install(root) {
  process.stderr.write('Installing what is missing (npm ci) ...\n');
  const omit = process.env.NODE_ENV === 'production' ? ['--omit=dev'] : [];
  const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...omit], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  return done.status === 0;
}

/** Waits while another process installs here; gives how to let the next one begin. */
function takeTurn(folder) {
  const file = `${folder}installing`;
  mkdirSync(folder, { recursive: true });
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isLeftBehind(file)) rmSync(file, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  }
}

/** Whether the process that holds the turn has ended. */
function isLeftBehind(file) {
  try {
    const holder = Number(readFileSync(file, 'utf8'));
    // Just made, and not yet signed.
    if (holder === 0) return false;
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
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
