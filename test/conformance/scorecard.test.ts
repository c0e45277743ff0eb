import { describe, expect, it } from 'vitest';
import {
  readScorecard,
  scorecardFaults,
  scorecardPage,
} from '../../scripts/conformance/scorecard.ts';
import type { TestReport } from '../../scripts/store-parity/parity.ts';

const stores = ['memory', 'sqlite', 'mongodb'];

/** A run with one test of each behaviour on each store, but for what is said. */
function report(
  on: readonly string[],
  { failed = '', missing = 0, cases = 2 }: { failed?: string; missing?: number; cases?: number },
): TestReport {
  const assertionResults = on.flatMap((store) => [
    ...Array.from({ length: 63 }, (_, at) => ({
      ancestorTitles: [`calls on ${store}`],
      title: `B${String(at + 1)} it holds`,
      status: store === failed && at === 0 ? 'failed' : 'passed',
    })).filter((_, at) => at + 1 !== missing),
    ...Array.from({ length: cases }, (_, at) => ({
      ancestorTitles: [`oracle: Samples, on ${store}`],
      title: `case ${String(at)}`,
      status: 'passed',
    })),
  ]);
  return { testResults: [{ assertionResults }] };
}

const faultsOf = (given: TestReport) => scorecardFaults(readScorecard(given));
const pageOf = (given: TestReport, committed = '') =>
  scorecardPage(readScorecard(given), committed);

describe('the conformance page', () => {
  it('says behaviour by behaviour and oracle by oracle what each store holds', () => {
    const page = pageOf(report(stores, {}));
    expect(faultsOf(report(stores, {}))).toEqual([]);
    expect(page).toContain('| 7 | it holds | holds | holds | holds |');
    expect(page).toContain('| Samples | 2 | 2 | 2 |');
    expect(pageOf(report(stores, {}), page)).toBe(page);
  });

  it('names what failed and what has no test', () => {
    expect(faultsOf(report(stores, { failed: 'sqlite' }))).toEqual(['Behaviour 1 fails on SQLite']);
    const missing = faultsOf(report(stores, { missing: 5 }));
    expect(missing).toEqual(stores.map((_, at) => `Behaviour 5 has no test on ${names[at]}`));
    expect(faultsOf(report(['memory'], {}))).toContain('Behaviour 1 has no test on SQLite');
  });

  it('keeps what it said of a store that did not run here, and of a longer run', () => {
    const committed = pageOf(report(stores, { cases: 25 }));
    const here = report(['memory', 'sqlite'], { cases: 3 });
    expect(faultsOf(here)).toEqual([]);
    expect(pageOf(here, committed)).toBe(committed);
  });
});

const names = ['memory', 'SQLite', 'MongoDB'];
