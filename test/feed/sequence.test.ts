import { expect, it } from 'vitest';
import { parseFeed } from '../../src/feed/feed-file.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { stores } from '../rest/fhir-app.ts';
import { ehr, frame, processorOn, text } from './pipeline-fixture.ts';

/** `code MSA-4` of the answer to a message with MSH-13. */
function on(store: Store = openMemoryStore()) {
  const feeds = () => [{ ...ehr, sequence: true }];
  const { processor } = processorOn(store, { feeds });
  const send = async (id: string, number: string, type?: string): Promise<string> => {
    const said = text(frame({ id, phone: id, ...(type === undefined ? {} : { type }) }));
    const bytes = Buffer.from(said.replace('|2.5.1\r', `|2.5.1|${number}\r`));
    const ack = text(await processor.onFrame({ bytes, peer: 'p' }));
    return (/\rMSA\|(\w\w)\|[^|]*\|?[^|\r]*\|?([^|\r]*)/.exec(ack) ?? []).slice(1).join(' ').trim();
  };
  return { send, processor, store };
}

type Step = readonly [id: string, number: string, expected: string, type?: string];

it.each<readonly [string, readonly Step[]]>([
  [
    'the first number is the first that comes',
    [
      ['a', '7', 'AA 7'],
      ['b', '8', 'AA 8'],
    ],
  ],
  [
    '0 at the first start: any is expected',
    [
      ['q', '0', 'AA -1'],
      ['a', '5', 'AA 5'],
    ],
  ],
  [
    '0 asks: one more than the last',
    [
      ['a', '5', 'AA 5'],
      ['q', '0', 'AA 6'],
      ['b', '6', 'AA 6'],
    ],
  ],
  [
    '0 asked again in the same words is answered anew',
    [
      ['a', '5', 'AA 5'],
      ['q', '0', 'AA 6'],
      ['b', '6', 'AA 6'],
      ['q', '0', 'AA 7'],
    ],
  ],
  [
    '-1 begins anew with whatever comes',
    [
      ['a', '5', 'AA 5'],
      ['r', '-1', 'AA -1'],
      ['q', '0', 'AA -1'],
      ['b', '2', 'AA 2'],
      ['c', '3', 'AA 3'],
    ],
  ],
  [
    'a gap is refused until the missing one came',
    [
      ['a', '1', 'AA 1'],
      ['c', '3', 'AE 2'],
      ['b', '2', 'AA 2'],
      ['c', '3', 'AA 3'],
    ],
  ],
  [
    'a resend (the answer was lost) is answered as before',
    [
      ['a', '1', 'AA 1'],
      ['b', '2', 'AA 2'],
      ['a', '1', 'AA 1'],
      ['b', '2', 'AA 2'],
      ['c', '3', 'AA 3'],
    ],
  ],
  [
    'a used number with other content is refused',
    [
      ['a', '1', 'AA 1'],
      ['b', '1', 'AE 2'],
    ],
  ],
  [
    'a bad message uses its number, and can be tried again',
    [
      ['a', '1', 'AA 1'],
      ['b', '2', 'AE 2', 'ADT^A99'],
      ['c', '3', 'AA 3'],
      ['b', '2', 'AE 2', 'ADT^A99'],
    ],
  ],
  [
    'no number is refused',
    [
      ['a', '1', 'AA 1'],
      ['b', '', 'AE 2'],
      ['c', '2.5', 'AE 2'],
      ['d', '-2', 'AE 2'],
    ],
  ],
  [
    'no number at the first start',
    [
      ['a', '', 'AE -1'],
      ['b', '1', 'AA 1'],
    ],
  ],
])('%s', async (_, steps) => {
  const { send } = on();
  const heard: string[] = [];
  for (const [id, number, , type] of steps) heard.push(await send(id, number, type));
  expect(heard).toEqual(steps.map(([, , expected]) => expected));
});

it('0 and -1 change no record and are ignored in the journal', async () => {
  const { send, store } = on();
  await send('q', '0');
  await send('r', '-1');
  expect((await store.counts()).get('Patient') ?? 0).toBe(0);
  const { entries } = await store.journal.list({ count: 9 });
  expect(entries.map(({ state }) => state)).toEqual(['ignored', 'ignored']);
});

it.each(stores)('on %s the number is safe with its message', async (_, open) => {
  const { send, store } = on(await open());
  await send('a', '1');
  expect(await on(store).send('q', '0')).toBe('AA 2');
});

it('many at once are taken in the order in which they came', async () => {
  const { send } = on();
  await send('m0', '1');
  const numbers = Array.from({ length: 20 }, (_, index) => index + 2);
  const heard = await Promise.all(numbers.map((n) => send(`m${String(n)}`, String(n))));
  expect(heard).toEqual(numbers.map((n) => `AA ${String(n)}`));
});

it('a feed file asks for it', () => {
  expect(parseFeed('feed: a\nsequence: true', 'a').feed?.sequence).toBe(true);
  expect(parseFeed('feed: a\nsequence: maybe', 'a').faults).toMatchObject([{ place: 'a:2:11' }]);
});
