import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFramer, frameBytes, type FrameEvent } from '../../src/feed/mllp-frame.ts';

const frameBytesMax = 64;

/** V is VT, F is FS, R is CR, N is LF, 0 is NUL; everything else is itself. */
function bytes(text: string): Buffer {
  const controls: Record<string, string> = { V: '\v', F: '\x1c', R: '\r', N: '\n', '0': '\0' };
  return Buffer.from(
    text.replace(/[VFRN0]/g, (letter) => controls[letter] ?? ''),
    'latin1',
  );
}

function print(event: FrameEvent): string {
  if (event.kind === 'frame') return `frame ${Buffer.from(event.bytes).toString('latin1')}`;
  return event.kind;
}

/** What came out, without counts of junk, which depend on the chunking. */
function run(chunks: readonly Uint8Array[]): string[] {
  const framer = createFramer({ frameBytesMax });
  const events = chunks.flatMap((chunk) => framer.push(chunk));
  const settled = framer.settle();
  const all = [...events, ...settled].filter((event) => event.kind !== 'junk').map(print);
  return [...all, framer.state];
}

const msh = 'MSH|^~\\&|A';
const frame = (text: string): string => `frame ${bytes(text).toString('latin1')}`;
const long = 'x'.repeat(frameBytesMax + 1);

const cases: readonly (readonly [string, string, readonly string[]])[] = [
  ['one message', `V${msh}RFR`, [frame(`${msh}R`), 'between']],
  ['two in one packet', `V${msh}RFRV${msh}2RFR`, [frame(`${msh}R`), frame(`${msh}2R`), 'between']],
  ['no CR after FS', `V${msh}RF`, [frame(`${msh}R`), 'between']],
  [
    'no CR after FS, then the next',
    `V${msh}RFV${msh}RF`,
    [frame(`${msh}R`), frame(`${msh}R`), 'between'],
  ],
  ['no CR before FS', `V${msh}FR`, [frame(msh), 'between']],
  ['no CR on either side', `V${msh}F`, [frame(msh), 'between']],
  ['no CR on either side, then the next', `V${msh}FV${msh}F`, [frame(msh), frame(msh), 'between']],
  ['FS and VT between what is no message', 'VxFVyRF', [frame('x'), frame('yR'), 'between']],
  ['VT after a MSH without one', 'MSHVaRF', [frame('MSHVaR'), 'between']],
  ['LF ends segments', `V${msh}NPID|1NFR`, [frame(`${msh}NPID|1N`), 'between']],
  ['CRLF after FS', `V${msh}RFRNV${msh}RFRN`, [frame(`${msh}R`), frame(`${msh}R`), 'between']],
  ['double VT', `VV${msh}RFR`, [frame(`${msh}R`), 'between']],
  ['double FS', `V${msh}RFFR`, [frame(`${msh}R`), 'between']],
  ['double FS in a line', `V${msh}FFR`, [frame(msh), 'between']],
  ['FS noise before and after', `FFRV${msh}RFRFFR`, [frame(`${msh}R`), 'between']],
  ['FS in a line of the message', `V${msh}|aFb|RFR`, [frame(`${msh}|aFb|R`), 'between']],
  ['VT in a line of the message', `V${msh}|aVb|RFR`, [frame(`${msh}|aVb|R`), 'between']],
  ['two FS in a line, apart', `V${msh}aFbFcRFR`, [frame(`${msh}aFbFcR`), 'between']],
  [
    'a frame that was never ended',
    `V${msh}RV${msh}2RFR`,
    ['unended', frame(`${msh}2R`), 'between'],
  ],
  ['empty frame', `VFRV${msh}RFR`, [frame(`${msh}R`), 'between']],
  ['no VT', `${msh}RFR`, [frame(`${msh}R`), 'between']],
  ['no VT, twice', `${msh}RFRN0 ${msh}RFR`, [frame(`${msh}R`), frame(`${msh}R`), 'between']],
  ['garbage before VT', `helloV${msh}RFR`, [frame(`${msh}R`), 'between']],
  ['garbage that begins as MSH', `MSV${msh}RFR`, [frame(`${msh}R`), 'between']],
  ['garbage with MSH in a line', `x MSH|R${msh}RF`, [frame(`${msh}R`), 'between']],
  [
    'byte order mark in the frame',
    `V\xef\xbb\xbf${msh}RFR`,
    [frame(`\xef\xbb\xbf${msh}R`), 'between'],
  ],
  ['longest', `V${long.slice(2)}RFR`, [frame(`${long.slice(2)}R`), 'between']],
  ['oversized', `V${long}RFRV${msh}RFR`, ['oversized', frame(`${msh}R`), 'between']],
  ['oversized by its last byte', `V${long.slice(1)}RF`, ['oversized', 'between']],
  [
    'oversized, ended in a line',
    `V${long}FR V${msh}RF`,
    ['oversized', frame(`${msh}R`), 'between'],
  ],
  ['oversized with FS in it', `V${long}FaFbRFR`, ['oversized', 'between']],
  ['oversized, never ended', `V${long}RV${msh}RF`, ['oversized', frame(`${msh}R`), 'between']],
  ['never ending', `V${long}${long}`, ['oversized', 'discarding']],
  ['not yet ended', `V${msh}R`, ['inside']],
  ['TLS', '\x16\x03\x01\x02RFRV', ['tls-hello', 'foreign']],
  ['HTTP GET', `GET / HTTP/1.1RNV${msh}RFR`, ['http', 'foreign']],
  ['HTTP POST', `POST /hl7 HTTP/1.1RN`, ['http', 'foreign']],
  ['HTTP after a message is garbage', `V${msh}RFRGET /RN`, [frame(`${msh}R`), 'between']],
];

describe('createFramer', () => {
  it.each(cases)('%s', (_, text, expected) => {
    const input = bytes(text);
    expect(run([input])).toEqual(expected);
    expect(run([...input].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
  });

  it.each(cases)('%s: split anywhere', (_, text, expected) => {
    const input = bytes(text);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: input.length }), { maxLength: 6 }), (cuts) => {
        expect(run(split(input, cuts))).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('gives the same frames for any bytes and any chunking', () => {
    const text = fc.string({ unit: fc.constantFrom(...'VFRNMSH|a0', long), maxLength: 60 });
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 200 }), { maxLength: 12 }), (noise, cuts) => {
        const input = bytes(noise);
        expect(run(split(input, cuts))).toEqual(run([input]));
      }),
      { numRuns: 3_000 },
    );
  });

  it('gives every well-formed message back', () => {
    const line = fc.string({ unit: fc.constantFrom('a', '|', ' ', 'M', 'é') });
    const message = fc.array(line, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(message), fc.array(fc.nat({ max: 300 })), (messages, cuts) => {
        const texts = messages
          .map((lines) => `${lines.join('\r')}\r`)
          .filter((text) => text !== '');
        const framer = createFramer({ frameBytesMax: 10_000 });
        const input = Buffer.concat(texts.map((text) => frameBytes(Buffer.from(text))));
        const events = split(input, cuts).flatMap((chunk) => framer.push(chunk));
        expect(events.map(print)).toEqual(
          texts.map((text) => `frame ${Buffer.from(text).toString('latin1')}`),
        );
      }),
    );
  });

  it('counts junk', () => {
    const events = createFramer({ frameBytesMax }).push(bytes(`abcR MSV${msh}RF`));
    expect(events[0]).toEqual({ kind: 'junk', byteCount: 5 });
  });

  it('keeps the head of what it refuses', () => {
    const [event] = createFramer({ frameBytesMax }).push(bytes(`V${msh}${long}`));
    const head = event?.kind === 'oversized' ? Buffer.from(event.head).toString('latin1') : '';
    expect(head.startsWith(msh)).toBe(true);
  });

  it('holds no more than the limit of a frame that never ends', () => {
    const framer = createFramer({ frameBytesMax: 1024 * 1024 });
    const chunk = new Uint8Array(64 * 1024).fill(0x61);
    framer.push(bytes('V'));
    const before = process.memoryUsage().arrayBuffers;
    const events = Array.from({ length: 640 }, () => framer.push(chunk)).flat();
    expect(events.map((event) => event.kind)).toEqual(['oversized']);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });

  it('owns the bytes that it gives', () => {
    const chunk = bytes(`V${msh}RFR`);
    const [event] = createFramer({ frameBytesMax }).push(chunk);
    chunk.fill(0);
    expect(event && print(event)).toBe(frame(`${msh}R`));
  });
});

function split(input: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set([0, ...cuts, input.length])]
    .filter((place) => place <= input.length)
    .sort((a, b) => a - b);
  return places.slice(1).map((end, index) => input.subarray(places[index], end));
}
