#!/usr/bin/env node
// The launcher: plain JavaScript for any Node >= 18. It installs what is missing and hands over to a
// Node that runs TypeScript as it is: the one in use if it is new enough, else the pinned one.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { installIfStale, nodeForWeir } from './toolchain.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

installIfStale(root);
const child = spawn(nodeForWeir(root), [`${root}src/main.ts`, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// A terminal signals the whole group; a supervisor signals only us. Passing it on serves both.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => child.kill(signal));
}
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === null ? 3 : 128 + 15);
});
