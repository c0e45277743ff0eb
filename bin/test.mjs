#!/usr/bin/env node
// `npm test`: every gate, quick ones first, on the pinned Node. Stops at the first that is red.
import { spawnSync } from 'node:child_process';
import { dirname, delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installIfStale, nodeForWeir } from './toolchain.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
installIfStale(root);
const node = nodeForWeir(root);

const gates = [
  ['eslint', 'eslint/bin/eslint.js', '.', '--max-warnings=0'],
  ['prettier', 'prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'],
  ['tsc', 'typescript/bin/tsc', '--noEmit'],
  ['tsc (pages)', 'typescript/bin/tsc', '--noEmit', '-p', 'src/web/client'],
  ['arrows', '../scripts/check-arrows.mjs'],
  ['knip', 'knip/bin/knip.js'],
  ['pages', '../scripts/build-pages.ts'],
  ['vitest', 'vitest/vitest.mjs', 'run', ...testReport('coverage/tests.json')],
  ['parity', '../scripts/store-parity.ts'],
  // The pure rooms by their own tests.
  ['coverage', 'vitest/vitest.mjs', 'run', '--coverage', ...pureRooms('test')],
];

/** Besides what is printed, a report for the gates after it. */
function testReport(file) {
  return ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
}

function pureRooms(folder) {
  return ['hl7v2', 'fhir', 'mapping', 'record'].map((room) => `${folder}/${room}/`);
}

const only = process.argv.slice(2);
for (const [name, script, ...args] of gates) {
  if (only.length > 0 && !only.includes(name)) continue;
  const started = Date.now();
  process.stdout.write(`\n--- ${name}\n`);
  const done = spawnSync(node, [`${root}node_modules/${script}`, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` },
  });
  if (done.status !== 0) {
    process.stdout.write(`\n${name} is red\n`);
    process.exit(1);
  }
  process.stdout.write(`${name} is green (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
}
