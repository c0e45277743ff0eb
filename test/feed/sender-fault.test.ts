import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openSite } from '../../src/site.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { processorOn, text } from './pipeline-fixture.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { feeding } = await openSite({ root, folder: '', zone: 'UTC' });

const long = 'x'.repeat(1_100_000);
const pid = 'PID|1||L5^^^LABCO^MR||Alvarez^Maria||19620417|F';
const obr = 'OBR|1|P1^MERCY|F1^LABCO|718-7^Hemoglobin^LN|||20260501110000';

it.each([
  ['text of a result', 'ORU^R01', [pid, obr, `OBX|1|TX|a^b^L||${long}||||||F`], 'OBX^1^5'],
  ['note', 'ORU^R01', [pid, obr, 'OBX|1|NM|a^b^L||5||||||F', `NTE|1||${long}`], 'NTE^1^3'],
  ['name', 'ADT^A08', [`PID|1||L5^^^LABCO^MR||${long}`], 'PID^1^5'],
])('a %s that FHIR cannot hold is refused at its field', async (_, type, segments, place) => {
  const { ack, state } = await sent(type, segments);
  expect(ack).toContain(`|${place}`);
  expect(ack).toContain('data-type');
  expect([/MSA\|(\w\w)/.exec(ack)?.[1], state]).toEqual(['AE', 'failed']);
});

it.each([
  [
    'visit without a time',
    'SIU^S12',
    ['SCH||F9^S', pid, 'RGS|1', 'AIS|1||394^Gen^SCT'],
    'SCH^1^11',
  ],
  ['document without content', 'MDM^T02', [pid, 'TXA|1|DI|TX'], ''],
])('a %s is refused for what is missing, not as a fault of the map', async (_, type, ...rest) => {
  const [segments, place] = rest;
  const { ack, state } = await sent(type, segments);
  expect(ack).toContain('required-field');
  expect(ack).toContain(place);
  expect([/MSA\|(\w\w)/.exec(ack)?.[1], state]).toEqual(['AE', 'failed']);
});

async function sent(type: string, segments: readonly string[]) {
  const store = openMemoryStore();
  const { processor } = processorOn(store, feeding);
  const msh = `MSH|^~\\&|LAB|LABCO|WEIR|HUB|20260501110000||${type}|1|P|2.5.1`;
  const bytes = Buffer.from([msh, ...segments].join('\r'));
  const ack = text(await processor.onFrame({ bytes, peer: 'p' }));
  const [row] = (await store.journal.list({ count: 1 })).entries;
  return { ack, state: row?.state };
}
