import fc from 'fast-check';
import { expect, it } from 'vitest';
import { splitBatch } from '../../src/hl7v2/batch.ts';
import { MessageSplitter, type StreamPart } from '../../src/hl7v2/message-splitter.ts';

function split(pieces: readonly string[], lengthMax = 10_000): readonly StreamPart[] {
  const splitter = new MessageSplitter(lengthMax);
  return [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()];
}

const line = fc.constantFrom(
  ...[
    'MSH|^~\\&|A',
    'PID|1||MSH|2',
    'NTE|a MSH b',
    'FHS|x',
    'BHS|y',
    'BTS|1',
    'FTS|1',
    '',
    'MSHX',
    'ZZZ',
  ],
);
const text = fc
  .array(fc.tuple(line, fc.constantFrom('\r', '\n', '\r\n', '\x1c\r\x0b')), { maxLength: 20 })
  .map((lines) => lines.flat().join(''));

it('any cutting gives the parts that splitBatch finds in the whole', () => {
  fc.assert(
    fc.property(text, fc.array(fc.nat(), { maxLength: 10 }), (whole, cuts) => {
      const places = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort(
        (a, b) => a - b,
      );
      const pieces = [0, ...places].map((from, index) => whole.slice(from, places[index]));
      const parts = split(pieces);
      expect(parts).toEqual(split([whole]));
      const messages = parts.filter(({ name }) => name === 'MSH').map((part) => part.text);
      expect(messages).toEqual(splitBatch(whole).messages);
    }),
    { numRuns: 2000 },
  );
});

it('keeps the head of a message that is too long, and goes on with the next', () => {
  const long = `MSH|^~\\&|A\r${'x'.repeat(5000)}\r`;
  const parts = split([...`${long}MSH|^~\\&|B\r`], 1000);
  expect(parts).toMatchObject([
    { name: 'MSH', isOversized: true },
    { name: 'MSH', text: 'MSH|^~\\&|B\r' },
  ]);
  expect(parts[0]?.text.startsWith('MSH|^~\\&|A\r')).toBe(true);
  expect(parts[0]?.text.length).toBeLessThan(600);
  expect(parts[1]).not.toHaveProperty('isOversized');
});

it('says what stands before the first, but for a byte order mark', () => {
  expect(split(['\u00ef\u00bb\u00bf\r\nMSH|'])).toMatchObject([{ name: 'MSH' }]);
  expect(split(['hello\rMSH|'])).toMatchObject([{ name: '', text: 'hello\r' }, { name: 'MSH' }]);
});
