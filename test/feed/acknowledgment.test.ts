import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { defaultFeed, type Feed } from '../../src/feed/feed.ts';
import { errorIssue, OutcomeError } from '../../src/fhir/issue.ts';
import type { MllpServer } from '../../src/feed/mllp-server.ts';
import { limits } from '../../src/limits.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { CommitRefused, type Store } from '../../src/store/store.ts';
import { everyStore, folders } from '../property/stores-under-test.ts';
import { Peer, start } from './mllp-peer.ts';
import { ehr, processorOn } from './pipeline-fixture.ts';

const servers: MllpServer[] = [];
const stores: Store[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  for (const store of stores.splice(0)) await store.close();
});
afterAll(() => folders.remove());

/** What MSH-15|MSH-16 ask for; what comes for good content, bad content by feed, and a bad header. */
const matrix: readonly (readonly [string, string, string, string, string])[] = [
  ['AL|AL', 'CA AA', 'CA AE', 'CA AA', 'CR'],
  ['AL|NE', 'CA', 'CA', 'CA', 'CR'],
  ['AL|ER', 'CA', 'CA AE', 'CA AE', 'CR'],
  ['AL|SU', 'CA AA', 'CA', 'CA AA', 'CR'],
  ['AL|', 'CA', 'CA', 'CA', 'CR'],
  ['NE|AL', 'AA', 'AE', 'AA', 'AR'],
  ['NE|NE', '', '', '', ''],
  ['NE|ER', '', 'AE', 'AE', 'AR'],
  ['NE|SU', 'AA', '', 'AA', ''],
  ['ER|AL', 'AA', 'AE', 'AA', 'CR'],
  ['ER|NE', '', '', '', 'CR'],
  ['ER|ER', '', 'AE', 'AE', 'CR'],
  ['ER|SU', 'AA', '', 'AA', 'CR'],
  ['SU|AL', 'CA AA', 'CA AE', 'CA AA', 'AR'],
  ['SU|NE', 'CA', 'CA', 'CA', ''],
  ['SU|ER', 'CA', 'CA AE', 'CA AE', 'AR'],
  ['SU|SU', 'CA AA', 'CA', 'CA AA', ''],
  ['|AL', 'AA', 'AE', 'AA', 'AR'],
  ['|', 'AA', 'AE', 'AA', 'AR'],
  ['XX|', 'AA', 'AE', 'AA', 'AR'],
  ['XX|NE', 'CA', 'CA', 'CA', 'CR'],
  ['al| er ', 'CA', 'CA AE', 'CA AE', 'CR'],
  ['""|""', 'AA', 'AE', 'AA', 'AR'],
];

async function open(ackMode: Feed['ackMode'], store: Store = openMemoryStore()) {
  const feeds = (): readonly Feed[] => [{ ...ehr, ackMode }, defaultFeed];
  const made = processorOn(store, { feeds });
  const server = await start({ onFrame: made.processor.onFrame });
  servers.push(server);
  return { ...made, store, peer: await Peer.open(server.port) };
}

const message = (id: string, asked: string, type = 'ADT^A08'): string =>
  `MSH|^~\\&|EHR|MERCY|WEIR|HUB|202605011000||${type}|${id}|P|2.5.1|||${asked}|||\r` +
  'EVN||202605011000\rPID|1||M1^^^MERCY^MR||Alvarez^Maria';

const codes = (answers: readonly string[]): string =>
  answers
    .map((answer) => /\rMSA\|(\w\w)\|M/.exec(answer)?.[1] ?? '')
    .join(' ')
    .trim();

/** All that comes for a message: of two more about the same person the second is sent when all before is settled. */
async function hear(
  { peer, processor }: Awaited<ReturnType<typeof open>>,
  text: string,
): Promise<readonly string[]> {
  const before = peer.answers.length;
  peer.send(text);
  for (const marker of ['1', '2']) {
    peer.send(message(`${marker}-${String(peer.answers.length)}`, '|'));
    await peer.hears(new RegExp(`\\rMSA\\|\\w\\w\\|${marker}-`), before);
    await processor.idle();
  }
  return peer.answers.slice(before).filter((answer) => /\rMSA\|\w\w\|M/.test(answer));
}

const cases = everyStore.flatMap((one) =>
  (['committed', 'journaled'] as const).map((ackMode) => ({ ...one, ackMode })),
);

describe.each(cases)(
  'a feed that is $ackMode, on $name',
  ({ ackMode, open: openStore, absent }) => {
    if (openStore === undefined) return void it.skip(absent ?? 'absent', () => undefined);
    it.each(matrix)('MSH-15|MSH-16 %s', async (...row) => {
      const [asked, good, committed, journaled, header] = row;
      const on = await open(ackMode, await openStore());
      const { store, processor } = on;
      stores.push(store);
      const bad = ackMode === 'committed' ? committed : journaled;
      for (const [id, type, expected, state] of [
        ['M1', 'ADT^A08', good, 'processed'],
        ['M2', 'ADT^A99', bad, 'parked'],
        ['M3', 'ZZZ^Z99', header, 'failed'],
      ] as const) {
        const answers = await hear(on, message(id, asked, type));
        expect([id, codes(answers)]).toEqual([id, expected]);
        await processor.idle();
        const [row] = await store.journal.find('ehr', id);
        expect(row?.state).toBe(state);
        expect(row?.ackCode ?? '').toBe(expected.split(' ').at(-1));
        // A resend of what was not taken is tried again, and hears what became of it.
        const again = await hear(on, message(id, asked, type));
        if (state === 'processed') expect(again).toEqual(answers);
        else expect(codes(again)).toBe(state === 'parked' ? committed : header);
        expect(await store.journal.find('ehr', id)).toHaveLength(1);
      }
    });
  },
);

describe('enhanced mode', () => {
  it('says CA while the record is not written yet, and to the next message too', async () => {
    const store = openMemoryStore();
    const written = Promise.withResolvers<undefined>();
    const slow: Store = {
      ...store,
      commit: async (commit) => {
        await written.promise;
        return store.commit(commit);
      },
    };
    const { peer } = await open('committed', slow);
    peer.send(message('M1', 'AL|AL'), message('M2', 'AL|AL'));
    expect(codes(await peer.gets(2))).toBe('CA CA');
    expect((await store.journal.find('ehr', 'M2'))[0]).toMatchObject({
      state: 'received',
      ackCode: 'CA',
    });
    written.resolve(undefined);
    expect(codes(await peer.gets(4))).toBe('CA CA AA AA');
  });

  it('says CA when the record is written where nothing more is to come', async () => {
    const { peer, store } = await open('committed');
    peer.send(message('M1', 'AL|NE'));
    expect(codes(await peer.gets(1))).toBe('CA');
    expect((await store.journal.find('ehr', 'M1'))[0]?.state).toBe('processed');
  });

  it('answers in the separators and version of the sender, and wants no answer to it', async () => {
    const { peer } = await open('committed');
    const text = message('M1', 'AL|AL').replace('|AL|AL|', '|AL|AL||8859/1').replaceAll('|', '$');
    peer.send(text.replace('2.5.1', '2.3'));
    const answers = await peer.gets(2);
    expect(answers.map((answer) => answer.split('\r')[0]?.split('$').slice(11))).toEqual([
      ['2.3', '', '', 'NE', 'NE', '', '8859/1'],
      ['2.3', '', '', 'NE', 'NE', '', '8859/1'],
    ]);
    const [ca, aa] = answers.map((answer) => answer.split('$')[9]);
    expect(ca).not.toBe(aa);
  });

  it('says CE to a header that names no message, and why', async () => {
    const { peer } = await open('committed');
    peer.send(message('', 'AL|AL'));
    const [answer = ''] = await peer.gets(1);
    expect(answer).toContain('\rMSA|CE||');
    expect(answer).toContain('\rERR||MSH^1^10|101^');
  });

  it.each([
    ['AL|AL', 'CR'],
    ['ER|NE', 'CR'],
    ['NE|AL', 'AR'],
    ['SU|ER', 'AR'],
    ['|', 'AR'],
  ])('says that the store is away: %s gets %s', async (asked, expected) => {
    const store = openMemoryStore();
    const away = async (): Promise<never> => {
      throw new CommitRefused({ kind: 'outbox-done', index: 0 });
    };
    const broken: Store = { ...store, commit: away, journal: { ...store.journal, append: away } };
    const { peer } = await open('committed', broken);
    peer.send(message('M1', asked));
    expect(codes(await peer.gets(1))).toBe(expected);
  });

  it('takes up after a stop what had its CA', async () => {
    const store = openMemoryStore();
    const dead: Store = { ...store, commit: () => new Promise(() => undefined) };
    const { peer } = await open('committed', dead);
    peer.send(message('M1', 'AL|AL'));
    expect(codes(await peer.gets(1))).toBe('CA');
    const again = await open('committed', store);
    await again.processor.resume();
    await again.processor.idle();
    expect((await store.journal.find('ehr', 'M1'))[0]?.state).toBe('processed');
    expect(codes(await hear(again, message('M1', 'AL|AL')))).toBe('CA AA');
    peer.socket.destroy();
  });

  it('a passing fault after CA is told, and the message is taken up by itself', async () => {
    const store = openMemoryStore();
    let isAway = true;
    const shaky: Store = {
      ...store,
      commit: async (commit) => {
        if (isAway) throw new OutcomeError([errorIssue('storage-full', 'No room')]);
        return store.commit(commit);
      },
    };
    const { peer, processor } = await open('committed', shaky);
    peer.send(message('M1', 'AL|AL'));
    expect(codes(await peer.gets(2))).toBe('CA AR');
    const state = async (): Promise<unknown> => (await store.journal.find('ehr', 'M1'))[0]?.state;
    expect(await state()).toBe('received');
    isAway = false;
    const ticks = limits.sweepMs / 1000;
    for (let tick = 0; tick < ticks && (await state()) === 'received'; tick += 1) {
      await processor.sweep();
    }
    expect(await state()).toBe('processed');
  });

  it('one answer where there is one place for it: the last', async () => {
    const { processor } = await open('committed');
    const answer = async (asked: string, type?: string): Promise<string> => {
      const bytes = Buffer.from(message('M1', asked, type));
      return codes([Buffer.from((await processor.onFrame({ bytes, peer: 'p' })) ?? []).toString()]);
    };
    expect(await answer('AL|AL')).toBe('AA');
    expect(await answer('AL|NE')).toBe('CA');
    expect(await answer('NE|NE')).toBe('');
    expect(await answer('AL|AL', 'ZZZ^Z99')).toBe('CR');
  });
});
