import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { seed } from './sample.ts';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The path of a program of this folder. */
export const programOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Runs a command to its end, however it ends. */
export function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** Node with arguments, and with the driver shim in every thread. */
export const runShimmed = (args: readonly string[]): Promise<Ended> =>
  run(process.execPath, ['--import', programOf('./driver-shim.ts'), ...args], {
    WEIR_TEST_SEED: String(seed),
  });
