import { describe, expect, it } from 'vitest';
import { slopeOf, verdictsOf, type StoreFigures } from '../../bench/store/figures.ts';
import { bundleOf, changeOf, traitsOf } from '../../bench/store/population.ts';
import { quantile, spread } from '../../bench/store/sample.ts';
import { tableAsMarkdown } from '../../bench/store/table.ts';
import { tablesOf } from '../../bench/store/tables.ts';

describe('the population of the store bench', () => {
  const changes = bundleOf(0, 3_000).changes.flatMap((change) =>
    change.op === 'put' ? [change] : [],
  );
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;

  it('is shaped like Synthea’s', () => {
    const observations = changes.filter(({ resource }) => resource.resourceType === 'Observation');
    expect(observations.length / changes.length).toBeCloseTo(0.39, 1);
    const bytes = mean(changes.map(({ resource }) => JSON.stringify(resource).length));
    expect(bytes).toBeGreaterThan(1_900);
    expect(bytes).toBeLessThan(2_100);
    expect(Math.round(mean(changes.map(({ index }) => index.length)))).toBe(15);
  });

  it('is the same every time, each resource once, most data with few patients', () => {
    expect(changeOf(77)).toEqual(changeOf(77));
    expect(new Set(changes.map(({ resource }) => resource.id)).size).toBe(changes.length);
    const patients = Map.groupBy(changes.keys(), (n) => traitsOf(n).patient);
    const sizes = [...patients.values()].map(({ length }) => length).sort((a, b) => b - a);
    expect((sizes[0] ?? 0) / changes.length).toBeGreaterThan(5 / patients.size);
  });
});

describe('the figures of the store bench', () => {
  it('a slope is 0 where time stays, 1 where it grows with the size', () => {
    const sizes = [1_000, 10_000, 100_000];
    expect(slopeOf(sizes.map((size) => ({ size, ms: 7 })))).toBeCloseTo(0);
    expect(slopeOf(sizes.map((size) => ({ size, ms: size / 50 })))).toBeCloseTo(1);
  });

  it('quantiles are values that were measured', () => {
    const laps = [5, 1, 4, 2, 3];
    expect(spread(laps)).toEqual({ median: 3, min: 1, max: 5 });
    expect(quantile(laps, 0.99)).toBe(5);
    expect(laps).toEqual([5, 1, 4, 2, 3]);
  });

  it('a budget is met at its bound, missed beside it, and open where the run was too small', () => {
    const verdicts = verdictsOf(figuresOf({ create: 0.4, bulk: 0.49, growth: 2, size: 1_000_000 }));
    expect(verdicts.map(({ met }) => met)).toEqual([true, false, true, true]);
    const worse = verdictsOf(figuresOf({ create: 0.39, bulk: 0.5, growth: 2.1, size: 1_000_000 }));
    expect(worse.map(({ met }) => met)).toEqual([false, true, false, true]);
    const small = verdictsOf(figuresOf({ create: 1, bulk: 1, growth: 9, size: 10_000 }));
    expect(small.map(({ met }) => met)).toEqual([true, true, undefined, undefined]);
  });

  it('the page says every verdict', () => {
    const tables = tablesOf(figuresOf({ create: 0.3, bulk: 1, growth: 1, size: 1_000_000 }));
    const page = tables.map(tableAsMarkdown).join('\n');
    expect(page).toMatch(/\| commits, 8 in flight.* \| 0\.30 \| >= 0\.4 \| not met \|/);
    expect(page).toMatch(/\| ready with 1 M resources \| 900 ms \| .* \| met \|/);
  });
});

interface Outcome {
  readonly create: number;
  readonly bulk: number;
  readonly growth: number;
  readonly size: number;
}

function figuresOf({ create, bulk, growth, size }: Outcome): StoreFigures {
  const lap = (median: number) => ({ median, min: median, max: median });
  const shape = { shape: 'identifier', p99Ms: 1, found: 1, failed: 0 };
  return {
    takenAt: '2026-01-01T00:00:00.000Z',
    machine: {
      ...{ cpu: 'x', cores: 2, memoryGiB: 4, node: 'v24', sqlite: '3', loadBefore: 0 },
      ...{ syncP50Ms: 0.1, syncP99Ms: 1 },
    },
    groupCommit: [
      { inFlight: 8, bareBody: lap(200), bareIndexed: lap(100), store: lap(100 * create) },
    ],
    load: [
      {
        ...{ from: 0, to: size, barePerSecond: 100, storePerSecond: 100 * bulk, bodyBytes: 1 },
        ...{ storeCpuMs: 3, bareCpuMs: 2 },
      },
    ],
    searches: [
      { size: 1_000, shapes: [{ ...shape, p50Ms: 1 }] },
      { size, shapes: [{ ...shape, p50Ms: growth }] },
    ],
    disk: { resources: size, fileBytes: size },
    reopen: { readyMs: 900, firstCallMs: {}, openedMiB: 1, searchedMiB: 1, writtenMiB: 1 },
  };
}
