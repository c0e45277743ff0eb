import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { nodeArguments, weirEnvironment } from '../../bin/runtime.mjs';
import { loadKeys } from '../../src/security/keys.ts';
import { tokenFor } from '../../src/security/sign-in.ts';
import { audience } from '../../src/security/token.ts';

/** A server in a process of its own. */
export interface BenchServer {
  /** Its FHIR base, or all there is. */
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Resident memory of the process. */
  memoryMiB(): number;
  /** Resolves when it rests: what followed from the last calls (rules, index, checkpoints) is done. */
  atRest(): Promise<void>;
  close(): Promise<void>;
}

/** `weir serve` on a data folder, as anybody would run it. */
export async function startWeir(data: string): Promise<BenchServer> {
  const free = ['--http', '127.0.0.1:0', '--mllp', '127.0.0.1:0', '--log-level', 'warn'];
  const program = [...nodeArguments, 'src/main.ts', 'serve'];
  const server = await start([...program, '--data', data, ...free]);
  const token = await tokenFor(
    { keys: loadKeys(data), clock: () => new Date(), newId: () => crypto.randomUUID() },
    { id: 'bench', display: 'Bench', role: 'admin' },
    { audience: audience.api, ttlSeconds: 86_400 },
  );
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/fhir+json',
  };
  return { ...server, base: `${server.base}/fhir`, headers };
}

/** The limit of reads: Fastify that answers every GET with these bytes. */
export async function startBufferServer(body: string): Promise<BenchServer> {
  return start(['bench/rest/buffer-child.ts', body]);
}

async function start(args: readonly string[]): Promise<BenchServer> {
  const env = weirEnvironment(process.env);
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const { http } = JSON.parse(line) as { http: string };
    return {
      base: http,
      headers: {},
      memoryMiB: () => residentMiB(child.pid ?? 0),
      atRest: () => atRest(child.pid ?? 0),
      close: () =>
        new Promise((resolve) => {
          child.once('exit', () => resolve());
          child.kill('SIGTERM');
        }),
    };
  }
  throw new Error(`${args.join(' ')} ended before it was ready`);
}

/** A process that takes less of a second than this is at rest. */
const restingMs = 50;
/** After half a million resources rules and the index of words are at work for a minute and a half. */
const restWaitSeconds = 600;

async function atRest(pid: number): Promise<void> {
  for (let second = 0, before = processorMs(pid); second < restWaitSeconds; second++) {
    await setTimeout(1_000);
    const now = processorMs(pid);
    if (now - before < restingMs) return;
    before = now;
  }
  throw new Error(`The server did not rest for ${restWaitSeconds} s after it was loaded`);
}

/** Processor time so far, of all its threads: clock ticks of 10 ms. */
function processorMs(pid: number): number {
  const fields =
    readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
      .split(') ')[1]
      ?.split(' ') ?? [];
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1_024;
}
