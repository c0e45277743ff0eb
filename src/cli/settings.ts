import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { buildConfig, ConfigError, fromEnvironment } from '../config.ts';
import type { Config, ConfigSource } from '../config.ts';

/** Flags, then the environment, then `weir.yaml` of the data folder, then the command's defaults, then all others. */
export function readConfig(
  flags: ConfigSource,
  env: Readonly<Record<string, string | undefined>>,
  defaults: ConfigSource = {},
): Config {
  const given = [flags, fromEnvironment(env)];
  const { data } = buildConfig([...given, defaults]);
  return buildConfig([...given, readFile(join(data, 'weir.yaml')), defaults]);
}

function readFile(file: string): ConfigSource {
  if (!existsSync(file)) return {};
  let content: unknown;
  try {
    content = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(`${file} is not YAML: ${(error as Error).message}`);
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new ConfigError(`${file} must hold settings, one per line`);
  }
  if ('data' in content) {
    throw new ConfigError(`${file} lies in the data folder and cannot name another; use --data`);
  }
  return content as ConfigSource;
}
