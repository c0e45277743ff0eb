import fc from 'fast-check';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { decodeFrame, encodeText } from '../../src/hl7v2/charset.ts';

const message = (charset: string, name: string): string =>
  `MSH|^~\\&|A|B|C|D|20240101||ADT^A08|1|P|2.5||||||${charset}\rPID|1||1||${name}\r`;

describe('decodeFrame', () => {
  it.each([
    ['', 'utf-8', 'Müller', 'utf-8'],
    ['UNICODE UTF-8', 'utf-8', '山田', 'utf-8'],
    ['UNICODE', 'utf-8', '山田', 'utf-8'],
    ['8859/1', 'latin1', 'Müller', 'windows-1252'],
    ['8859/1', 'windows-1252', 'O’Brien €', 'windows-1252'],
    ['8859/2', 'iso-8859-2', 'Dvořák', 'iso-8859-2'],
    ['8859/5', 'iso-8859-5', 'Шостакович', 'iso-8859-5'],
    ['8859/15', 'iso-8859-15', 'Œuvre €', 'iso-8859-15'],
    ['ISO IR100', 'latin1', 'Müller', 'windows-1252'],
    ['GB 18030-2000', 'gb18030', '王小明', 'gb18030'],
    ['BIG-5', 'big5', '王小明', 'big5'],
    ['KS X 1001', 'euc-kr', '홍길동', 'euc-kr'],
    ['8859/1~ISO IR87', 'latin1', 'Müller', 'windows-1252'],
    ['ASCII', 'ascii', 'Miller', 'utf-8'],
  ])('MSH-18 %j in %s: %s', (declared, actual, name, charset) => {
    const text = message(declared, name);
    const decoded = decodeFrame(iconv.encode(text, actual));
    expect(decoded).toEqual({ text, charset, issues: [] });
    expect(Buffer.from(encodeText(text, charset))).toEqual(iconv.encode(text, actual));
  });

  it.each(['Müller', 'Miller', '山田'])('reads a frame within a larger memory: %s', (name) => {
    const text = message('', name);
    const frame = Buffer.from(text);
    const memory = new Uint8Array(frame.length + 20).fill(0x1b);
    memory.set(frame, 7);
    expect(decodeFrame(memory.subarray(7, 7 + frame.length)).text).toBe(text);
  });

  it('reads bytes that are ASCII in the charset of the feed, in which they may stand for something else', () => {
    const frame = Buffer.from(message('', '50 %'));
    expect(decodeFrame(frame, { override: 'cp864' }).text).toContain('50 ٪');
  });

  it.each([
    ['absent', ''],
    ['UTF-8', 'UNICODE UTF-8'],
    ['ASCII', 'ASCII'],
    ['unknown', 'EBCDIC-9'],
    ['no charset', 'base64'],
  ])(
    'bytes that are not UTF-8 although MSH-18 is %s: windows-1252 and a warning',
    (_, declared) => {
      const text = message(declared, 'Müller');
      const decoded = decodeFrame(iconv.encode(text, 'windows-1252'));
      expect(decoded).toMatchObject({ text, charset: 'windows-1252' });
      expect(decoded.issues.at(-1)).toMatchObject({ severity: 'warning', location: 'PID[1]-5' });
    },
  );

  it('ASCII that is UTF-8: a warning', () => {
    const decoded = decodeFrame(Buffer.from(message('ASCII', 'Müller')));
    expect(decoded.text).toContain('Müller');
    expect(decoded.issues).toMatchObject([{ severity: 'warning', location: 'PID[1]-5' }]);
  });

  it('one byte for a character, but the bytes are UTF-8: as declared, with a warning', () => {
    const decoded = decodeFrame(Buffer.from(message('8859/1', 'Müller')));
    expect(decoded).toMatchObject({ text: message('8859/1', 'MÃ¼ller'), charset: 'windows-1252' });
    expect(decoded.issues).toMatchObject([{ severity: 'warning', location: 'PID[1]-5' }]);
    const repaired = decodeFrame(Buffer.from(message('8859/1', 'Müller')), { override: 'utf-8' });
    expect(repaired).toMatchObject({ text: message('8859/1', 'Müller'), issues: [] });
  });

  it('a repetition of MSH-18 that is not known: a warning with its place', () => {
    const { issues } = decodeFrame(Buffer.from(message('ASCII~ISO IR87~EBCDIC-9', 'x')));
    expect(issues).toMatchObject([{ location: 'MSH-18[2]' }]);
  });

  it('the feed overrides MSH-18, and a byte order mark too', () => {
    const bytes = iconv.encode(message('8859/1', 'Dvořák'), 'iso-8859-2');
    expect(decodeFrame(bytes, { override: '8859/2' }).text).toContain('Dvořák');
    expect(decodeFrame(bytes, { override: 'iso-8859-2' }).text).toContain('Dvořák');
    const marked = Buffer.concat([
      Buffer.of(0xef, 0xbb, 0xbf),
      Buffer.from(message('8859/1', 'Mü')),
    ]);
    expect(decodeFrame(marked)).toMatchObject({ text: message('8859/1', 'Mü'), charset: 'utf-8' });
  });

  it('UTF-16 with a mark', () => {
    const text = message('UNICODE UTF-16', 'Müller');
    const decoded = decodeFrame(iconv.encode(text, 'utf-16le', { addBOM: true }));
    expect(decoded.text).toBe(text);
  });

  it('never fails', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (bytes, declared) => {
        const head = Buffer.from(message(declared, ''));
        expect(decodeFrame(Buffer.concat([head, bytes])).text).toBeTypeOf('string');
      }),
    );
  });
});
