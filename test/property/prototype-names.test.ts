import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openSite } from '../../src/site.ts';
import { readSamples } from './hostile-arbitrary.ts';
import { sendHostile } from './hostile-outcome.ts';
import { objectNames } from './hostile-words.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { feeding } = await openSite({ root, folder: '', zone: 'UTC' });
const samples = readSamples().filter(({ file }) => file.startsWith('fixtures'));

/** Every leaf, but for the header and the types of values. */
function named(text: string, name: string): string {
  const [header = '', ...segments] = text.split('\r');
  const leaves = /(?<=[|^~&])[^|^~&]+/g;
  return [
    header.replace(/^(MSH\|[^|]*)\|[^|]*\|[^|]*/, `$1|${name}|${name}`),
    ...segments.map((line) => line.replace(leaves, () => name)),
  ].join('\r');
}

describe.each(objectNames)('%s as every code, name, number and namespace', (name) => {
  it.each(samples.map((sample) => [sample.file, sample.text] as const))(
    '%s',
    async (file, text) => {
      const hostile = { from: file, by: [name], original: Buffer.from(text) };
      const sent = await sendHostile(feeding, {
        ...hostile,
        bytes: Buffer.from(named(text, name)),
      });
      // An appointment at the time `constructor` is at none, which FHIR allows only where it is cancelled;
      // queries are refused with a sentence.
      const refused = text.includes('SIU^')
        ? ['', 'mapping-fault', 'required-field']
        : ['', 'required-field', ...(/\|(QBP|QRY|VXQ)\^/.test(text) ? ['event-unsupported'] : [])];
      expect(refused).toContain(sent.reason);
    },
  );
});
