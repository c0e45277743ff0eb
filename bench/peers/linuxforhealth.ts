import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildJavaProgram } from '../../test/java-program.ts';

/** LinuxForHealth's converter in a process of its own. */
export interface Peer {
  /** Converts the message for so much processor time. */
  readonly lap: (text: string, milliseconds: number) => Promise<PeerLap>;
  readonly close: () => Promise<void>;
}

export interface PeerLap {
  readonly runs: number;
  readonly seconds: number;
  /** Of the thread that converts. */
  readonly cpuSeconds: number;
}

/** Builds and starts it. Throws with a sentence that says what is missing: Java, Maven, or what Maven said. */
export function startLinuxForHealth(): Peer {
  const program = buildJavaProgram(import.meta.dirname, 'linuxforhealth-runner.jar');
  const folder = mkdtempSync(join(tmpdir(), 'weir-peer-'));
  const child = spawn('java', ['-Xmx2g', '-jar', program], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    lap: async (text, milliseconds) => {
      const file = join(folder, 'message.hl7');
      writeFileSync(file, text);
      child.stdin.write(`${String(milliseconds)} ${file}\n`);
      const { value, done } = await lines.next();
      const [runs = 0, seconds = 0, cpuSeconds = 0, characters = 0] = String(value)
        .split(' ')
        .map(Number);
      if (done === true || !(characters > 500)) {
        throw new Error(`LinuxForHealth's converter made no Bundle (${String(value)})`);
      }
      return { runs, seconds, cpuSeconds };
    },
    close: async () => {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}
