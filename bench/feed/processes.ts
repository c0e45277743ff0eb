import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { nodeArguments, weirEnvironment } from '../../bin/runtime.mjs';
import type { ClientFigures } from './client-child.ts';
import type { Kind } from './messages.ts';

/** A receiver in a process of its own. */
export interface Receiver {
  readonly mllp: string;
  readonly child: ChildProcess;
  /** From its start until it said that it was ready. */
  readonly startMs: number;
  /** Processor time used so far, all threads. */
  cpuMs(): number;
  memoryMiB(): number;
  close(): Promise<void>;
}

/** `weir serve` on a data folder, as anybody would run it. */
export function startWeir(
  data: string,
  more: readonly string[] = [],
  nodeOptions: readonly string[] = [],
): Promise<Receiver> {
  const free = ['--http', '127.0.0.1:0', '--mllp', '127.0.0.1:0', '--log-level', 'error'];
  const program = [...nodeArguments, ...nodeOptions, 'src/main.ts', 'serve'];
  return start([...program, '--data', data, ...free, ...more]);
}

export function startBare(file: string): Promise<Receiver> {
  return start(['bench/feed/bare-child.ts', file]);
}

async function start(args: readonly string[]): Promise<Receiver> {
  const begun = performance.now();
  const env = weirEnvironment(process.env);
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const { mllp } = JSON.parse(line) as { mllp: string };
    const pid = child.pid ?? 0;
    return {
      mllp,
      child,
      startMs: performance.now() - begun,
      cpuMs: () => cpuMs(pid),
      memoryMiB: () => residentMiB(pid),
      close: () =>
        new Promise((resolve) => {
          child.once('exit', () => resolve());
          child.kill('SIGTERM');
        }),
    };
  }
  throw new Error(`${args.join(' ')} ended before it was ready`);
}

/** Of Linux: user and system time in hundredths of a second. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    .replace(/.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1_024;
}

export interface Sending {
  readonly connections: number;
  readonly kind: Kind;
  readonly first: number;
  readonly count: number;
  readonly people: number;
  readonly seconds: number;
}

/** Sends in another process, and so on another core. */
export async function send(mllp: string, sending: Sending): Promise<ClientFigures> {
  const { connections, kind, first, count, people, seconds } = sending;
  const numbers = [connections, kind, first, count, people, seconds].map(String);
  const args = ['bench/feed/client-child.ts', mllp, ...numbers];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    return JSON.parse(line) as ClientFigures;
  }
  throw new Error('The sender ended without a word');
}
