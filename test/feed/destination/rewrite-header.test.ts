import { expect, it } from 'vitest';
import { rewriteHeader } from '../../../src/feed/destination/rewrite-header.ts';
import { maskedLines } from '../../../src/feed/destination/masked.ts';

const receiving = { application: 'R|S', facility: 'HOSP' };

it('with nothing to rewrite every byte stays', () => {
  const bytes = Uint8Array.of(0x4d, 0x53, 0x48, 0x7c, 0xff, 0xfe, 0x0d);
  expect(rewriteHeader(bytes, 'windows-1252', {})).toBe(bytes);
});

it('rewrites two fields, escaped, and no other byte', () => {
  const bytes = Buffer.concat([
    Buffer.from('\u{feff}MSH|^~\\&|LAB|L|OLD|F|2026||ADT^A31|1|P|2.5.1\rPID|1||'),
    Uint8Array.of(0xe9, 0x80, 0x0a, 0x0d),
  ]);
  const wanted = Buffer.concat([
    Buffer.from('\u{feff}MSH|^~\\&|LAB|L|R\\F\\S|HOSP|2026||ADT^A31|1|P|2.5.1\rPID|1||'),
    Uint8Array.of(0xe9, 0x80, 0x0a, 0x0d),
  ]);
  expect(Buffer.from(rewriteHeader(bytes, 'windows-1252', { receiving }))).toEqual(wanted);
});

it('rewrites UTF-16', () => {
  const bytes = Buffer.from('\u{feff}MSH|^~\\&|LAB|L\rPID|1', 'utf16le');
  const out = Buffer.from(rewriteHeader(bytes, 'utf-16le', { receiving }));
  expect(out.toString('utf16le').replace('\u{feff}', '')).toBe(
    'MSH|^~\\&|LAB|L|R\\F\\S|HOSP\rPID|1',
  );
});

it('masks all but what is about the message', () => {
  const bytes = Buffer.from('MSH|^~\\&|LAB|L\rPID|1||M1^^^A||Doé^Jo\rZPI|secret\r');
  expect(maskedLines(bytes)).toBe('MSH|^~\\&|LAB|L\nPID|*||**^^^*||***^**\nZPI|******');
});
