import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { openSite } from '../src/site.ts';
import { hostileMessages, readSamples } from '../test/property/hostile-arbitrary.ts';
import { sendHostile } from '../test/property/hostile-outcome.ts';

/**
 * `node scripts/hostile-messages.ts COUNT [FIRST]`: that many hostile messages through the pipeline, each made of its
 * own seed from FIRST on; prints how they were answered and why, and the first seeds that break a promise.
 */
const [count = 1_000, first = 1] = process.argv.slice(2).map(Number);
const failuresShown = 10;
const root = fileURLToPath(new URL('..', import.meta.url));
const { feeding } = await openSite({ root, folder: '', zone: 'UTC' });
const messages = hostileMessages(readSamples());
const tally = new Map<string, number>();
let failures = 0;
for (let seed = first; seed < first + count; seed += 1) {
  const [hostile] = fc.sample(messages, { seed, numRuns: 1 });
  if (!hostile) continue;
  const begun = performance.now();
  const answer = await sendHostile(feeding, hostile).then(
    ({ code, reason }) => `${code} ${reason}`.trim(),
    (error: unknown) => {
      failures += 1;
      if (failures <= failuresShown) console.error(seed, hostile.from, hostile.by, error);
      return 'broken promise';
    },
  );
  tally.set(answer, (tally.get(answer) ?? 0) + 1);
  const tookMs = Math.round(performance.now() - begun);
  if (tookMs > 1_000) console.error(`${seed} took ${tookMs} ms`, hostile.from, hostile.by);
}
for (const [answer, times] of [...tally].sort((a, b) => b[1] - a[1])) {
  console.log(`${String(times).padStart(8)} ${answer}`);
}
process.exitCode = failures === 0 ? 0 : 1;
