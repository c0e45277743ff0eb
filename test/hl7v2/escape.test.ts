import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultEncoding } from '../../src/hl7v2/encoding.ts';
import { decodeEscapes, encodeEscapes } from '../../src/hl7v2/escape.ts';

const odd = {
  field: '$',
  component: '%',
  repetition: '!',
  escape: '?',
  subcomponent: '*',
  truncation: '#',
};

describe('decodeEscapes', () => {
  it.each([
    ['nothing to do', 'nothing to do'],
    ['\\F\\ \\S\\ \\T\\ \\R\\ \\E\\ \\P\\', '| ^ & ~ \\ #'],
    ['\\E\\T\\E\\', '\\T\\'],
    ['a\\.br\\b\\.sp\\c\\.sp2\\d\\.sp+3\\e\\.ce\\f', 'a\nb\nc\n\nd\n\n\ne\nf'],
    ['\\H\\bold\\N\\ \\.in+2\\\\.ti-2\\\\.fi\\\\.nf\\x\\.sk3\\y', 'bold x   y'],
    ['\\X0D0A\\', '\r\n'],
    ['\\XC3A9\\', 'é'],
    ['\\XC3\\\\XA9\\', 'é'],
    ['\\XE9\\', 'é'],
    ['\\xe9\\', 'é'],
    ['C:\\temp', 'C:\\temp'],
    ['\\\\server\\share\\F\\', '\\\\server\\share|'],
    [
      '\\Zxx\\ \\C2842\\ \\M012345\\ \\XABC\\ \\X\\ \\.zz\\',
      '\\Zxx\\ \\C2842\\ \\M012345\\ \\XABC\\ \\X\\ \\.zz\\',
    ],
    ['\\', '\\'],
    ['\\\\', '\\\\'],
    ['5\\F', '5\\F'],
    ['\\F\\\\', '|\\'],
  ])('%j is %j', (text, expected) => {
    expect(decodeEscapes(text, defaultEncoding)).toBe(expected);
  });

  it('uses the characters of the message', () => {
    expect(decodeEscapes('?F??S??T??R??E??P? \\F\\', odd)).toBe('$%*!?# \\F\\');
    expect(decodeEscapes('\\F\\', { ...defaultEncoding, escape: '' })).toBe('\\F\\');
  });

  it('tells what it kept', () => {
    const unknown: string[] = [];
    const onUnknown = (body: string): number => unknown.push(body);
    decodeEscapes('\\Zxx\\ \\F\\ C:\\', defaultEncoding, { onUnknown });
    expect(unknown[0]).toBe('Zxx');
    expect(unknown.at(-1)).toBe('');
  });
});

describe('encodeEscapes', () => {
  it('escapes what separates', () => {
    expect(encodeEscapes('a|b^c&d~e\\f\rg', defaultEncoding)).toBe(
      'a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f\\X0D\\g',
    );
    expect(encodeEscapes('a|b', { ...defaultEncoding, escape: '' })).toBe('a b');
  });

  it.each([
    ['usual', defaultEncoding],
    ['odd', odd],
  ])('decode(encode(x)) is x with %s characters', (_, encoding) => {
    const unit = fc.constantFrom(
      'a',
      '|',
      '^',
      '&',
      '~',
      '\\',
      '$',
      '?',
      '#',
      '\r',
      '\n',
      'é',
      'X0D',
    );
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        expect(decodeEscapes(encodeEscapes(text, encoding), encoding)).toBe(text);
      }),
    );
  });
});
