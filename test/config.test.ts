import { describe, expect, it } from 'vitest';
import { parseArguments } from '../src/cli/arguments.ts';
import { buildConfig, environmentName, flagName, fromEnvironment } from '../src/config.ts';

describe('settings', () => {
  it('a flag is stronger than the environment, that than the file, that than the default', () => {
    const config = buildConfig([
      { http: 'f:1' },
      { http: 'e:2', mllp: 'e:3' },
      { mllp: 'y:4', zone: 'Europe/Rome' },
    ]);
    expect(config).toMatchObject({
      http: 'f:1',
      mllp: 'e:3',
      zone: 'Europe/Rome',
      store: 'sqlite',
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('names a setting as a flag and as a variable', () => {
    expect(flagName('publicUrl')).toBe('--public-url');
    expect(environmentName('publicUrl')).toBe('WEIR_PUBLIC_URL');
    expect(fromEnvironment({ WEIR_DATA: '/d', PATH: '/bin' })).toEqual({ data: '/d' });
  });

  it.each([
    ['an unknown name', { datta: 'x' }, 'There is no setting "datta"'],
    ['text that is not', { data: 5 }, 'Setting "data" must be text (DIR)'],
    [
      'a number that is not',
      { sessionHours: 'soon' },
      'Setting "sessionHours" must be a number from 1 to 336',
    ],
    ['out of bounds', { sessionHours: 0 }, 'Setting "sessionHours" must be a number from 1 to 336'],
    [
      'an empty number',
      { sessionHours: ' ' },
      'Setting "sessionHours" must be a number from 1 to 336',
    ],
  ])('refuses %s', (_case, source, text) => {
    expect(() => buildConfig([source])).toThrow(text);
  });
});

describe('arguments', () => {
  const flags = [
    { name: '--once', doc: '' },
    { name: '--role', takes: 'ROLE', doc: '' },
  ];

  it('splits settings, flags and the rest', () => {
    expect(
      parseArguments(['a', '--data', 'd', '--once', '--role=nurse', '--', '--b'], flags),
    ).toEqual({
      config: { data: 'd' },
      flags: { '--once': true, '--role': 'nurse' },
      positional: ['a', '--b'],
    });
  });

  it.each([
    [['--nope'], 'There is no flag --nope here'],
    [['--data'], '--data needs a value'],
  ])('refuses %j', (args, text) => {
    expect(() => parseArguments(args, flags)).toThrow(text);
  });
});
