/**
 * A server is killed again and again while messages go to a destination, both passed on and made of what is written.
 * The receiver keeps a ledger: nothing that was acknowledged to the sender is missing, the order holds, and what came twice
 * is the same message.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { connectMllp } from '../../src/feed/mllp-client.ts';
import { parseAddress } from '../../src/ops/address.ts';
import { controlIdOf, Receiver, says } from '../feed/destination/receiver.ts';
import { admission } from './traffic.ts';
import { chance, everyFault } from './sample.ts';

const kills = everyFault ? 5 : 3;
const messages = everyFault ? 300 : 150;
const folder = mkdtempSync(join(tmpdir(), 'weir-out-kill-'));
const running = new Set<ChildProcess>();
const receivers: Receiver[] = [];

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  for (const receiver of receivers) await receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Server {
  readonly child: ChildProcess;
  readonly mllp: string;
}

async function serve(): Promise<Server> {
  const places = ['--data', join(folder, 'data'), '--site', join(folder, 'site')];
  const ports = ['--http', '127.0.0.1:0', '--mllp', '127.0.0.1:0', '--log-level', 'silent'];
  const child = spawn(process.execPath, ['src/main.ts', 'serve', ...places, ...ports], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  running.add(child);
  for await (const line of createInterface({ input: child.stdout })) {
    return { child, ...(JSON.parse(line) as { mllp: string }) };
  }
  throw new Error('The server ended before it was ready');
}

async function kill({ child }: Server): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  running.delete(child);
}

async function receiver(): Promise<{ readonly ledger: Receiver; readonly port: number }> {
  // Slow enough that a kill finds one on its way.
  const ledger = new Receiver([
    (message, socket) => void setTimeout(() => says('AA')(message, socket), 3),
  ]);
  receivers.push(ledger);
  return { ledger, port: await ledger.listen() };
}

function writeSite(ports: Readonly<Record<string, number>>): void {
  mkdirSync(join(folder, 'site/destinations'), { recursive: true });
  const rules: Readonly<Record<string, string>> = {
    passed: 'pass: [{ when: received }]',
    recorded: 'pass: [{ when: processed }]',
    made: 'send: [{ resource: Patient, map: adt }]',
  };
  for (const [name, rule] of Object.entries(rules)) {
    const text = `destination: ${name}\naddress: 127.0.0.1:${String(ports[name])}\n${rule}\n`;
    const retry = 'retry: { first: PT0.05S, most: PT0.2S }\nanswerWithin: PT2S\n';
    writeFileSync(join(folder, `site/destinations/${name}.destination.yaml`), text + retry);
  }
}

/** Sends from `start` on until one has no answer; how many had one. */
async function send(server: Server, start: number): Promise<number> {
  const client = await connectMllp({ ...parseAddress(server.mllp), timeoutMs: 15_000 });
  let at = start;
  try {
    for (; at < messages; at += 1) {
      const answer = await client.send(admission(`C${String(at)}`, `M${String(at)}`));
      if (!Buffer.from(answer).includes('MSA|AA')) throw new Error('It is not taken');
    }
  } catch {
    // The server is gone: what is not acknowledged is sent again.
  } finally {
    client.close();
  }
  return at;
}

/** Control ids in the order in which each came first. */
function firsts(ledger: Receiver): readonly string[] {
  return [...new Set(ledger.controlIds)];
}

it(
  'nothing is lost and the order holds, however often it is killed',
  { timeout: 240_000 },
  async () => {
    const [passed, recorded, made] = [await receiver(), await receiver(), await receiver()];
    writeSite({ passed: passed.port, recorded: recorded.port, made: made.port });
    let sent = 0;
    for (let round = 0; round < kills; round += 1) {
      const server = await serve();
      const sending = send(server, sent);
      await wait(50 + chance() * 1_500);
      await kill(server);
      sent = await sending;
    }
    const last = await serve();
    sent = await send(last, sent);
    expect(sent).toBe(messages);
    const wanted = Array.from({ length: messages }, (_, index) => `C${String(index)}`);
    const persons = (): ReadonlySet<string> =>
      new Set(made.ledger.received.map((text) => /\rPID\|1\|\|(M\d+)\^/.exec(text)?.[1] ?? ''));
    while (
      firsts(passed.ledger).length < messages ||
      firsts(recorded.ledger).length < messages ||
      persons().size < messages
    ) {
      await wait(50);
    }
    expect(firsts(passed.ledger)).toEqual(wanted);
    expect(firsts(recorded.ledger)).toEqual(wanted);
    for (const { ledger } of [passed, recorded, made]) {
      const texts = new Map<string, string>();
      for (const text of ledger.received) {
        const known = texts.get(controlIdOf(text));
        // A double is the same message to the byte.
        if (known !== undefined) expect(text).toBe(known);
        texts.set(controlIdOf(text), text);
      }
    }
    // One message for each person: none was made twice under another MSH-10.
    expect(firsts(made.ledger)).toHaveLength(messages);
    console.log(
      `${String(kills)} kills, ${String(messages)} messages: ` +
        `${String(passed.ledger.received.length)} + ${String(recorded.ledger.received.length)} + ` +
        `${String(made.ledger.received.length)} received, 0 lost`,
    );
    await kill(last);
  },
);
