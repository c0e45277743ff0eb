import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSite } from '../../src/site.ts';
import { hostileMessages, readSamples } from './hostile-arbitrary.ts';
import { sendHostile } from './hostile-outcome.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const samples = readSamples();
const numRuns = process.env['WEIR_TEST_ALL_ROUNDS'] === '1' ? 2_000 : 500;
const { feeding } = await openSite({ root, folder: '', zone: 'UTC' });

describe('a message as no sender should write it', () => {
  it('gets one honest answer, and nothing but FHIR is stored of it', async () => {
    expect(samples.length).toBeGreaterThan(50);
    const codes = new Set<string>();
    const property = fc.asyncProperty(hostileMessages(samples), async (hostile) => {
      codes.add((await sendHostile(feeding, hostile)).code);
    });
    await fc.assert(property, { numRuns });
    expect([...codes].filter((code) => code.startsWith('A')).sort()).toEqual(['AA', 'AE', 'AR']);
  }, 300_000);
});
