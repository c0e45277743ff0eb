// Writes docs/reference/benchmarks.md: `weir bench store --size 1m --json FILE`, then `node scripts/benchmark-page.ts FILE`.
import { readFileSync, writeFileSync } from 'node:fs';
import type { StoreFigures } from '../bench/store/figures.ts';
import { tableAsMarkdown } from '../bench/store/table.ts';
import { tablesOf } from '../bench/store/tables.ts';

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('Name the file that `weir bench store --json FILE` has written');
  process.exit(2);
}
const figures = JSON.parse(readFileSync(file, 'utf8')) as StoreFigures;
const intro = `# Benchmarks

The embedded store (SQLite) against the limits of the machine, measured in the same run: \`weir bench store --size 1m --json FILE\`
(about a quarter of an hour; \`--size 10k\`, the default, takes less than a minute). The resources are shaped like Synthea's: 2.0 KB
on average, 39 % Observations, some 15 search values each, random ids, few patients with most of the data. MongoDB is not in
here: what the tests run against is a double, and its rates say nothing.`;
const { loadBefore, cores } = figures.machine;
const busy = `

The machine was at other work too (load ${loadBefore.toFixed(0)} on ${cores} cores): rates and times are worse and wider than they are on a quiet one.`;
const notice = loadBefore > cores ? busy : '';
const tables = tablesOf(figures).toReversed().map(tableAsMarkdown).join('\n');
const origin = 'Written by `node scripts/benchmark-page.ts FILE` from the figures of one run.';
writeFileSync('docs/reference/benchmarks.md', `${intro}${notice}\n\n${tables}\n${origin}\n`);
