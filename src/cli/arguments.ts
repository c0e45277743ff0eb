import { flagName, settings } from '../config.ts';
import type { ConfigSource } from '../config.ts';
import { UsageError } from './io.ts';

/** A flag of one command, besides the settings: `takes` a value or stands alone. */
export interface Flag {
  readonly name: string;
  readonly takes?: string;
  readonly doc: string;
}

export interface ParsedArguments {
  /** The settings that were given as flags. */
  readonly config: ConfigSource;
  /** Flags of the command: the value, or `true` where it takes none. */
  readonly flags: Readonly<Record<string, string | true>>;
  readonly positional: readonly string[];
}

/** Splits a command's arguments; `--flag value` and `--flag=value` are the same; `--` ends the flags. */
export function parseArguments(
  args: readonly string[],
  flags: readonly Flag[] = [],
): ParsedArguments {
  const settingByFlag = new Map(Object.keys(settings).map((name) => [flagName(name), name]));
  const flagByName = new Map(flags.map((flag) => [flag.name, flag]));
  const config: Record<string, string> = {};
  const given: Record<string, string | true> = {};
  const positional: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') {
      positional.push(...rest.splice(0));
    } else if (!arg.startsWith('--')) {
      positional.push(arg);
    } else {
      const equals = arg.indexOf('=');
      const name = equals < 0 ? arg : arg.slice(0, equals);
      const value = (): string => {
        const found = equals < 0 ? rest.shift() : arg.slice(equals + 1);
        if (found === undefined) throw new UsageError(`${name} needs a value`);
        return found;
      };
      const setting = settingByFlag.get(name);
      const flag = flagByName.get(name);
      if (setting !== undefined) config[setting] = value();
      else if (flag !== undefined) given[name] = flag.takes === undefined ? true : value();
      else throw new UsageError(`There is no flag ${name} here`);
    }
  }
  return { config, flags: given, positional };
}
