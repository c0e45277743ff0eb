import { PassThrough, Readable } from 'node:stream';
import type { CliIo, ExitCode } from '../../src/cli/io.ts';

export interface Ran {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in this process; what it wrote. */
export async function runCommand(command: (io: CliIo) => Promise<ExitCode>): Promise<Ran> {
  const io = { stdin: Readable.from([]), stdout: new PassThrough(), stderr: new PassThrough() };
  const code = await command(io);
  return { code, stdout: String(io.stdout.read() ?? ''), stderr: String(io.stderr.read() ?? '') };
}
