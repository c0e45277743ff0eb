import { enableCompileCache, getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { commands } from './cli/commands.ts';
import type { Command } from './cli/command.ts';
import { parseArguments } from './cli/arguments.ts';
import { exitCode, NoAnswer, UsageError } from './cli/io.ts';
import type { CliIo, ExitCode } from './cli/io.ts';
import { readConfig } from './cli/settings.ts';
import { ConfigError, flagName, settings } from './config.ts';

/** `weir COMMAND ...`: finds the command, reads the settings, runs it, and says how it ended. */
async function main(args: readonly string[], io: CliIo): Promise<ExitCode> {
  const command = findCommand(args);
  if (command === undefined || args.includes('--help')) {
    const asked = args.length === 0 || args.includes('--help') || args[0] === 'help';
    if (!asked) io.stderr.write(`There is no command "${args.join(' ')}"\n\n`);
    (asked ? io.stdout : io.stderr).write(command === undefined ? overview() : help(command));
    return asked ? exitCode.done : exitCode.usage;
  }
  try {
    const parsed = parseArguments(args.slice(command.name.split(' ').length), command.flags);
    return await command.run(readConfig(parsed.config, process.env, command.defaults), parsed, io);
  } catch (error) {
    if (error instanceof NoAnswer) {
      io.stderr.write(`${error.message}\n`);
      return exitCode.no;
    }
    if (error instanceof UsageError || error instanceof ConfigError) {
      io.stderr.write(`${error.message}\n\n${help(command)}`);
      return exitCode.usage;
    }
    io.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (process.env['WEIR_TRACE'] !== undefined) io.stderr.write(`${(error as Error).stack}\n`);
    return exitCode.fault;
  }
}

function findCommand(args: readonly string[]): Command | undefined {
  const two = commands.find((command) => command.name === args.slice(0, 2).join(' '));
  return two ?? commands.find((command) => command.name === args[0]);
}

function overview(): string {
  const width = Math.max(...commands.map((command) => command.usage.length));
  const lines = commands.map(({ usage, doc }) => `  weir ${usage.padEnd(width)}  ${doc}`);
  return `Weir: HL7 v2 in, one FHIR record per person out\n\n${lines.join('\n')}\n\nweir COMMAND --help tells more.\n`;
}

function help(command: Command): string {
  const own = command.flags.map(({ name, takes = '', doc }) => [`${name} ${takes}`, doc] as const);
  const shared = command.settings.map((name) => {
    const { form, doc, default: general } = settings[name];
    const byDefault = command.defaults?.[name] ?? general;
    return [`${flagName(name)} ${form}`, byDefault === '' ? doc : `${doc} (${byDefault})`] as const;
  });
  const rows = [...own, ...shared];
  const width = Math.max(0, ...rows.map(([flag]) => flag.length));
  const lines = rows.map(([flag, doc]) => `  ${flag.padEnd(width)}  ${doc}\n`);
  return `weir ${command.usage}\n${command.doc}\n\n${lines.join('')}`;
}

// Stripping the types of some 350 files is a third of a start; Node keeps what it stripped. Threads are told
// where by the environment.
enableCompileCache();
const cacheFolder = getCompileCacheDir();
if (cacheFolder !== undefined) process.env['NODE_COMPILE_CACHE'] ??= dirname(cacheFolder);
const { stdin, stdout, stderr } = process;
// A reader that closes the pipe early (`weir ... | head`) is no fault of ours.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCode.done);
  throw error;
});
process.exitCode = await main(process.argv.slice(2), { stdin, stdout, stderr });
