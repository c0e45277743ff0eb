import type { Config, ConfigDefaults, SettingName } from '../config.ts';
import type { Flag, ParsedArguments } from './arguments.ts';
import type { CliIo, ExitCode } from './io.ts';

/** One word (or two) of the command line. The work is imported when it is asked for, so that help is quick. */
export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly doc: string;
  readonly flags: readonly Flag[];
  /** The settings that matter to it, for its help; every setting is accepted. */
  readonly settings: readonly SettingName[];
  /** Defaults of its own, weaker than whatever is given. */
  readonly defaults?: ConfigDefaults;
  readonly run: (config: Config, args: ParsedArguments, io: CliIo) => Promise<ExitCode>;
}
