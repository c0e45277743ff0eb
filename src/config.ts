/**
 * Every setting: name, type, default, bound, one doc line. A setting is a flag (`--data`), an environment
 * variable (`WEIR_DATA`) and a key of `weir.yaml` in the data folder; the first that is given wins, in
 * that order. docs/reference/configuration.md is generated from this table.
 */
export const settings = {
  data: text('data', 'DIR', 'The data folder: database, keys, weir.yaml'),
  http: text('127.0.0.1:8080', 'HOST:PORT', 'Where HTTP listens; port 0 takes a free one'),
  mllp: text('127.0.0.1:2575', 'HOST:PORT', 'Where MLLP listens; port 0 takes a free one'),
  store: text(
    'sqlite',
    'sqlite | memory | mongodb://...',
    'The store: a file in the data folder, a MongoDB replica set, or memory for a trial',
  ),
  storeKeyFile: text('', 'FILE', 'A file whose one line is the key that encrypts the SQLite store'),
  storeKey: text('', 'KEY', 'That key itself; for the environment, since all can see a flag'),
  site: text('', 'DIR', 'The site folder: feeds/, mappings/, automations/, profiles/'),
  publicUrl: text('', 'URL', 'The address users reach HTTP by, where a proxy stands before it'),
  outboundAllow: text(
    '',
    'ADDRESS or CIDR, ...',
    'Private addresses that subscriptions and imports may call, such as 10.1.0.0/16; public ones they always may',
  ),
  corsOrigins: text(
    '*',
    '* | none | https://app.example,...',
    'Origins whose pages may call /fhir with a token; cookies never count for them',
  ),
  logLevel: text('info', 'debug | info | warn | error | silent', 'What the log on stderr says'),
  zone: text('UTC', 'IANA zone', 'Zone of times that come without one, where a feed sets none'),
  sessionHours: number(12, 1, 24 * 14, 'Hours until a signed-in page asks again'),
  keepProcessedDays: number(
    365,
    0,
    36_500,
    'Days that processed messages are kept; 0 keeps them for ever. What they wrote stays',
  ),
  keepFailedDays: number(
    0,
    0,
    36_500,
    'The same for messages that failed, are parked or were set aside; 0, the default, keeps them for ever',
  ),
  stopTimeoutMs: number(
    20_000,
    100,
    600_000,
    'Time a stop waits for work that was taken, in milliseconds',
  ),
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;
export type Config = {
  readonly [N in SettingName]: (typeof settings)[N]['default'] extends number ? number : string;
};

export interface Setting {
  readonly kind: 'text' | 'number';
  readonly default: string | number;
  /** What the help shows after the flag. */
  readonly form: string;
  readonly doc: string;
  readonly min?: number;
  readonly max?: number;
}

/** Values by setting name, as one source gives them; what they are is checked when they are merged. */
export type ConfigSource = Readonly<Partial<Record<string, unknown>>>;

/** Defaults that one command has of its own. */
export type ConfigDefaults = Readonly<Partial<Record<SettingName, string>>>;

export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigError';
  }
}

/** Merges the sources, first wins. Throws {@link ConfigError} that names the setting. */
export function buildConfig(sources: readonly ConfigSource[]): Config {
  for (const source of sources) {
    for (const name of Object.keys(source)) {
      if (!(name in settings)) throw new ConfigError(`There is no setting "${name}"`);
    }
  }
  const entries = Object.entries(settings).map(([name, setting]) => {
    const given = sources.map((source) => source[name]).find((value) => value !== undefined);
    return [name, given === undefined ? setting.default : checked(name, setting, given)];
  });
  return Object.freeze(Object.fromEntries(entries)) as Config;
}

/** The settings that the environment gives: `WEIR_PUBLIC_URL` is `publicUrl`. */
export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): ConfigSource {
  const found: Record<string, string> = {};
  for (const name of Object.keys(settings)) {
    const value = env[environmentName(name)];
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/** `publicUrl` -> `WEIR_PUBLIC_URL`. */
export function environmentName(setting: string): string {
  return `WEIR_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** `publicUrl` -> `--public-url`. */
export function flagName(setting: string): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function checked(name: string, setting: Setting, given: unknown): string | number {
  if (setting.kind === 'text') {
    if (typeof given === 'string') return given;
    throw new ConfigError(`Setting "${name}" must be text (${setting.form})`);
  }
  const value = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
  const { min = -Infinity, max = Infinity } = setting;
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new ConfigError(`Setting "${name}" must be a number from ${min} to ${max}`);
}

function text<const D extends string>(byDefault: D, form: string, doc: string) {
  return { kind: 'text', default: byDefault, form, doc } as const;
}

function number(byDefault: number, min: number, max: number, doc: string) {
  return { kind: 'number', default: byDefault, form: `${min}..${max}`, doc, min, max } as const;
}
