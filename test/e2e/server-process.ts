import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface ServerProcess {
  readonly child: ChildProcess;
  readonly http: string;
  readonly mllp: string;
  /** What it said on stderr so far. */
  readonly stderr: () => string;
  /** Sends the signal (to its group if it has one of its own); the exit code when it is gone. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

const running = new Set<ChildProcess>();

interface StartOptions {
  /** What Node runs. */
  readonly program?: string;
  /** In a process group of its own, as a terminal would start it. */
  readonly detached?: boolean;
  /** Puts the command into another's hands, which must run it under the process id it is given. */
  readonly within?: (command: readonly string[]) => readonly [string, ...string[]];
}

/** `weir serve` as a process of its own, on free ports; resolves when it says that it is ready. */
export async function startServer(
  args: readonly string[],
  { program = 'src/main.ts', detached = false, within }: StartOptions = {},
): Promise<ServerProcess> {
  const free = ['--http', '127.0.0.1:0', '--mllp', '127.0.0.1:0'];
  const command = [process.execPath, program, 'serve', ...free, ...args] as const;
  const [first, ...rest] = within?.(command) ?? command;
  const child = spawn(first, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached,
  });
  running.add(child);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { http, mllp } = JSON.parse(line) as { http: string; mllp: string };
    return {
      child,
      http,
      mllp,
      stderr: () => stderr,
      stop: (signal = 'SIGTERM') => {
        if (detached) process.kill(-(child.pid ?? 0), signal);
        else child.kill(signal);
        return ended;
      },
    };
  }
  throw new Error(`The server ended before it was ready: ${stderr}`);
}

/** Ends what a failed test left running. */
export function killServers(): void {
  for (const child of running) child.kill('SIGKILL');
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `weir ARGS` to its end. */
export function weir(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['src/main.ts', ...args], (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}
