import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { environmentName, flagName, settings } from '../src/config.ts';
import { issueTable } from '../src/fhir/issue-table.ts';
import { errorsPage, settingsPage } from '../scripts/reference-pages.ts';

const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(file));
const code = tracked.filter((file) =>
  /^(src|test|bench|scripts|bin)\/.*\.(ts|tsx|mjs)$/.test(file),
);
const pages = tracked.filter((file) => file.endsWith('.md'));
const read = (file: string): string => readFileSync(file, 'utf8');

describe('tidy', () => {
  it('looks at the repository', () => {
    expect(code.length).toBeGreaterThan(20);
    expect(pages.length).toBeGreaterThan(3);
  });

  it.each(code)('%s has at most 400 lines', (file) => {
    expect(read(file).split('\n').length).toBeLessThanOrEqual(401);
  });

  it('names no file after a drawer', () => {
    const drawers = /(^|[/-])(utils?|helpers?|common|misc|managers?|services?|index)\.(ts|tsx)$/;
    expect(code.filter((file) => drawers.test(file))).toEqual([]);
  });

  it.each([
    [/\bTODO\b|\bFIXME\b|\bXXX\b/, 'unfinished business'],
    [/\bexport default\b/, 'a default export (named ones can be found)'],
    [/^\s*(export )?enum /m, 'an enum (use an `as const` object)'],
    [/\.only\(/, 'a test that shuts out the others'],
    [/\/work\/|\/root\//, 'a path of one machine'],
  ])('%s stands nowhere in the code', (pattern) => {
    const own = ['test/tidy.test.ts', 'vitest.config.ts', 'src/web/client/vite.config.ts'];
    expect(code.filter((file) => !own.includes(file) && pattern.test(read(file)))).toEqual([]);
  });

  it('the pure rooms have no clock, no chance and no environment', () => {
    const impure = /Date\.now\(|new Date\(\)|Math\.random\(|process\.env|performance\.now/;
    const pure = code.filter((file) => /^src\/(hl7v2|fhir|mapping|record)\//.test(file));
    expect(pure.length).toBeGreaterThan(5);
    expect(pure.filter((file) => impure.test(read(file)))).toEqual([]);
  });

  it('only main.ts reads the environment', () => {
    const readers = code.filter(
      (file) => file.startsWith('src/') && /process\.env/.test(read(file)),
    );
    expect(readers.filter((file) => !file.startsWith('src/web/client/'))).toEqual(['src/main.ts']);
  });
});

describe('pages', () => {
  it.each(pages)('%s has one title', (file) => {
    const prose = read(file).replaceAll(/^```[^]*?^```/gm, '');
    expect(prose.match(/^# /gm)).toHaveLength(1);
  });

  it.each(pages)('the links of %s lead somewhere', (file) => {
    const prose = read(file)
      .replaceAll(/^```[^]*?^```/gm, '')
      .replaceAll(/`[^`\n]*`/g, '');
    const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
    const local = links.filter((link) => !/^(https?:|mailto:|#)/.test(link));
    const broken = local.filter(
      (link) => !existsSync(normalize(join(dirname(file), link.replace(/#.*/, '')))),
    );
    expect(broken).toEqual([]);
  });

  it('docs/reference/configuration.md says every setting as it is', () => {
    expect(read('docs/reference/configuration.md')).toBe(settingsPage());
    for (const name of Object.keys(settings)) {
      expect(settingsPage()).toContain(flagName(name));
      expect(settingsPage()).toContain(environmentName(name));
    }
  });

  it('docs/reference/errors.md says every issue code as it is', () => {
    expect(read('docs/reference/errors.md')).toBe(errorsPage());
    for (const code of Object.keys(issueTable)) expect(errorsPage()).toContain(`\`${code}\``);
  });

  it('every issue code is used', () => {
    const source = code.filter(
      (file) => file.startsWith('src/') && !file.endsWith('issue-table.ts'),
    );
    const text = source.map(read).join('\n');
    expect(Object.keys(issueTable).filter((issue) => !text.includes(`'${issue}'`))).toEqual([]);
  });
});
