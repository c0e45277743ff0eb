import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { askedOf } from '../../src/feed/asked.ts';
import { takeBatches } from '../../src/feed/batch-frame.ts';
import { faultAnswer } from '../../src/feed/fault-answer.ts';
import { frameBytes } from '../../src/feed/mllp-frame.ts';
import { splitBatch } from '../../src/hl7v2/batch.ts';
import type { Message } from '../../src/hl7v2/message.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';
import { openSite } from '../../src/site.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { processorOn } from '../feed/pipeline-fixture.ts';
import { Peer, start, testLimits } from '../feed/mllp-peer.ts';
import { hostileMessages, readSamples } from './hostile-arbitrary.ts';
import { readSent } from './hostile-outcome.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { feeding } = await openSite({ root, folder: '', zone: 'UTC' });

/** Pieces of random length, now and then a byte. */
function pieces(bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const places = [...new Set(cuts.map((cut) => cut % bytes.length))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length));
}

/** What ends a frame, or begins one, cannot be inside of it; the peer of these tests reads UTF-8. */
const framed = hostileMessages(readSamples())
  .map(({ bytes }) => Buffer.from(bytes.filter((byte) => byte !== 0x1c && byte !== 0x0b)))
  .filter((bytes) => bytes.length > 0 && readSent(firstOf(bytes)).charset === 'utf-8')
  .filter((bytes) => wantsAnswer(readSent(firstOf(bytes)).message));

/** Of several messages in a frame the first, whose answer comes first. */
function firstOf(bytes: Uint8Array): Uint8Array {
  const { messages } = splitBatch(Buffer.from(bytes).toString('latin1'));
  return messages.length > 1 ? Buffer.from(messages[0] ?? '', 'latin1') : bytes;
}

/** Others hear nothing, or not always. */
function wantsAnswer(message: Message | undefined): boolean {
  const { asked } = message === undefined ? {} : askedOf(message);
  return asked === undefined || asked.accept === 'AL';
}

/** MSA-1 and MSA-2 of an answer. */
function answered(answer: string): readonly (string | undefined)[] {
  const msa = parseMessage(answer).message?.segment('MSA');
  return [msa?.field(1).text, msa?.field(2).text];
}

it('answers each hostile frame on a socket once and in order, however it is cut', async () => {
  const { processor, errors } = processorOn(openMemoryStore(), feeding);
  const whole = takeBatches({
    onFrame: processor.onFrame,
    now: () => new Date(0),
    newId: () => 'W',
  });
  const server = await start({
    limits: { ...testLimits, frameBytesMax: 1024 * 1024, mllpUnansweredMax: 16 },
    onFrame: async ({ bytes }) => whole({ bytes, peer: 'hostile' }),
    onFault: (fault) => faultAnswer(fault, { now: new Date(0), controlId: 'W' }),
  });
  const lives = fc.record({
    frames: fc.array(framed, { minLength: 1, maxLength: 6 }),
    cuts: fc.array(fc.nat(), { maxLength: 12 }),
  });
  try {
    const property = fc.asyncProperty(lives, async ({ frames, cuts }) => {
      const peer = await Peer.open(server.port);
      const stream = Buffer.concat(frames.map((bytes) => frameBytes(bytes)));
      for (const piece of pieces(stream, cuts)) {
        peer.socket.write(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
      const answers = await peer.gets(frames.length);
      peer.socket.end();
      expect(answers.map(answered)).toEqual(
        frames.map((bytes): unknown[] => [
          expect.stringMatching(/^[AC][AER]$/),
          readSent(firstOf(bytes)).message?.controlId ?? '',
        ]),
      );
    });
    await fc.assert(property, { numRuns: 100 });
    expect(errors).toEqual([]);
  } finally {
    await server.close();
  }
}, 300_000);
