#!/usr/bin/env node
// The launcher: plain JavaScript for any Node >= 18. It installs what is missing and hands over to a
// Node that runs TypeScript as it is: the one in use if it is new enough, else the pinned one.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { nodeArguments, weirEnvironment } from './runtime.mjs';
import { installIfStale, nodeForWeir } from './toolchain.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

installIfStale(root);
const program = [...nodeArguments, `${root}src/main.ts`, ...process.argv.slice(2)];
const child = spawn(nodeForWeir(root), program, {
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  env: weirEnvironment(process.env),
});
let isStopping = false;
child.on('message', (message) => {
  isStopping ||= message === 'stopping';
});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
// Ctrl-C on a terminal reaches the whole group, a supervisor's signal only us. So the child has a moment to say that it
// heard: a second signal that meets it on its way out would turn a graceful end into a killed one.
process.on('SIGINT', () => setTimeout(() => isStopping || child.kill('SIGINT'), 300).unref());
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === null ? 3 : 128 + 15);
});
