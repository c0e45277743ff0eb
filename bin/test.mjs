#!/usr/bin/env node
// `npm test`: every gate, quick ones first, on the pinned Node. Stops at the first that is red.
// `node bin/test.mjs GATE...` runs those alone.
import { spawn } from 'node:child_process';
import { dirname, delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installIfStale, nodeForWeir } from './toolchain.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
installIfStale(root);
const node = nodeForWeir(root);
/** Tested by themselves, once, while it is measured how much of them the tests reach. */
const pureRooms = ['hl7v2', 'fhir', 'mapping', 'record'].map((room) => `test/${room}/`);

/** What needs one core, in two lanes that take as long as each other. */
const quickLanes = [
  [['eslint', 'eslint/bin/eslint.js', '.', '--max-warnings=0']],
  [
    ['prettier', 'prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'],
    ['tsc', 'typescript/bin/tsc', '--noEmit'],
    ['tsc (pages)', 'typescript/bin/tsc', '--noEmit', '-p', 'src/web/client'],
    ['arrows', '../scripts/check-arrows.mjs'],
    ['knip', 'knip/bin/knip.js'],
    ['pages', '../scripts/build-pages.ts'],
  ],
];
const vitest = ['vitest/vitest.mjs', 'run'];
const longLane = [
  // They wait for nothing, and some hold a time against a bound: no more at once than there are cores.
  ['coverage', ...vitest, '--coverage', '--maxWorkers=2', ...pureRooms],
  ['vitest', ...vitest, ...pureRooms.flatMap(without), ...testReport('coverage/tests.json')],
  ['parity', '../scripts/store-parity.ts'],
];

function without(folder) {
  return ['--exclude', `${folder}**`];
}

/** Besides what is printed, a report for the gates after it. */
function testReport(file) {
  return ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
}

const only = process.argv.slice(2);
const isAsked = ([name]) => only.length === 0 || only.includes(name);
const running = new Set();
const lanes = quickLanes.map((lane) => lane.filter(isAsked)).filter((lane) => lane.length > 0);
// What stands alone shows what it says as it says it.
await Promise.all(lanes.map((lane) => run(lane, lanes.length > 1)));
await run(longLane.filter(isAsked), false);

async function run(lane, isBeside) {
  for (const [name, script, ...args] of lane) {
    const started = Date.now();
    if (!isBeside) process.stdout.write(`\n--- ${name}\n`);
    const { code, said } = await gate([`${root}node_modules/${script}`, ...args], isBeside);
    if (isBeside) process.stdout.write(`\n--- ${name}\n${said}`);
    if (code !== 0) {
      process.stdout.write(`\n${name} is red\n`);
      for (const child of running) child.kill();
      process.exit(1);
    }
    process.stdout.write(`${name} is green (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
  }
}

function gate(command, isBeside) {
  const child = spawn(node, command, {
    cwd: root,
    stdio: ['ignore', isBeside ? 'pipe' : 'inherit', isBeside ? 'pipe' : 'inherit'],
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` },
  });
  running.add(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text) => (said += String(text)));
  }
  return new Promise((resolve) => {
    child.on('close', (code) => {
      running.delete(child);
      resolve({ code, said });
    });
  });
}
