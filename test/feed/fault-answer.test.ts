import { expect, it } from 'vitest';
import { faultAnswer } from '../../src/feed/fault-answer.ts';

const given = { now: new Date('2024-01-31T08:00:00Z'), controlId: 'W1' };
const head = Buffer.from(
  'MSH|^~\\&|A|B|C|D|2024||ORU^R01|77|P|2.5\rPID|1\rOBX|1|ED|||cut in the mid',
);

it.each([
  ['oversized', 'frame-too-large'],
  ['unended', 'syntax-hl7'],
  ['frame-timeout', 'timeout'],
  ['exception', 'exception'],
] as const)('%s is AR to the message that began', (kind, code) => {
  const lines = Buffer.from(faultAnswer({ kind, head }, given) ?? [])
    .toString()
    .split('\r');
  expect(lines[0]).toContain('MSH|^~\\&|C|D|A|B|');
  expect(lines[1]).toMatch(/^MSA\|AR\|77\|/);
  expect(lines[2]).toContain(`|E|${code}|`);
});

it('answers without MSA-2 where there is no MSH, and not at all to junk', () => {
  const nothing = new Uint8Array();
  const answer = faultAnswer({ kind: 'frame-timeout', head: nothing }, given);
  expect(Buffer.from(answer ?? []).toString()).toContain('MSA|AR||');
  expect(faultAnswer({ kind: 'junk', head: nothing }, given)).toBeUndefined();
});

it.each([
  ['AL|NE', 'CR'],
  ['ER|', 'CR'],
  ['SU|AL', 'AR'],
  ['NE|NE', undefined],
])('says what MSH-15|MSH-16 want to hear: %s', (asked, code) => {
  const sent = Buffer.from(`MSH|^~\\&|A|B|C|D|2024||ORU^R01|77|P|2.5|||${asked}|\rPID|1`);
  const answer = faultAnswer({ kind: 'oversized', head: sent }, given);
  expect(/MSA\|(\w\w)/.exec(Buffer.from(answer ?? []).toString())?.[1]).toBe(code);
});
