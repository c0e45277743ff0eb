import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { openSite } from '../src/site.ts';
import { hostileMessages, readSamples } from '../test/property/hostile-arbitrary.ts';
import { sendHostileBatch } from '../test/property/hostile-batch.ts';
import { sendHostile } from '../test/property/hostile-outcome.ts';

/**
 * `node scripts/hostile-messages.ts COUNT [FIRST] [--minutes N] [--page]`: that many hostile messages through the pipeline,
 * or fewer where the time is up, each made of its own seed from FIRST on (every tenth a batch of some); prints how they
 * were answered and why, and the first seeds that break a promise or take too long. `--page` writes
 * docs/reference/hostile-messages.md.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: 'Infinity' },
    page: { type: 'boolean', default: false },
  },
});
const [wanted = 1_000, first = 1] = positionals.map(Number);
const failuresShown = 10;
/** Of one message with its resend, on a machine at other work too. */
const slowMs = 20_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const { feeding } = await openSite({ root, folder: '', zone: 'UTC' });
const samples = readSamples();
const messages = hostileMessages(samples);
const tally = new Map<string, number>();
let failures = 0;
let slowestMs = 0;
const started = performance.now();
const endMs = started + Number(values.minutes) * 60_000;
let count = 0;
for (; count < wanted && performance.now() < endMs; count += 1) {
  const seed = first + count;
  const isBatch = seed % 10 === 0;
  const made = fc.sample(messages, { seed, numRuns: isBatch ? 1 + (seed % 4) : 1 });
  const [hostile] = made;
  if (!hostile) continue;
  const begun = performance.now();
  const sending = isBatch
    ? sendHostileBatch(feeding, made, Math.floor(seed / 10))
    : sendHostile(feeding, hostile).then(({ code, reason }) => `${code} ${reason}`.trim());
  const answer = await sending.catch((error: unknown) => failed(error));
  const tookMs = performance.now() - begun;
  slowestMs = Math.max(slowestMs, tookMs);
  tally.set(answer, (tally.get(answer) ?? 0) + 1);
  if (tookMs > slowMs) failed(`It took ${String(Math.round(tookMs))} ms`);

  function failed(error: unknown): string {
    failures += 1;
    if (failures <= failuresShown) {
      console.error(seed, hostile?.from, JSON.stringify(hostile?.by).slice(0, 2_000), error);
    }
    return 'broken promise';
  }
}
const rows = [...tally].sort((a, b) => b[1] - a[1]);
for (const [answer, times] of rows) console.log(`${String(times).padStart(8)} ${answer}`);
const seconds = Math.round((performance.now() - started) / 1_000);
console.log(
  `${String(count)} messages, ${String(failures)} broken promises, slowest ${slowestMs.toFixed(0)} ms, ${String(seconds)} s`,
);
if (values.page) writeFileSync('docs/reference/hostile-messages.md', page());
process.exitCode = failures === 0 ? 0 : 1;

function page(): string {
  const amount = count.toLocaleString('en');
  return `# Messages as no sender should write them

${amount} messages, made of ${String(samples.length)} real and own ones by one to six changes each (segments and fields removed, doubled, swapped,
multiplied; other delimiters and charsets; flipped and cut bytes; huge fields; deep repetitions; wrong headers; every tenth in batches),
went through the whole pipeline: \`node scripts/hostile-messages.ts ${String(count)} ${String(first)} --page\`. Of each was asked: one answer, to this message and
honest; nothing stored that is not valid FHIR R4; no fault of ours in the log; the same answer and nothing new when it is sent again;
an end in ${String(slowMs / 1_000)} s. A sample of them is in \`npm test\`.

| broken promises | slowest message with its resend |
|---:|---:|
| ${String(failures)} | ${slowestMs.toFixed(0)} ms |

| messages | MSA-1 and our code of the first error |
|---:|---|
${rows.map(([answer, times]) => `| ${String(times)} | ${answer === '' ? 'no answer asked for' : answer} |`).join('\n')}
`;
}
