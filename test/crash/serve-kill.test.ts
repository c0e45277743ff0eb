import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { DateTime } from 'luxon';
import { afterAll, describe, expect, it } from 'vitest';
import { checkFacts, findPeople, readExpectation } from '../../src/cli/demo/expectation.ts';
import { acknowledgmentCode } from '../../src/cli/demo/play.ts';
import { readScenario } from '../../src/cli/demo/scenario.ts';
import type { DemoFrame } from '../../src/cli/demo/scenario.ts';
import { connectMllp } from '../../src/feed/mllp-client.ts';
import { parseAddress } from '../../src/ops/address.ts';
import { loadKeys } from '../../src/security/keys.ts';
import { tokenFor } from '../../src/security/sign-in.ts';
import { audience } from '../../src/security/token.ts';
import { everyFault } from './sample.ts';

const site = 'fixtures/demo-site';
const kills = everyFault ? 10 : 5;
const data = mkdtempSync(join(tmpdir(), 'weir-kill-'));
// As of today: the server's clock is the machine's, and reminders of visits that are over are not planned.
const frames = readScenario(site, DateTime.utc());
const running = new Set<ChildProcess>();

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(data, { recursive: true, force: true });
});

interface Server {
  readonly child: ChildProcess;
  readonly http: string;
  readonly mllp: string;
}

async function serve(): Promise<Server> {
  const args = ['src/main.ts', 'serve', '--data', data, '--site', site];
  const child = spawn(
    process.execPath,
    [...args, '--http', '127.0.0.1:0', '--mllp', '127.0.0.1:0', '--log-level', 'error'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  running.add(child);
  for await (const line of createInterface({ input: child.stdout })) {
    return { child, ...(JSON.parse(line) as { http: string; mllp: string }) };
  }
  throw new Error('The server ended before it was ready');
}

async function kill({ child }: Server): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  running.delete(child);
}

/** Sends frames from `start` on until one has no answer; gives the answers of those that have. */
async function send(server: Server, start: number): Promise<string[]> {
  const { host, port } = parseAddress(server.mllp);
  const codes: string[] = [];
  const client = await connectMllp({ host, port, timeoutMs: 15_000 });
  try {
    for (const { bytes } of frames.slice(start)) {
      codes.push(acknowledgmentCode(await client.send(bytes)));
    }
  } catch {
    // The server is gone: what is not acknowledged is sent again.
  } finally {
    client.close();
  }
  return codes;
}

async function ask(server: Server): Promise<(path: string) => Promise<never>> {
  const token = await tokenFor(
    { keys: loadKeys(data), clock: () => new Date(), newId: () => crypto.randomUUID() },
    { id: 'test', display: 'Test', role: 'admin' },
    { audience: audience.api, ttlSeconds: 600 },
  );
  return async (path) => {
    const headers = { authorization: `Bearer ${token}`, accept: '*/*' };
    const response = await fetch(`${server.http}/${path}`, { headers });
    expect(response.status, path).toBe(200);
    return (await response.json()) as never;
  };
}

interface Row {
  readonly state: string;
  readonly ackCode: string;
}

describe(`killed with -9 at ${String(kills)} points while the demo plays`, () => {
  it(
    'I1, I2: nothing acknowledged is missing, nothing is doubled',
    { timeout: 240_000 },
    async () => {
      const codes: string[] = [];
      let killedInPlay = 0;
      for (let round = 0; round < kills; round++) {
        const server = await serve();
        // Before, between and after the commit, the ACK and the rules: wherever the moment falls.
        const moment = wait(10 + Math.random() * 140).then(() => kill(server));
        codes.push(...(await send(server, codes.length)));
        await moment;
        if (codes.length < frames.length) killedInPlay += 1;
      }
      expect(killedInPlay).toBeGreaterThan(2);
      const server = await serve();
      codes.push(...(await send(server, codes.length)));
      expect(codes).toHaveLength(frames.length);

      const get = await ask(server);
      await settled(get);
      for (const [index, frame] of distinct(frames).entries()) {
        const { entries } = (await get(
          `api/messages?controlId=${encodeURIComponent(frame.controlId)}`,
        )) as { entries: readonly Row[] };
        const code = codes[frames.indexOf(frame)];
        const states = { state: code === 'AA' ? 'processed' : 'failed', ackCode: code };
        expect(entries, `frame ${index}, ${frame.controlId}`).toEqual([
          expect.objectContaining(states),
        ]);
      }

      const expectation = readExpectation(join(site, 'expected.yaml'));
      const search = async (query: string) => get(`fhir/${query}`);
      const { ids, deviations } = await findPeople(expectation, search);
      expect(deviations).toEqual([]);
      expect(await checkFacts(expectation, ids, search)).toEqual([]);
      await kill(server);
    },
  );
});

/** Every message once: the story holds one that is sent twice, and a frame that is none. */
function distinct(all: readonly DemoFrame[]): readonly DemoFrame[] {
  const byId = new Map(all.map((frame) => [frame.controlId, frame]));
  byId.delete('');
  return all.filter((frame) => byId.get(frame.controlId) === frame);
}

/** Waits until rules have nothing left to do: the counts stay as they are. */
async function settled(get: (path: string) => Promise<never>): Promise<void> {
  let before = '';
  for (let round = 0; round < 60; round++) {
    const totals = await Promise.all(
      ['Task', 'Communication', 'CommunicationRequest'].map((type) =>
        get(`fhir/${type}?_summary=count`),
      ),
    );
    const now = JSON.stringify(totals.map(({ total }: { total: number }) => total));
    if (now === before && round > 3) return;
    before = now;
    await wait(500);
  }
}
