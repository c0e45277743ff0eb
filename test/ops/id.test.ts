import { describe, expect, it } from 'vitest';
import { uuidSource } from '../../src/ops/id.ts';

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const start = Date.parse('2026-05-01T12:00:00Z');

/** `count` ids while the clock stands as `at` says for each. */
function ids(count: number, at: (index: number) => number): string[] {
  let index = 0;
  const next = uuidSource(() => new Date(at(index)));
  return Array.from({ length: count }, () => {
    const id = next();
    index += 1;
    return id;
  });
}

describe('ids', () => {
  it('are UUIDs of version 7 that begin with the time', () => {
    const [id = ''] = ids(1, () => start);
    expect(id).toMatch(form);
    expect(parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(start);
  });

  it.each<[string, (index: number) => number]>([
    ['as the clock goes on', (index) => start + index],
    ['within one millisecond, more than its counter holds', () => start],
    ['while the clock is set back', (index) => start - index * 1000],
    ['while the clock jumps to and fro', (index) => start + (index % 2) * 3600_000],
  ])('are in order and unique %s', (_case, at) => {
    const made = ids(10_000, at);
    expect(made).toEqual(made.toSorted());
    expect(new Set(made).size).toBe(made.length);
    for (const id of made) expect(id).toMatch(form);
  });

  it('of two sources with one clock are not the same', () => {
    const made = [...ids(1000, () => start), ...ids(1000, () => start)];
    expect(new Set(made).size).toBe(made.length);
  });
});
