// The gate `parity`: what the contract's tests of the last run say of each store, against docs/reference/store-parity.md.
// `--write` writes the page.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parityFaults, parityPage, readParity, type TestReport } from './store-parity/parity.ts';

const reportFile = 'coverage/tests.json';
const pageFile = 'docs/reference/store-parity.md';

if (!existsSync(reportFile)) stop([`${reportFile} is missing: run the gate vitest first`]);
const report = JSON.parse(readFileSync(reportFile, 'utf8')) as TestReport;
const parity = readParity(report);
const faults = parityFaults(parity);
if (faults.length > 0) stop(faults);

const committed = existsSync(pageFile) ? readFileSync(pageFile, 'utf8') : '';
const page = parityPage(parity, {
  laws: readFileSync('src/store/store.ts', 'utf8'),
  committed,
});
for (const store of parity.absent)
  console.log(`${store} did not run here; its column stays as it is`);
if (process.argv.includes('--write')) writeFileSync(pageFile, page);
else if (page !== committed) {
  stop([`${pageFile} is not what the tests say: node scripts/store-parity.ts --write`]);
}

function stop(reasons: readonly string[]): never {
  for (const reason of reasons.slice(0, 20)) console.error(reason);
  if (reasons.length > 20) console.error(`and ${reasons.length - 20} more`);
  process.exit(1);
}
