import { describe, expect, it } from 'vitest';
import {
  parityFaults,
  parityPage,
  readParity,
  type TestReport,
} from '../../scripts/store-parity/parity.ts';

type Run = Readonly<Record<string, Readonly<Record<string, string>>>>;

function reportOf(run: Run): TestReport {
  const assertionResults = Object.entries(run).flatMap(([store, tests]) =>
    Object.entries(tests).map(([title, status]) => ({
      ancestorTitles: ['outer', `store contract: ${store}`],
      ...{ title, status },
    })),
  );
  return { testResults: [{ assertionResults }] };
}

const port = `/**
 * Laws:
 *
 *  1. All of a commit,
 *     or none.
 *  2. Durable.
 */`;
const both = { 'law 1: whole': 'passed', 'law 2: there again': 'passed' };
const forgetful = {
  'law 1: whole': 'passed',
  'law 2: there again (skipped: it keeps nothing)': 'skipped',
};
const all = { memory: forgetful, sqlite: both, mongodb: both };
const pageOf = (run: Run, committed = ''): string =>
  parityPage(readParity(reportOf(run)), { laws: port, committed });

describe('the parity page', () => {
  it('says law by law what each store holds, and why one does not', () => {
    const page = pageOf(all);
    expect(page).toContain('## Law 1\n\nAll of a commit, or none.\n');
    expect(page).toContain('## Law 2\n\nDurable.\n');
    expect(page).toContain('| whole | holds | holds | holds |');
    expect(page).toContain('| there again | skipped: it keeps nothing | holds | holds |');
    expect(pageOf(all, page)).toBe(page);
  });

  it('keeps what it said of a store that cannot run here', () => {
    const committed = pageOf(all);
    const here = { memory: forgetful, sqlite: both };
    expect(readParity(reportOf(here)).absent).toEqual(['mongodb']);
    expect(parityFaults(readParity(reportOf(here)))).toEqual([]);
    expect(pageOf(here, committed)).toBe(committed);
    expect(pageOf(here)).toContain('| whole | holds | holds | not run yet |');
  });

  it('is another where a test is new or was renamed', () => {
    const committed = pageOf(all);
    const more = { ...all, memory: { ...forgetful, 'law 1: more': 'passed' } };
    expect(pageOf(more, committed)).not.toBe(committed);
    const here = { memory: { 'law 1: all': 'passed' }, sqlite: { 'law 1: all': 'passed' } };
    expect(pageOf(here, committed)).not.toBe(committed);
  });
});

describe('the gate', () => {
  const faultsOf = (run: Run): string[] => parityFaults(readParity(reportOf(run)));

  it('is content where every test passed or says why not', () => {
    expect(faultsOf(all)).toEqual([]);
  });

  it('names a test that is missing, failed, or skipped without a reason', () => {
    expect(faultsOf({ ...all, mongodb: { 'law 1: whole': 'passed' } })).toEqual([
      'MongoDB: "law 2: there again" was not run',
    ]);
    expect(faultsOf({ ...all, sqlite: { ...both, 'law 1: whole': 'failed' } })).toEqual([
      'SQLite: "law 1: whole" failed',
    ]);
    expect(faultsOf({ ...all, sqlite: { ...both, 'law 1: whole': 'skipped' } })).toEqual([
      'SQLite: "law 1: whole" skipped',
    ]);
  });

  it('misses a store that did not run at all, unless it may be absent', () => {
    expect(faultsOf({ memory: forgetful, mongodb: both })).toEqual([
      'SQLite: no test of it was run',
    ]);
    expect(faultsOf({})).toEqual(['The report holds no test of the store contract']);
  });
});
