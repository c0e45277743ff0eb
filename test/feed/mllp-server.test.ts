import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { MllpFault, MllpFrame } from '../../src/feed/mllp-connection.ts';
import type { MllpServer, MllpServerOptions } from '../../src/feed/mllp-server.ts';
import { keepLog, Peer, start, testLimits, until } from './mllp-peer.ts';

let server: (MllpServer & { readonly port: number }) | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function serve(given: Partial<MllpServerOptions> = {}): Promise<Peer> {
  server = await start(given);
  return await Peer.open(server.port);
}

/** Answers wait until the test lets them go, in any order. */
function gate(): {
  onFrame: (frame: MllpFrame) => Promise<Uint8Array>;
  taken: string[];
  release: (text: string) => void;
} {
  const waiting = new Map<string, () => void>();
  const taken: string[] = [];
  return {
    taken,
    release: (text) => waiting.get(text)?.(),
    onFrame: ({ bytes }) => {
      const text = Buffer.from(bytes).toString().trim();
      taken.push(text);
      return new Promise((resolve) => waiting.set(text, () => resolve(Buffer.from(`ack ${text}`))));
    },
  };
}

describe('frames and answers', () => {
  it('several messages in one packet are answered in order', async () => {
    const peer = await serve();
    peer.send('one', 'two', 'three');
    expect(await peer.gets(3)).toEqual(['ack one', 'ack two', 'ack three']);
  });

  it('bytes one by one', async () => {
    const peer = await serve();
    for (const byte of Buffer.from('\vone\r\x1c\r\vtwo\r\x1c\r')) {
      peer.socket.write(Uint8Array.of(byte));
      await nextTurn();
    }
    expect(await peer.gets(2)).toEqual(['ack one', 'ack two']);
  });

  it('answers go out in the order of the frames, whichever is ready first', async () => {
    const { onFrame, taken, release } = gate();
    const peer = await serve({ onFrame });
    peer.send('one', 'two', 'three');
    await until(() => taken.length === 3);
    for (const text of ['three', 'two', 'one']) release(text);
    expect(await peer.gets(3)).toEqual(['ack one', 'ack two', 'ack three']);
  });

  it('a frame without CR on either side of FS is answered after a silence', async () => {
    const peer = await serve();
    peer.socket.write('\vone\x1c');
    expect(await peer.gets(1)).toEqual(['ack one']);
  });

  it('no answer where none is wanted', async () => {
    const peer = await serve({
      onFrame: async ({ bytes }) => (String(bytes).startsWith('111') ? undefined : bytes),
    });
    peer.send('one', 'two');
    expect(await peer.gets(1)).toEqual(['two']);
  });

  it('a frame knows its peer and connection', async () => {
    const frames: MllpFrame[] = [];
    const peer = await serve({
      onFrame: async (frame) => {
        frames.push(frame);
        return frame.bytes;
      },
    });
    peer.send('one');
    await peer.gets(1);
    const { localPort = 0 } = peer.socket;
    expect(frames).toMatchObject([{ peer: `127.0.0.1:${String(localPort)}`, connectionId: 1 }]);
  });

  it('a peer that ends its side still gets its answers', async () => {
    const { onFrame, taken, release } = gate();
    const peer = await serve({ onFrame });
    peer.send('one');
    peer.socket.end();
    await until(() => taken.length === 1);
    release('one');
    expect(await peer.gets(1)).toEqual(['ack one']);
    await until(() => peer.closed);
  });
});

describe('bounds', () => {
  it('no more frames are taken than may be unanswered; the rest waits', async () => {
    const { onFrame, taken, release } = gate();
    const peer = await serve({ onFrame });
    const texts = Array.from({ length: 20 }, (_, index) => `m${String(index)}`);
    peer.send(...texts);
    await until(() => taken.length === testLimits.mllpUnansweredMax);
    for (const text of texts) {
      expect(taken.length).toBeLessThanOrEqual(texts.indexOf(text) + testLimits.mllpUnansweredMax);
      await until(() => taken.includes(text));
      release(text);
    }
    expect(await peer.gets(20)).toEqual(texts.map((text) => `ack ${text}`));
    peer.send('later');
    await until(() => taken.includes('later'));
  });

  it('the socket is not read while too many are unanswered', async () => {
    const { onFrame, taken } = gate();
    const peer = await serve({ onFrame });
    const message = 'x'.repeat(4000);
    while (peer.socket.writableLength < 4 * 1024 * 1024) {
      peer.send(message);
      await nextTurn();
    }
    expect(taken).toHaveLength(testLimits.mllpUnansweredMax);
    peer.socket.destroy();
  });

  it('a peer that does not read its answers is not read and in the end dropped', async () => {
    const log = keepLog();
    const answer = Buffer.alloc(1024 * 1024, 'a');
    const limits = { ...testLimits, frameTimeoutMs: 200 };
    let taken = 0;
    const onFrame = async (): Promise<Uint8Array> => {
      taken += 1;
      return answer;
    };
    const peer = await serve({ log, limits, onFrame });
    peer.socket.pause();
    for (let count = 0; count < 200; count += 1) peer.send('one');
    await until(() => log.lines.includes('The peer does not read its answers'));
    expect(taken).toBeLessThan(100);
    peer.socket.resume();
    await until(() => peer.closed);
  });

  it('more connections than allowed are closed at once, the others go on', async () => {
    const log = keepLog();
    const first = await serve({ log, limits: { ...testLimits, mllpConnectionsMax: 2 } });
    const second = await Peer.open(server?.port ?? 0);
    const third = new Peer(server?.port ?? 0);
    await until(() => third.closed);
    first.send('one');
    second.send('two');
    expect(await first.gets(1)).toEqual(['ack one']);
    expect(await second.gets(1)).toEqual(['ack two']);
    expect(log.lines).toContain('Too many MLLP connections; one was closed');
  });

  it('200 connections one after the other leave nothing behind', async () => {
    const peer = await serve();
    for (let count = 0; count < 200; count += 1) {
      const other = await Peer.open(server?.port ?? 0);
      other.send('again');
      await other.gets(1);
      other.socket[count % 2 === 0 ? 'end' : 'resetAndDestroy']();
      if (count % 10 === 9) await until(() => other.closed);
    }
    peer.send('still here');
    expect(await peer.gets(1)).toEqual(['ack still here']);
  });

  it('an idle connection is closed, unless an answer is due', async () => {
    const { onFrame, taken, release } = gate();
    const limits = { ...testLimits, mllpIdleTimeoutMs: 60 };
    const busy = await serve({ onFrame, limits });
    const idle = await Peer.open(server?.port ?? 0);
    busy.send('one');
    await until(() => taken.length === 1 && idle.closed);
    busy.send('two');
    await until(() => taken.length === 2);
    release('one');
    release('two');
    expect(await busy.gets(2)).toEqual(['ack one', 'ack two']);
    await until(() => busy.closed);
  });
});

describe('faults', () => {
  const refuse = ({ kind, head }: MllpFault): Uint8Array =>
    Buffer.from(`${kind} ${Buffer.from(head).toString().slice(0, 4)}`);

  it('an oversized frame is answered after what came before, and the connection closed', async () => {
    const { onFrame, taken, release } = gate();
    const peer = await serve({ onFrame, onFault: refuse });
    peer.send('one', 'HEAD'.repeat(2000), 'never');
    await until(() => taken.length === 1);
    release('one');
    await until(() => peer.closed);
    expect(peer.answers).toEqual(['ack one', 'oversized HEAD']);
    expect(taken).toEqual(['one']);
  });

  it('a frame that never ends runs out of time', async () => {
    const limits = { ...testLimits, frameTimeoutMs: 60 };
    const peer = await serve({ limits, onFault: refuse });
    peer.socket.write('\vMSH');
    const dripping = setInterval(() => peer.socket.write('x'), 10);
    await until(() => peer.closed);
    clearInterval(dripping);
    expect(peer.answers).toEqual(['frame-timeout ']);
  });

  it('the time of a frame begins anew with each frame', async () => {
    const limits = { ...testLimits, frameTimeoutMs: 150 };
    const peer = await serve({ limits });
    for (let count = 0; count < 8; count += 1) {
      peer.socket.write('\vone\r');
      await new Promise((resolve) => setTimeout(resolve, 40));
      peer.socket.write('\x1c\r\vtwo\r');
      peer.socket.write('\x1c\r');
    }
    expect(await peer.gets(16)).toHaveLength(16);
  });

  it('a frame that was not ended is refused, the next one taken', async () => {
    const peer = await serve({ onFault: refuse });
    peer.socket.write('\vHEAD\r\vtwo\r\x1c\r');
    expect(await peer.gets(2)).toEqual(['unended HEAD', 'ack two']);
  });

  it('some junk is passed over, much of it ends the connection', async () => {
    const peer = await serve();
    peer.socket.write('junk\vone\r\x1c\r');
    expect(await peer.gets(1)).toEqual(['ack one']);
    peer.socket.write('j'.repeat(testLimits.mllpJunkBytesMax + 1));
    await until(() => peer.closed);
  });

  it.each([
    ['HTTP', 'GET / HTTP/1.1\r\n\r\n', 'HTTP on an MLLP port', 'HTTP/1.1 400 Bad Request'],
    ['TLS', '\x16\x03\x01\x00\x05hello', 'TLS on a plain MLLP port', ''],
  ])('%s is told apart and closed', async (_, bytes, line, answer) => {
    const log = keepLog();
    const peer = await serve({ log });
    peer.socket.write(Buffer.from(bytes, 'latin1'));
    await until(() => peer.closed);
    expect(log.lines).toContain(line);
    expect(peer.received.startsWith(answer)).toBe(true);
    expect(peer.answers).toEqual([]);
  });

  it('work that fails is answered by the hook, else by closing', async () => {
    const onFrame = async (): Promise<never> => {
      throw new Error('broken');
    };
    const answered = await serve({ onFrame, onFault: refuse });
    answered.send('HEAD');
    expect(await answered.gets(1)).toEqual(['exception HEAD']);
    await server?.close();

    const closed = await serve({ onFrame });
    closed.send('HEAD');
    await until(() => closed.closed);
    expect(closed.answers).toEqual([]);
  });

  it('a peer that resets in the middle of an answer harms nobody', async () => {
    const { onFrame, taken, release } = gate();
    const log = keepLog();
    const gone = await serve({ onFrame, log });
    const other = await Peer.open(server?.port ?? 0);
    gone.send('one');
    await until(() => taken.length === 1);
    gone.socket.resetAndDestroy();
    await until(() => log.lines.includes('MLLP connection failed'));
    release('one');
    other.send('two');
    await until(() => taken.length === 2);
    release('two');
    expect(await other.gets(1)).toEqual(['ack two']);
    expect(log.lines).toContain('An answer was not delivered: the peer is gone');
  });
});

describe('close', () => {
  it('takes no more, answers what was taken, and ends', async () => {
    const { onFrame, taken, release } = gate();
    const peer = await serve({ onFrame });
    const idle = await Peer.open(server?.port ?? 0);
    peer.send('one', 'two');
    await until(() => taken.length === 2);
    const closing = server?.close();
    const late = new Peer(server?.port ?? 0);
    peer.send('three');
    await until(() => late.closed && idle.closed);
    release('two');
    release('one');
    await closing;
    await until(() => peer.closed);
    expect(peer.answers).toEqual(['ack one', 'ack two']);
    expect(taken).toEqual(['one', 'two']);
  });

  it('ends in bounded time although an answer never comes and the peer never ends', async () => {
    const limits = { ...testLimits, mllpCloseTimeoutMs: 50 };
    const { onFrame, taken } = gate();
    const peer = await serve({ onFrame, limits });
    peer.send('one');
    await until(() => taken.length === 1);
    await server?.close();
    await until(() => peer.closed);
    expect(peer.answers).toEqual([]);
  });
});
