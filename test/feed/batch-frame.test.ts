import { afterEach, expect, it } from 'vitest';
import { takeBatches } from '../../src/feed/batch-frame.ts';
import type { MllpServer } from '../../src/feed/mllp-server.ts';
import { limits } from '../../src/limits.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { MessageReport } from '../../src/feed/journal-entry.ts';
import { Peer, start, testLimits } from './mllp-peer.ts';
import { processorOn } from './pipeline-fixture.ts';

const servers: MllpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function open(frameBytesMax = 64 * 1024) {
  const store = openMemoryStore();
  const { processor } = processorOn(store);
  const onFrame = takeBatches({
    onFrame: processor.onFrame,
    now: () => new Date('2024-01-31T08:00:00Z'),
    newId: () => 'W1',
  });
  const server = await start({ onFrame, limits: { ...testLimits, frameBytesMax } });
  servers.push(server);
  return { store, peer: await Peer.open(server.port) };
}

const message = (id: string, type = 'ADT^A08', asked = '|', sep = '|'): string =>
  [
    `MSH|^~\\&|EHR|MERCY|WEIR|HUB|202605011000||${type}|${id}|P|2.5.1|||${asked}`,
    'EVN||202605011000',
    `PID|1||${id}^^^MERCY^MR||Alvarez^Maria`,
    '',
  ]
    .join('\r')
    .replaceAll('|', sep);

const fhs = 'FHS|^~\\&|EHR|MERCY|WEIR|HUB|20240101||||F1\r';
const bhs = 'BHS|^~\\&|EHR|MERCY|WEIR|HUB|20240101||||B1\r';
const answered = 'WEIR|HUB|EHR|MERCY|20240131080000.000+0000|||||';

/** An answer with each of its messages as `code id`. */
const shape = (answer: string): readonly string[] =>
  answer
    .split('\r')
    .filter((line) => /^([FB][HT]S|MSA)/.test(line))
    .map((line) => /^MSA.(\w\w).([^|]*)/.exec(line)?.slice(1).join(' ') ?? line);

it.each<readonly [string, string, readonly string[]]>([
  [
    'a batch',
    `${bhs}${message('1')}${message('2')}BTS|2\r`,
    [`BHS|^~\\&|${answered}B1`, 'AA 1', 'AA 2', 'BTS|2'],
  ],
  [
    'a file of batches, and a message beside them',
    `${fhs}${bhs}${message('1')}BTS|1\r${message('2')}${bhs}BTS|0\rFTS|2\r`,
    [
      `FHS|^~\\&|${answered}F1`,
      ...[`BHS|^~\\&|${answered}B1`, 'AA 1', 'BTS|1'],
      'AA 2',
      ...[`BHS|^~\\&|${answered}B1`, 'BTS|0', 'FTS|2'],
    ],
  ],
  [
    'a bad one among them',
    `${bhs}${message('1')}${message('2', 'ZZZ^Z99')}MSH|oops\r${message('3')}BTS|4\r`,
    [`BHS|^~\\&|${answered}B1`, 'AA 1', 'AR 2', 'AR ', 'AA 3', 'BTS|4'],
  ],
  [
    'a wrong count',
    `${fhs}${bhs}${message('1')}BTS|2\rFTS|3\r`,
    [
      `FHS|^~\\&|${answered}F1`,
      `BHS|^~\\&|${answered}B1`,
      'AA 1',
      'BTS|1|BTS-1 does not say 1, the number of messages that are there',
      'FTS|1|FTS-1 does not say 1, the number of batches that are there',
    ],
  ],
  [
    'one that is cut off',
    `${bhs}${message('1')}`,
    [`BHS|^~\\&|${answered}B1`, 'AA 1', 'BTS|1|There is no BTS; something may be missing'],
  ],
  [
    'enhanced mode: the last answer of each that has one',
    `${bhs}${message('1', 'ADT^A08', 'AL|AL')}${message('2', 'ADT^A08', 'AL|NE')}${message('3', 'ADT^A08', 'NE|NE')}BTS|3\r`,
    [`BHS|^~\\&|${answered}B1`, 'AA 1', 'CA 2', 'BTS|2'],
  ],
  ['messages apart', message('1') + message('2'), ['AA 1', 'AA 2']],
  ['an empty batch', `${bhs}BTS|0\r`, [`BHS|^~\\&|${answered}B1`, 'BTS|0']],
  ['one message', message('1'), ['AA 1']],
  [
    'LF',
    `${bhs}${message('1')}BTS|1\r`.replaceAll('\r', '\n'),
    [`BHS|^~\\&|${answered}B1`, 'AA 1', 'BTS|1'],
  ],
  [
    'other separators',
    `${bhs}BTS|0\r`.replaceAll('|', '$'),
    [`BHS|^~\\&|${answered}B1`.replaceAll('|', '$'), 'BTS$0'],
  ],
])('one frame with %s', async (_, frame, expected) => {
  const { peer, store } = await open();
  peer.send(frame);
  const [answer = ''] = await peer.gets(1);
  expect(shape(answer)).toEqual(expected);
  const { entries } = await store.journal.list({ count: 100 });
  expect(entries).toHaveLength(frame.split(/MSH[|$]/).length - 1);
});

it('a message that is in no batch any more is still a resend', async () => {
  const { peer, store } = await open();
  peer.send(`${bhs}${message('1')}BTS|1\r`);
  const [batch = ''] = await peer.gets(1);
  peer.send(message('1').trimEnd());
  const [, again = ''] = await peer.gets(2);
  expect(batch).toContain(again);
  expect((await store.journal.list({ count: 9 })).entries).toHaveLength(1);
});

it('a wrong count is kept with the last message', async () => {
  const { peer, store } = await open();
  peer.send(`${bhs}${message('1')}${message('2')}BTS|7\r`);
  await peer.gets(1);
  const told = async (id: string): Promise<unknown> => {
    const [row] = await store.journal.find('ehr', id);
    const { issues } = JSON.parse(row?.report ?? '') as MessageReport;
    return issues.map(({ location }) => location);
  };
  expect([await told('1'), await told('2')]).toEqual([[], ['BTS-1']]);
});

it('past the bound nothing is taken, and the answer says so', async () => {
  const { peer, store } = await open(1024 * 1024);
  peer.send('MSH|^~\\&|A\r'.repeat(limits.batchMessagesMax + 1));
  expect((await peer.gets(1))[0]).toContain('batchMessagesMax');
  expect((await store.journal.list({ count: 1 })).entries).toEqual([]);
});
