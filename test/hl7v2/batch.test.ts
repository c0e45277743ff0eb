import { describe, expect, it } from 'vitest';
import { splitBatch } from '../../src/hl7v2/batch.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';

const fhs = 'FHS|^~\\&|A|B|C|D|20240101';
const bhs = 'BHS|^~\\&|A|B|C|D|20240101||||B77';
const one = 'MSH|^~\\&|A|B|C|D|20240101||ADT^A08|1|P|2.5\rPID|1';
const two = 'MSH|^~\\&|A|B|C|D|20240101||ADT^A08|2|P|2.5\rPID|1';

function controlIds(text: string): (string | undefined)[] {
  return splitBatch(text).messages.map((message) => parseMessage(message).message?.controlId);
}

describe('splitBatch', () => {
  it.each([
    ['one message', `${one}\r`, ['1']],
    ['two messages', `${one}\r${two}\r`, ['1', '2']],
    ['LF', `${one}\r${two}\r`.replaceAll('\r', '\n'), ['1', '2']],
    ['blank lines between', `${one}\r\n\r\n${two}\r\n`, ['1', '2']],
    ['MLLP frames in a file', `\v${one}\r\x1c\r\v${two}\r\x1c\r`, ['1', '2']],
    ['byte order mark', `\ufeff${one}\r`, ['1']],
    ['batch', `${bhs}\r${one}\r${two}\rBTS|2\r`, ['1', '2']],
    ['file', `${fhs}\r${bhs}\r${one}\rBTS|1\r${bhs}\r${two}\rBTS|1\rFTS|2\r`, ['1', '2']],
    ['file without batches', `${fhs}\r${one}\r${two}\rFTS|0\r`, ['1', '2']],
    ['trailer without count', `${bhs}\r${one}\rBTS|\r`, ['1']],
    ['empty batch', `${bhs}\rBTS|0\r${bhs}\r${one}\rBTS|1`, ['1']],
  ])('%s', (_, text, expected) => {
    expect(splitBatch(text).issues).toEqual([]);
    expect(controlIds(text)).toEqual(expected);
  });

  it.each([
    ['BTS-1', `${bhs}\r${one}\rBTS|2\r`],
    ['BTS-1', `${bhs}\r${one}\rBTS|two\r`],
    ['FTS-1', `${fhs}\r${bhs}\r${one}\rBTS|1\rFTS|3\r`],
  ])('a wrong count is reported and loses nothing: %s', (location, text) => {
    expect(splitBatch(text).issues).toMatchObject([{ severity: 'warning', location }]);
    expect(controlIds(text)).toEqual(['1']);
  });

  it.each([
    ['BTS', `${bhs}\r${one}\r`],
    ['BTS', `${bhs}\r${one}\r${bhs}\r${two}\rBTS|1`],
    ['FTS', `${fhs}\r${bhs}\r${one}\rBTS|1\r`],
  ])('a missing trailer is reported: %s', (location, text) => {
    expect(splitBatch(text).issues).toMatchObject([{ severity: 'warning', location }]);
  });

  it('says which messages are in which batch', () => {
    const { batches, fileHeader } = splitBatch(
      `${fhs}\r${bhs}\r${one}\rBTS|2\r${two}\r${bhs}\rBTS|0\rFTS|2\r`,
    );
    expect(fileHeader).toBe(fhs);
    expect(batches).toMatchObject([
      { header: bhs, messages: [`${one}\r`], issues: [{ location: 'BTS-1' }] },
      { messages: [`${two}\r`], issues: [] },
      { header: bhs, messages: [], issues: [] },
    ]);
  });

  it('one bad message does not stop the others', () => {
    const bad = 'MSH|ADT^A01|oops\rPID|1';
    expect(controlIds(`${one}\r${bad}\r${two}`)).toEqual(['1', undefined, '2']);
  });

  it('reports what is outside, and that there is nothing', () => {
    expect(splitBatch(`hello\r${one}`).issues).toMatchObject([{ code: 'structure' }]);
    expect(splitBatch(`hello\r${one}`).messages).toHaveLength(1);
    expect(splitBatch('').issues).toMatchObject([{ code: 'syntax-hl7', severity: 'error' }]);
    expect(splitBatch(`${bhs}\rBTS|0`)).toMatchObject({ messages: [], batches: [{ header: bhs }] });
  });

  it('keeps the text of a message as it was, with one terminator', () => {
    expect(splitBatch(`${one} \r\r\n\x1c`).messages).toEqual([`${one} \r`]);
    expect(splitBatch(one.replace('\r', '\n')).messages).toEqual([`${one.replace('\r', '\n')}\n`]);
  });

  it('does not take a field for a header', () => {
    expect(splitBatch(`${one}|x MSH|y\rNTE|1||MSHA\r`).messages).toHaveLength(1);
  });
});
