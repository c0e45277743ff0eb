import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { byteMutations } from './hostile-bytes.ts';
import { textMutations, type TextMutation } from './hostile-text.ts';
import { hostileWords } from './hostile-words.ts';

/** A message as a sender would never write it, and what it was made of. */
export interface HostileMessage {
  /** File of the message that it was. */
  readonly from: string;
  /** What was done to it, in this order. */
  readonly by: readonly string[];
  /** The message that it was. */
  readonly original: Uint8Array;
  readonly bytes: Uint8Array;
}

interface Sample {
  readonly file: string;
  readonly text: string;
}

const foreign = '../shared/data/hl7-samples-microsoft/data/SampleData/Hl7v2';

/** Our fixtures, and the samples of other senders where they are to be had. */
export function readSamples(): readonly Sample[] {
  return ['fixtures', foreign].filter(existsSync).flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.hl7'))
      .sort()
      .map((name) => ({
        file: join(folder, name),
        text: readFileSync(join(folder, name), 'utf8').replace(/\r?\n/g, '\r').trim(),
      })),
  );
}

/** Texts beyond this length are not mutated further, and none gets longer than that. */
const growingMax = 50_000;
const lengthMax = 500_000;

/** One to six mutations of the text, then perhaps one of the bytes. */
export function hostileMessages(samples: readonly Sample[]): fc.Arbitrary<HostileMessage> {
  const choice = fc.record({
    at: fc.nat(),
    to: fc.nat(),
    word: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...hostileWords) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
    ),
  });
  const pick = <Mutate>(mutations: Readonly<Record<string, Mutate>>) =>
    fc.record({ mutation: fc.constantFrom(...Object.entries(mutations)), choice });
  return fc
    .record({
      sample: fc.constantFrom(...samples),
      texts: fc.array(pick<TextMutation>(textMutations), { minLength: 1, maxLength: 6 }),
      bytes: fc.array(pick(byteMutations), { maxLength: 1 }),
    })
    .map(({ sample, texts, bytes }) => {
      const text = texts.reduce((made, { mutation: [, mutate], choice: by }) => {
        const next = made.length > growingMax ? made : mutate(made, by);
        return next.length > lengthMax ? made : next;
      }, sample.text);
      return {
        from: sample.file,
        by: [...texts, ...bytes].map(({ mutation: [name], choice: { at, to, word } }) =>
          [name, at, to, JSON.stringify(word.slice(0, 40))].join(' '),
        ),
        original: Buffer.from(sample.text),
        bytes: bytes.reduce<Buffer>(
          (made, { mutation: [, mutate], choice: by }) => mutate(made, by),
          Buffer.from(text),
        ),
      };
    });
}
