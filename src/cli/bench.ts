import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError } from './io.ts';
import type { CliIo, ExitCode } from './io.ts';
import { root } from './root.ts';

/** `weir bench NAME`: runs `bench/NAME.ts` in a process of its own, so that it measures nothing of ours besides. */
export async function benchCommand(
  _config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const names = benchNames();
  const [name, ...others] = args.positional;
  if (name === undefined) {
    io.stdout.write(`${names.join('\n')}\n`);
    return exitCode.done;
  }
  if (!names.includes(name) || others.length > 0) {
    throw new UsageError(`The benches are ${names.join(', ')}`);
  }
  const flags = Object.entries(args.flags).flatMap(([flag, value]) =>
    value === true ? [flag] : [flag, String(value)],
  );
  const bench = spawn(process.execPath, [join(root, 'bench', `${name}.ts`), ...flags]);
  bench.stdout.pipe(io.stdout, { end: false });
  bench.stderr.pipe(io.stderr, { end: false });
  return new Promise((resolve, refuse) => {
    bench.once('error', refuse);
    bench.once('close', (code) => {
      if (code === exitCode.done || code === exitCode.usage) resolve(code);
      else resolve(exitCode.fault);
    });
  });
}

function benchNames(): string[] {
  return readdirSync(join(root, 'bench'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
}
