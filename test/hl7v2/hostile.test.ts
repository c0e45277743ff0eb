import fc from 'fast-check';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { decodeFrame, encodeText } from '../../src/hl7v2/charset.ts';
import { parseDateTime } from '../../src/hl7v2/datetime.ts';
import { defaultEncoding, readEncoding } from '../../src/hl7v2/encoding.ts';
import { decodeEscapes } from '../../src/hl7v2/escape.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';

const text = (msh18 = ''): string => `MSH|^~\\&|A|B|C|D|2024||ADT^A08|1|P|2.5||||||${msh18}`;

describe('a charset that cannot be', () => {
  it.each(['UNICODE UTF-16', 'UNICODE UTF-32', 'utf-16be'])(
    'MSH-18 says %s in plain letters: it is UTF-8, with a warning',
    (name) => {
      const decoded = decodeFrame(Buffer.from(text(name)));
      expect(decoded).toMatchObject({ text: text(name), charset: 'utf-8' });
      expect(decoded.issues).toMatchObject([{ location: 'MSH-18' }]);
    },
  );

  it.each(['utf-16le', 'utf-16be', 'utf-32le', 'utf-32be'])(
    'reads %s with and without its mark, and answers in it with a mark',
    (charset) => {
      for (const addBOM of [true, false]) {
        const bytes = iconv.encode(text(), charset, { addBOM });
        expect(decodeFrame(bytes)).toMatchObject({ text: text(), charset });
      }
      expect(decodeFrame(encodeText(text(), charset))).toMatchObject({ text: text(), charset });
    },
  );

  it('takes a mark of UTF-16 before plain letters for noise', () => {
    const bytes = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text())]);
    expect(decodeFrame(bytes).text).toContain(text());
  });

  it('gives windows-1252 back byte by byte', () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const decoded = decodeFrame(bytes, { override: 'windows-1252' });
    expect(Buffer.from(encodeText(decoded.text, decoded.charset))).toEqual(bytes);
  });

  it('never gives half of a surrogate pair', () => {
    const half = Buffer.from('MSH|\ud83d|'.padEnd(40, '\udc00'), 'utf16le');
    expect(decodeFrame(half).text.isWellFormed()).toBe(true);
    expect(decodeEscapes('\\XD83D\\', defaultEncoding, { charset: 'utf-16be' })).toBe('\ufffd');
  });
});

describe('characters that no text may hold', () => {
  it('go from the message, with a warning', () => {
    const { message, issues } = parseMessage(`${text()}\rPID|1||M\u00007\u001c7\u000b\tx\u0007`);
    expect(message?.segment('PID')?.field(3).text).toBe('M77\tx');
    expect(issues).toMatchObject([{ code: 'value', severity: 'warning' }]);
  });

  it('stay escaped where they came escaped', () => {
    expect(decodeEscapes('a\\X00\\b\\X1C0D\\c', defaultEncoding)).toBe('a\\X00\\b\\X1C0D\\c');
    const run = '\\X00\\'.repeat(200_000);
    expect(decodeEscapes(run, defaultEncoding)).toBe(run);
  });

  it.each(['\u001c', '\u000b', '\u0000', '\u007f', '\u0085', '\ud83d', '\udc00'])(
    'do not separate: %j',
    (character) => {
      expect(readEncoding(`MSH${character}^~\\&${character}`).encoding).toBeUndefined();
      expect(readEncoding(`MSH|^${character}\\&|`).encoding).toBeUndefined();
    },
  );

  it.each([...'^~\\&'])('an empty MSH-2 is not assumed where MSH-1 is %s', (character) => {
    expect(readEncoding(`MSH${character}${character}A`)).toMatchObject({
      issues: [{ code: 'syntax-hl7', location: 'MSH-2' }],
    });
  });

  it('leaves no control in any text of a message, whatever comes', () => {
    const noise = fc.string({ unit: 'binary', maxLength: 30 });
    fc.assert(
      fc.property(noise, (field) => {
        const { message } = parseMessage(`${text()}\rPID|${field}`);
        const texts = message?.segments.flatMap((segment) =>
          Array.from({ length: segment.fieldCount }, (_, index) => segment.field(index + 1).text),
        );
        expect(texts?.filter((one) => /[\0-\x08\x0b\x0c\x0e-\x1f]/.test(one))).toEqual([]);
      }),
    );
  });
});

it('a midnight after the last day of year 9999 is a fault', () => {
  expect(parseDateTime('99991231240000')).toEqual({ fault: 'The year is beyond 9999' });
  expect(parseDateTime('99991230240000').value).toMatchObject({ day: 31, hour: 0 });
});
