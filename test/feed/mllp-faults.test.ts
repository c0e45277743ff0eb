import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { takeBatches } from '../../src/feed/batch-frame.ts';
import { faultAnswer } from '../../src/feed/fault-answer.ts';
import { frameBytes } from '../../src/feed/mllp-frame.ts';
import type { MllpServer } from '../../src/feed/mllp-server.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { everyStore, folders } from '../property/stores-under-test.ts';
import { keepLog, Peer, start, testLimits, until } from './mllp-peer.ts';
import { frame, processorOn } from './pipeline-fixture.ts';

/**
 * What senders and networks do to MLLP, each against the whole way: socket, frame, journal, answer. What is answered is
 * one answer per message, in order; what is in the journal is what was answered.
 */
let server: (MllpServer & { readonly port: number }) | undefined;
let openStore = (): Promise<Store> => Promise.resolve(openMemoryStore());
let store: Store;
let errors: object[];

async function serve(change: Partial<typeof testLimits> = {}, clock?: () => Date): Promise<number> {
  store = await openStore();
  const made = processorOn(store, clock === undefined ? {} : { clock });
  errors = made.errors;
  const now = (): Date => new Date('2026-05-01T12:00:00Z');
  server = await start({
    limits: { ...testLimits, ...change },
    onFrame: takeBatches({ onFrame: made.processor.onFrame, now, newId: () => 'W' }),
    onFault: (fault) => faultAnswer(fault, { now: now(), controlId: 'W' }),
  });
  return server.port;
}

afterEach(async () => {
  await server?.close();
  server = undefined;
  await store.close();
});
afterAll(() => folders.remove());

const text = (id: string): string => Buffer.from(frame({ id })).toString('latin1');
const framed = (content: string): string => `\x0b${content}\x1c\r`;
const one = (id: string): string => framed(text(id));
const acks = (answers: readonly string[]): string[] =>
  answers.map((answer) => /\rMSA\|(\w\w\|[^|\r]*)/.exec(answer)?.[1] ?? answer);
async function states(): Promise<string[]> {
  const { entries } = await store.journal.list({ count: 5000 });
  return entries.toReversed().map(({ controlId, state }) => `${controlId} ${state}`);
}

/** Sends pieces, each in a packet of its own, and gives what was answered. */
async function exchange(pieces: readonly (string | Buffer)[], count: number): Promise<string[]> {
  const peer = await Peer.open(server?.port ?? 0);
  for (const piece of pieces) {
    peer.socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const answers = [...(await peer.gets(count))];
  peer.socket.destroy();
  return acks(answers);
}

const long = 'x'.repeat(testLimits.frameBytesMax);

describe.each(everyStore)('the faults of MLLP, each a row, on $name', ({ open, absent }) => {
  if (open === undefined) return void it.skip(absent ?? 'absent', () => undefined);
  beforeAll(() => {
    openStore = open;
  });
  afterAll(() => {
    openStore = () => Promise.resolve(openMemoryStore());
  });

  const taken = (...ids: string[]): string[] => ids.map((id) => `${id} processed`);
  const rows: readonly {
    readonly fault: string;
    readonly sent: readonly (string | Buffer)[];
    readonly answers: readonly string[];
    readonly journal: readonly string[];
  }[] = [
    { fault: 'byte by byte', sent: [...one('1')], answers: ['AA|1'], journal: taken('1') },
    {
      fault: 'split within FS CR',
      sent: [one('1').slice(0, -1), '\r' + one('2')],
      answers: ['AA|1', 'AA|2'],
      journal: taken('1', '2'),
    },
    {
      fault: 'three in one packet',
      sent: [one('1') + one('2') + one('3')],
      answers: ['AA|1', 'AA|2', 'AA|3'],
      journal: taken('1', '2', '3'),
    },
    {
      fault: 'the next begins in the packet of the one before',
      sent: [one('1') + one('2').slice(0, 20), one('2').slice(20)],
      answers: ['AA|1', 'AA|2'],
      journal: taken('1', '2'),
    },
    {
      fault: 'no CR after FS',
      sent: [one('1').slice(0, -1)],
      answers: ['AA|1'],
      journal: taken('1'),
    },
    {
      fault: 'no CR before and after FS',
      sent: [`\x0b${text('1').slice(0, -1)}\x1c`],
      answers: ['AA|1'],
      journal: taken('1'),
    },
    { fault: 'no VT', sent: [one('1').slice(1)], answers: ['AA|1'], journal: taken('1') },
    {
      fault: 'VT and FS twice',
      sent: [`\x0b\x0b${text('1')}\x1c\x1c\r\r`, one('2')],
      answers: ['AA|1', 'AA|2'],
      journal: taken('1', '2'),
    },
    {
      fault: 'VT and FS within a field',
      sent: [framed(text('1').replace('Alvarez', 'Al\x0bva\x1crez'))],
      answers: ['AA|1'],
      journal: taken('1'),
    },
    {
      fault: 'segments end in CR LF',
      sent: [framed(text('1').replaceAll('\r', '\r\n'))],
      answers: ['AA|1'],
      journal: taken('1'),
    },
    {
      fault: 'segments end in LF',
      sent: [framed(text('1').replaceAll('\r', '\n'))],
      answers: ['AA|1'],
      journal: taken('1'),
    },
    {
      fault: 'a byte order mark',
      sent: [framed(`\u00ef\u00bb\u00bf${text('1')}`)],
      answers: ['AA|1'],
      journal: taken('1'),
    },
    {
      fault: 'garbage before VT',
      sent: [`hello${one('1')}`],
      answers: ['AA|1'],
      journal: taken('1'),
    },
    {
      fault: 'a frame that was never ended, and the next',
      sent: [`\x0b${text('1')}`, one('2')],
      answers: ['AR|1', 'AA|2'],
      journal: taken('2'),
    },
    {
      fault: 'an oversized frame',
      sent: [framed(`${text('1')}OBX|1|FT|||${long}\r`)],
      answers: ['AR|1'],
      journal: [],
    },
    {
      fault: 'an empty frame',
      sent: ['\x0b\x1c\r', one('1')],
      answers: ['AA|1'],
      journal: taken('1'),
    },
    { fault: 'no MSH', sent: [framed('PID|1\r')], answers: ['AR|'], journal: [' failed'] },
    {
      fault: 'letters as separators',
      sent: [framed(text('1').replace('MSH|^~', 'MSHa^~'))],
      answers: ['AR|'],
      journal: [' failed'],
    },
    {
      fault: 'separators of the sender',
      sent: [framed(text('1').replaceAll('|', '!').replaceAll('^', '@'))],
      answers: ['MSH!@~\\&'],
      journal: taken('1'),
    },
    { fault: 'an empty MSH-10', sent: [one('')], answers: ['AE|'], journal: [' failed'] },
    {
      fault: 'MSH-18 that lies',
      sent: [
        framed(
          text('1').replace('P|2.5.1', 'P|2.5.1||||||ASCII').replace('Alvarez', '\u00c1lvarez'),
        ),
      ],
      answers: ['AA|1'],
      journal: taken('1'),
    },
    {
      fault: 'a batch with wrong counts',
      sent: [framed(`FHS|^~\\&|E\rBHS|^~\\&|E\r${text('1')}${text('2')}BTS|7\rFTS|3\r`)],
      answers: ['AA|1'],
      journal: taken('1', '2'),
    },
  ];

  it.each(rows)('$fault', async ({ sent, answers, journal }) => {
    await serve({ mllpJunkBytesMax: 1000 });
    const got = await exchange(sent, answers.length);
    answers.forEach((answer, index) => expect(got[index]?.startsWith(answer)).toBe(true));
    expect(got).toHaveLength(answers.length);
    expect(await states()).toEqual(journal);
    expect(errors).toEqual([]);
    // Nobody else is harmed.
    expect(await exchange([one('after')], 1)).toEqual(['AA|after']);
  });

  it.each([
    ['HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 400/],
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', /^$/],
    ['junk without end', 'x'.repeat(testLimits.mllpJunkBytesMax + 1), /^$/],
  ])('%s on the port: closed, and nothing kept', async (_, bytes, answer) => {
    const port = await serve();
    const peer = await Peer.open(port);
    peer.socket.write(Buffer.from(bytes, 'latin1'));
    await until(() => peer.closed);
    expect(peer.received).toMatch(answer);
    expect(await states()).toEqual([]);
  });

  it('a frame that drips and never ends is refused in time, others are not delayed', async () => {
    const port = await serve({ frameTimeoutMs: 150 });
    const slow = await Peer.open(port);
    slow.socket.write('\x0b');
    const drip = setInterval(() => slow.socket.writable && slow.socket.write('x'), 10);
    expect(await exchange([one('1')], 1)).toEqual(['AA|1']);
    await until(() => slow.closed);
    clearInterval(drip);
    expect(acks(slow.answers)).toEqual(['AR|']);
    expect(await states()).toEqual(['1 processed']);
  });

  it('a peer that is gone without a word is given up after a silence', async () => {
    const port = await serve({ mllpIdleTimeoutMs: 60 });
    const peer = await Peer.open(port);
    await until(() => peer.closed);
    expect(peer.received).toBe('');
  });

  it('a peer that resets while its answer is made: it is in, and a resend hears the same', async () => {
    const port = await serve();
    const peer = await Peer.open(port);
    peer.socket.write(Buffer.from(one('1'), 'latin1'));
    peer.socket.resetAndDestroy();
    const answers = await exchange([one('1')], 1);
    expect(answers).toEqual(['AA|1']);
    expect(await states()).toEqual(['1 processed']);
  });

  it('an answer that got lost: the resend is answered byte for byte, and nothing is done twice', async () => {
    const port = await serve();
    const first = await Peer.open(port);
    first.socket.write(Buffer.from(one('1'), 'latin1'));
    const [answer] = await first.gets(1);
    first.socket.destroy();
    const second = await Peer.open(port);
    second.socket.write(Buffer.from(one('1') + one('1'), 'latin1'));
    expect(await second.gets(2)).toEqual([answer, answer]);
    second.socket.destroy();
    expect(await states()).toEqual(['1 processed']);
    const { versions } = await store.history({ type: 'Patient', count: 10 });
    expect(versions).toHaveLength(1);
  });

  it('a clock that jumps back and ahead changes no order and no answer', async () => {
    let at = Date.parse('2026-05-01T12:00:00Z');
    await serve({}, () => new Date(at));
    expect(await exchange([one('1')], 1)).toEqual(['AA|1']);
    at -= 3_600_000;
    expect(await exchange([one('2')], 1)).toEqual(['AA|2']);
    at += 365 * 86_400_000;
    expect(await exchange([one('1') + one('3')], 2)).toEqual(['AA|1', 'AA|3']);
    expect((await states()).sort()).toEqual(['1 processed', '2 processed', '3 processed']);
  });
});

it('1,000 reconnects, some with a message, some cut off: all are answered, no descriptor stays', async () => {
  const port = await serve({ mllpConnectionsMax: 200 });
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  await exchange([one('warm')], 1);
  await sleep(20);
  const before = descriptors();
  let answered = 0;
  const call = async (index: number): Promise<void> => {
    if (index % 3 === 0) {
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      if (index % 2 === 0) socket.write('\x0bMSH');
      socket.resetAndDestroy();
      return;
    }
    const peer = await Peer.open(port);
    peer.socket.write(
      frameBytes(frame({ id: `r${String(index)}`, ids: `R${String(index)}^^^MERCY^MR` })),
    );
    const answers = await peer.gets(1);
    answered += acks(answers).filter((ack) => ack === `AA|r${String(index)}`).length;
    peer.socket.destroy();
  };
  for (let at = 0; at < 1000; at += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, index) => call(at + index)));
  }
  expect(answered).toBe(666);
  await until(() => descriptors() <= before + 5);
  expect(errors).toEqual([]);
}, 60_000);

describe('what all connections hold together is bounded', () => {
  it('who is within a frame past the bound is refused and may come again; what is whole is answered', async () => {
    const log = keepLog();
    const bytes = 3000;
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const taken: string[] = [];
    server = await start({
      log,
      limits: { ...testLimits, mllpHeldBytesMax: 2 * bytes },
      onFrame: async (each) => {
        taken.push(Buffer.from(each.bytes).toString('latin1').slice(0, 5));
        await gate;
        return Buffer.from('ok');
      },
      onFault: ({ kind }) => Buffer.from(kind),
    });
    const whole = (name: string): string => framed(`${name}${'x'.repeat(bytes)}\r`);
    const [one1, two, three, four] = await Promise.all(
      Array.from({ length: 4 }, () => Peer.open(server?.port ?? 0)),
    );
    one1?.socket.write(whole('one__'));
    await until(() => taken.length === 1);
    two?.socket.write(`\x0btwo__${'x'.repeat(500)}`);
    await sleep(20);
    // Passes the bound as a whole frame: it is taken, and its connection is not read on.
    three?.socket.write(whole('three'));
    await until(() => taken.length === 2);
    three?.socket.write(whole('later'));
    two?.socket.write('x');
    await until(() => two?.answers.length === 1);
    expect(two?.answers).toEqual(['busy']);
    await until(() => two?.closed === true);
    four?.socket.write(whole('four_'));
    await sleep(30);
    expect(taken).not.toContain('later');
    release();
    await until(() => three?.answers.length === 2 && four?.answers.length === 1);
    expect([...taken].sort()).toEqual(['four_', 'later', 'one__', 'three']);
    for (const peer of [one1, three, four]) peer?.socket.destroy();
  });
});
