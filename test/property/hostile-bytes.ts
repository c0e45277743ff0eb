import iconv from 'iconv-lite';
import type { Choice } from './hostile-text.ts';

type ByteMutation = (bytes: Buffer, choice: Choice) => Buffer;

const controls = [0x00, 0x0b, 0x1c, 0x0d, 0x0a, 0x1b, 0x7f, 0x80, 0xc0, 0xff];

function inserted(bytes: Buffer, at: number, what: readonly number[] | Buffer): Buffer {
  const index = at % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, index), Buffer.from(what), bytes.subarray(index)]);
}

const encodings = ['utf-16le', 'utf-16be', 'utf-32le', 'latin1', 'windows-1251', 'gb18030'];

/** By name, for the report of a failing case. */
export const byteMutations: Readonly<Record<string, ByteMutation>> = {
  truncate: (bytes, { at }) => bytes.subarray(0, at % (bytes.length + 1)),
  beginLate: (bytes, { at }) => bytes.subarray(at % 20),
  control: (bytes, { at, to }) => inserted(bytes, at, [controls[to % controls.length] ?? 0]),
  endBlockInside: (bytes, { at }) => inserted(bytes, at, [0x1c, 0x0d, 0x0b]),
  unpairedSurrogate: (bytes, { at }) => inserted(bytes, at, [0xed, 0xa0, 0x80]),
  flip: (bytes, { at, to }) => {
    const flipped = Buffer.from(bytes);
    for (let count = 0; count <= to % 5; count += 1) {
      const index = (at + count * 7919) % Math.max(flipped.length, 1);
      if (index < flipped.length) flipped[index] = (flipped[index] ?? 0) ^ (1 << (to % 8));
    }
    return flipped;
  },
  mark: (bytes, { at }) =>
    inserted(
      bytes,
      0,
      at % 3 === 0 ? [0xef, 0xbb, 0xbf] : at % 3 === 1 ? [0xff, 0xfe] : [0xfe, 0xff],
    ),
  encode: (bytes, { at }) =>
    iconv.encode(bytes.toString('utf8'), encodings[at % encodings.length] ?? 'utf-8', {
      addBOM: at % 2 === 0,
    }),
  noise: (_, { word, to }) => Buffer.from(word.repeat(1 + (to % 3))),
};
