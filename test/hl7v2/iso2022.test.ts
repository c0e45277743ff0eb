import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame, encodeText } from '../../src/hl7v2/charset.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';
import { processorMs } from '../processor-time.ts';

const esc = '\x1b';
const head = (charset: string, set = '^~\\&'): string =>
  `MSH|${set}|A|B|C|D|20240101||ADT^A08|1|P|2.5||||||${charset}\r`;

/** PID-5 and PID-6 of a message whose bytes are given as latin1. */
function read(charset: string, name: string, set?: string): readonly string[] {
  const bytes = Buffer.from(`${head(charset, set)}PID|1||1||${name}|next\r`, 'latin1');
  const { text, charset: found } = decodeFrame(bytes);
  const pid = parseMessage(text, { charset: found }).message?.segment('PID');
  return [
    pid?.field(5).text ?? '',
    pid?.field(5).component(2).text ?? '',
    pid?.field(6).text ?? '',
  ];
}

describe('switches', () => {
  it.each([
    // 山 is 3B 33, 田 45 44; 太 42 40, 郎 4F 3A. In 7 bits they look like letters and separators.
    ['raw kanji', `${esc}$B;3ED${esc}(B^${esc}$BB@O:${esc}(B`, '山田', '太郎'],
    ['raw kanji, older set', `${esc}$@;3ED${esc}(J^x`, '山田', 'x'],
    ['kanji by escapes', String.raw`\M2442\;3ED\C2842\^\M2442\B@O:\C2842\ `.trim(), '山田', '太郎'],
    ['separators within kanji', `${esc}$B|&^~${esc}(B^x`, '釥滌', 'x'],
    ['kana of one byte', `${esc})I\xd4\xcf\xc0\xde^x`, 'ﾔﾏﾀﾞ', 'x'],
    ['JIS X 0212', `${esc}$(D\x30\x21${esc}(B^x`, '丂', 'x'],
    ['Korean', `${esc}$)C\xb1\xe8^x`, '김', 'x'],
    ['Chinese', `${esc}$)A\xcd\xf5^x`, '王', 'x'],
    ['Cyrillic by an escape', '\\C2D4C\\\xc8\xd8^x', 'Ши', 'x'],
    ['Greek, then Latin', `${esc}-F\xc1${esc}-A\xe9^x`, 'Αé', 'x'],
  ])('%s', (_, name, family, given) => {
    expect(read('ASCII~ISO IR87', name)).toEqual([family, given, 'next']);
  });

  it('end with their segment', () => {
    const bytes = Buffer.from(`${head('~ISO IR87')}NTE|1||${esc}$B;3\rPID|1||7\r`, 'latin1');
    const { message } = parseMessage(decodeFrame(bytes).text);
    expect(message?.segment('NTE')?.field(3).text).toBe('山');
    expect(message?.segment('PID')?.field(3).text).toBe('7');
  });

  it.each([
    ['an escaped escape character before', String.raw`\E\M2442\x`, String.raw`\M2442\x`],
    ['a set that is not known', String.raw`\C2899\x`, String.raw`\C2899\x`],
    ['no hex', String.raw`C:\Mirror\x`, String.raw`C:\Mirror\x`],
  ])('are not %s', (_, name, expected) => {
    expect(read('', name)[0]).toBe(expected);
  });

  it('begin with the escape character of the message', () => {
    expect(read('~ISO IR87', '!M2442!;3ED!C2842!', '^~!&')[0]).toBe('山田');
  });

  it.each(['ISO IR87', '~ISO IR87', 'ISO IR6~ISO IR87'])('MSH-18 %s', (charset) => {
    const bytes = Buffer.from(`${head(charset)}PID|1||1||${esc}$B;3ED${esc}(B\r`, 'latin1');
    const decoded = decodeFrame(bytes);
    expect(decoded).toMatchObject({ charset: 'iso-2022-jp', issues: [] });
    expect(Buffer.from(encodeText(decoded.text, 'iso-2022-jp'))).toEqual(bytes);
  });

  it('what ISO-2022-JP cannot say is a question mark', () => {
    expect(Buffer.from(encodeText('aé山b', 'iso-2022-jp')).toString('latin1')).toBe(
      `a?${esc}$B;3${esc}(Bb`,
    );
  });

  it('never fail and never take a segment in', () => {
    const piece = fc.constantFrom(
      ...[esc, `${esc}$B`, `${esc}(B`, `${esc}$)C`, '\\M2442\\', '\\C2842\\', ';3', '\xb1\xe8'],
      ...['\xff', '\\', '\\E\\', '|', 'x', '!'],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const { text } = decodeFrame(
          Buffer.from(`${head('~ISO IR87')}NTE|${pieces.join('')}\rPID|1||7\r`, 'latin1'),
        );
        expect(parseMessage(text).message?.segment('PID')?.field(3).text).toBe('7');
        expect(text.isWellFormed()).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('many of them are read in bounded time', () => {
    const bytes = Buffer.from(`${head('')}NTE|${`${esc}$B;3${esc}(B`.repeat(100_000)}\r`, 'latin1');
    const spent = processorMs();
    expect(decodeFrame(bytes).text).toContain('山山');
    expect(spent()).toBeLessThan(3_000);
  });
});
