import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const project = join(import.meta.dirname, '../mongo-server');

export interface MongoServerProcess {
  readonly url: string;
  /** Ends it as it would end by itself when its parent is gone. */
  stop(): Promise<void>;
}

/**
 * Builds test/mongo-server, once for each state of its sources; other runs may do the same at the same time.
 * @returns the path of the program
 * @throws Error that says what is missing: Java, Maven, or what Maven said
 */
export function buildMongoServer(): string {
  if (!answers('java', '-version')) throw new Error('there is no java');
  const sources = globSync(['pom.xml', 'src/**/*.java'], { cwd: project }).sort();
  const hash = createHash('sha256');
  for (const file of sources) hash.update(file).update(readFileSync(join(project, file)));
  const folder = hash.digest('hex').slice(0, 12);
  const program = join(project, 'target', folder, 'mongo-double.jar');
  if (existsSync(program)) return program;
  if (!answers('mvn', '--version')) throw new Error('there is no mvn');
  const building = `${folder}.${process.pid}`;
  const command = ['-q', '-B', 'package', `-Dbuild.folder=${building}`];
  execFileSync('mvn', command, { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    renameSync(join(project, 'target', building), join(project, 'target', folder));
  } catch (error) {
    if (!existsSync(program)) throw error;
    rmSync(join(project, 'target', building), { recursive: true });
  }
  return program;
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

function answers(program: string, flag: string): boolean {
  return spawnSync(program, [flag], { stdio: 'ignore' }).status === 0;
}
