import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildJavaProgram } from '../java-program.ts';

const project = join(import.meta.dirname, '../mongo-server');

export interface MongoServerProcess {
  readonly url: string;
  /** Ends it as it would end by itself when its parent is gone. */
  stop(): Promise<void>;
}

/**
 * Builds test/mongo-server.
 * @returns the path of the program
 * @throws Error that says what is missing: Java, Maven, or what Maven said
 */
export function buildMongoServer(): string {
  return buildJavaProgram(project, 'mongo-double.jar');
}

/**
 * Starts the test double as a process of its own; it ends with this one at the latest.
 * @param program what buildMongoServer returned
 * @param options e.g. `--standalone`, `--transaction-lifetime-ms 500`
 */
export async function startMongoServer(
  program: string,
  options: readonly string[] = [],
): Promise<MongoServerProcess> {
  const quick = ['-Xmx768m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  const child = spawn('java', [...quick, '-jar', program, ...options], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { url } = JSON.parse(line) as { url: string };
    return { url, stop: () => stopped(child) };
  }
  throw new Error(`The MongoDB test double ended before it was ready: ${stderr}`);
}

function stopped(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.stdin?.end();
  });
}
