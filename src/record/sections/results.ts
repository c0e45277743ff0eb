import type { IdentifiedResource } from '../../fhir/resource.ts';
import { compareText, conceptId, conceptText, newestFirst, timeAt } from '../reading.ts';
import { listOf, type Fields } from '../same.ts';
import { loinc, recordExtension, type RecordSection, type SubSection } from '../section.ts';

const codesMax = 50;
const pointsMax = 5;
const reportsMax = 20;
const observed = ['effectiveDateTime', 'effectivePeriod.start', 'issued', 'meta.lastUpdated'];

/**
 * The latest result of each code, with the points before it. A sub-section per code: its first entry is
 * the latest, and `crm-result-flag` says what to look at.
 */
export const resultsSection: RecordSection = {
  name: 'results',
  title: 'Results',
  coding: { system: loinc, code: '30954-2' },
  types: ['Observation', 'DiagnosticReport'],
  build: ({ of }) => {
    const shown = of('Observation').filter(
      ({ status }) => status !== 'entered-in-error' && status !== 'cancelled',
    );
    const series = [...Map.groupBy(newestFirst(shown, observed), ({ code }) => conceptId(code))];
    const latest = series
      .map(([, points]) => points)
      .toSorted((a, b) => timeOfLatest(b) - timeOfLatest(a) || compareIds(a, b));
    const reports = newestFirst(
      of('DiagnosticReport').filter(({ status }) => status !== 'entered-in-error'),
      observed,
    );
    const sections = latest.slice(0, codesMax).map(trend);
    return {
      entries: reports.slice(0, reportsMax).map((resource) => ({ resource })),
      sections,
      partial: latest.length > codesMax || reports.length > reportsMax,
    };
  },
};

function trend(points: readonly IdentifiedResource[]): SubSection {
  const [latest] = points;
  const title = conceptText(latest?.['code']) || 'Result';
  const flags = latest === undefined ? [] : flagsOf(latest);
  return {
    title,
    entries: points.slice(0, pointsMax).map((resource) => ({ resource })),
    ...(flags.length > 0 ? { extension: flags } : {}),
  };
}

/** `corrected`, `preliminary`, `abnormal`, `critical`: at most one of each pair. */
function flagsOf(observation: IdentifiedResource): readonly Fields[] {
  const flags: string[] = [];
  if (['corrected', 'amended'].includes(String(observation['status']))) flags.push('corrected');
  if (observation['status'] === 'preliminary') flags.push('preliminary');
  const codes = listOf(observation['interpretation']).map(
    (concept) => conceptId(concept).split('|')[1] ?? '',
  );
  if (codes.some((code) => /^(AA|HH|LL)$/.test(code))) flags.push('critical');
  else if (codes.some((code) => /^(A|H|L|HU|LU|POS)$/.test(code))) flags.push('abnormal');
  return flags.map((flag) => recordExtension('crm-result-flag', { valueCode: flag }));
}

function timeOfLatest(points: readonly IdentifiedResource[]): number {
  const [latest] = points;
  return (latest && timeAt(latest, observed)) ?? 0;
}

function compareIds(a: readonly IdentifiedResource[], b: readonly IdentifiedResource[]): number {
  return compareText(a[0]?.id ?? '', b[0]?.id ?? '');
}
