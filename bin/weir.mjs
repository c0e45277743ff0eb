#!/usr/bin/env node
// The launcher: plain JavaScript for any Node >= 18. It installs what is missing and hands over to a
// Node that runs TypeScript as it is: the one in use if it is new enough, else the pinned one.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { installIfStale, nodeForWeir } from './toolchain.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

installIfStale(root);
// Node keeps some 96 MB for young objects where it may; a quarter of that serves as well.
// With memory protection keys V8 now and then loses track of code pages where threads with WebAssembly (Node strips
// types by it) come and go, and ends the process ("Check failed: jit_page.has_value()").
const nodeArguments = [
  '--max-semi-space-size=8',
  '--no-memory-protection-keys',
  `${root}src/main.ts`,
];
const child = spawn(nodeForWeir(root), [...nodeArguments, ...process.argv.slice(2)], {
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
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
