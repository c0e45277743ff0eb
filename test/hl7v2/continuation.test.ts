import { expect, it } from 'vitest';
import { continuationOf, joinAddenda, joinFragments } from '../../src/hl7v2/continuation.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';
import { processorMs } from '../processor-time.ts';

const msh = 'MSH|^~\\&|A|B|C|D|2024||ORU^R01|1|P|2.5';

it.each([
  ['nothing to join', 'PID|1\rOBX|1\r', 'PID|1\rOBX|1\r'],
  ['one', 'OBX|1|TX|X||First \rADD|second||||F\r', 'OBX|1|TX|X||First second||||F\r'],
  ['several', 'OBX|1|TX|X||a\rADD|b\rADD|c|d\rOBX|2\r', 'OBX|1|TX|X||abc|d\rOBX|2\r'],
  ['LF and CRLF', 'OBX|1|a\nADD|b\r\nADD|c\n', 'OBX|1|abc\n'],
  ['an empty one', 'OBX|1|a\rADD|\rOBX|2\r', 'OBX|1|a\rOBX|2\r'],
  ['after MSH', 'ADD|b\rOBX|1\rADD|c\r', 'ADD|b\rOBX|1c\r'],
  ['words in a field', 'NTE|1||ADD|MADD|x\rNTE|2\r', 'NTE|1||ADD|MADD|x\rNTE|2\r'],
])('ADD: %s', (_, text, expected) => {
  expect(joinAddenda(`${msh}\r${text}`)).toBe(`${msh}\r${expected}`);
});

it('ADD with another separator, and no MSH', () => {
  const other = `${msh}\rOBX|a\rADD|b\r`.replaceAll('|', '$');
  expect(joinAddenda(other)).toContain('OBX$ab\r');
  expect(joinAddenda('PID|1\rADD|b')).toBe('PID|1\rADD|b');
});

it('many ADD in bounded time', () => {
  const spent = processorMs();
  const text = joinAddenda(`${msh}\rOBX|1|${'\rADD|x'.repeat(500_000)}${'\r'.repeat(100_000)}`);
  expect(text).toContain('xxx');
  expect(spent()).toBeLessThan(2_000);
});

it('fragments become one message', () => {
  const text = joinFragments([
    `${msh}\rPID|1\rOBX|1|TX|X||begun \rDSC|p1|F\r`,
    `${msh.replace('|1|P|2.5', '|2|P|2.5||p1')}\rADD|and ended\rOBX|2\rDSC|p2|F\r`,
    `${msh.replace('|1|P|2.5', '|3|P|2.5||p2')}\rOBX|3\r`,
  ]);
  expect(text).toBe(`${msh}\rPID|1\rOBX|1|TX|X||begun and ended\rOBX|2\rOBX|3\r`);
});

it.each([
  ['', undefined],
  ['|', undefined],
  ['||p1', { follows: 'p1', next: '' }],
  ['||\rDSC|p2', { follows: '', next: 'p2' }],
  ['||p1\rDSC|p2|F', { follows: 'p1', next: 'p2' }],
  ['||\rDSC|p2|I', undefined],
])('MSH-13, MSH-14 and DSC %j', (rest, expected) => {
  const { message } = parseMessage(`${msh}${rest}\rPID|1`);
  expect(message && continuationOf(message)).toEqual(expected);
});
