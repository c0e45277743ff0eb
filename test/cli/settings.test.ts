import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/cli/settings.ts';
import { ConfigError } from '../../src/config.ts';

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'weir-settings-'));
});
afterEach(() => rmSync(data, { recursive: true }));

const yaml = (text: string): void => writeFileSync(join(data, 'weir.yaml'), text);

describe('settings', () => {
  it('a flag, the environment, weir.yaml, the command, the table: the first that is given wins', () => {
    yaml('zone: from-file\nhttp: from-file\nmllp: from-file\nsessionHours: 3\n');
    const flags = { data, zone: 'from-flag' };
    const env = { WEIR_ZONE: 'from-env', WEIR_HTTP: 'from-env', WEIR_SESSION_HOURS: '2' };
    const defaults = { mllp: 'from-command', logLevel: 'from-command', zone: 'from-command' };
    expect(readConfig(flags, env, defaults)).toEqual({
      data,
      zone: 'from-flag',
      http: 'from-env',
      sessionHours: 2,
      mllp: 'from-file',
      mllpKeyFile: '',
      mllpCertFile: '',
      mllpCaFile: '',
      logLevel: 'from-command',
      store: 'sqlite',
      storeKey: '',
      storeKeyFile: '',
      site: '',
      publicUrl: '',
      corsOrigins: '*',
      outboundAllow: '',
      keepProcessedDays: 365,
      keepFailedDays: 0,
      stopTimeoutMs: 20_000,
    });
  });

  it('weir.yaml is that of the data folder, wherever the folder is named', () => {
    yaml('zone: Europe/Rome\n');
    expect(readConfig({ data }, {}).zone).toBe('Europe/Rome');
    expect(readConfig({}, { WEIR_DATA: data }).zone).toBe('Europe/Rome');
    expect(readConfig({}, {}, { data }).zone).toBe('Europe/Rome');
    expect(readConfig({ data: join(data, 'none') }, {}).zone).toBe('UTC');
  });

  it.each(['', '# nothing yet\n', 'null'])('an empty weir.yaml sets nothing: %j', (text) => {
    yaml(text);
    expect(readConfig({ data }, {}).zone).toBe('UTC');
  });

  it.each([
    ['zone: [', /weir\.yaml is not YAML/],
    ['- zone', /weir\.yaml must hold settings/],
    ['just text', /weir\.yaml must hold settings/],
    ['zome: UTC', /There is no setting "zome"/],
    ['data: ./elsewhere', /lies in the data folder and cannot name another/],
    ['zone: 5', /Setting "zone" must be text/],
    ['sessionHours: 9999', /Setting "sessionHours" must be a number from 1 to 336/],
  ])('refuses %j', (text, message) => {
    yaml(text);
    expect(() => readConfig({ data }, {})).toThrow(ConfigError);
    expect(() => readConfig({ data }, {})).toThrow(message);
  });
});
