/** `WEIR_TEST_EVERY_FAULT=1`: no samples, every fault there is (minutes; `.ci/run` sets it). */
export const everyFault = process.env['WEIR_TEST_EVERY_FAULT'] === '1';

/** What chose the samples; `WEIR_TEST_SEED` chooses them again. */
export const seed = Number(process.env['WEIR_TEST_SEED'] ?? Date.now() % 1_000_000);

let state = seed;

/** Numbers in [0, 1) that the seed alone decides. */
export function chance(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}

/** The first, the last and some between, in their order. */
export function sample<Item>(items: readonly Item[], count: number): readonly Item[] {
  if (items.length <= count) return items;
  const chosen = new Set([0, items.length - 1]);
  while (chosen.size < count) chosen.add(Math.floor(chance() * items.length));
  return items.filter((_, at) => chosen.has(at));
}

/** One of them; undefined where there are none. */
export function pick<Item>(items: readonly Item[]): Item | undefined {
  return items[Math.floor(chance() * items.length)];
}

/** Says in a test's name which faults it will meet. */
export const extent = everyFault ? 'every one' : `a sample, seed ${seed}`;
