// The gate `conformance`: what the last run's tests say of FHIR's behaviours and of others' material, against
// docs/reference/conformance.md. `--write` writes the page.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readScorecard, scorecardFaults, scorecardPage } from './conformance/scorecard.ts';
import type { TestReport } from './store-parity/parity.ts';

const reportFile = 'coverage/tests.json';
const pageFile = 'docs/reference/conformance.md';

if (!existsSync(reportFile)) stop([`${reportFile} is missing: run the gate vitest first`]);
const card = readScorecard(JSON.parse(readFileSync(reportFile, 'utf8')) as TestReport);
const faults = scorecardFaults(card);
if (faults.length > 0) stop(faults);

const committed = existsSync(pageFile) ? readFileSync(pageFile, 'utf8') : '';
const page = scorecardPage(card, committed);
if (process.argv.includes('--write')) writeFileSync(pageFile, page);
else if (page !== committed) {
  stop([`${pageFile} is not what the tests say: node scripts/conformance.ts --write`]);
}

function stop(reasons: readonly string[]): never {
  for (const reason of reasons.slice(0, 20)) console.error(reason);
  if (reasons.length > 20) console.error(`and ${String(reasons.length - 20)} more`);
  process.exit(1);
}
