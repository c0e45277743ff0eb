import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { dataFile } from '../../src/ops/data-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-key-'));
afterAll(() => rmSync(folder, { recursive: true }));

function keyFile(text: string): string {
  const file = join(folder, 'key');
  writeFileSync(file, text);
  return file;
}

const settings = { data: 'data', storeKey: '', storeKeyFile: '' };
const file = join('data', 'weir.db');

describe('the data file', () => {
  it('has no key where none is given', () => {
    expect(dataFile(settings)).toEqual({ file });
  });

  it.each(['correct horse', 'correct horse\n', 'correct horse\r\n'])(
    'has the key of %j',
    (text) => {
      const given = { ...settings, storeKeyFile: keyFile(text) };
      expect(dataFile(given)).toEqual({ file, key: 'correct horse' });
    },
  );

  it('has the key of the environment', () => {
    expect(dataFile({ ...settings, storeKey: 'correct horse' })).toEqual({
      file,
      key: 'correct horse',
    });
  });

  it.each([
    ['an empty file', '\n', 'must hold one line'],
    ['two lines', 'one\ntwo\n', 'must hold one line'],
  ])('refuses %s', (_what, text, sentence) => {
    const given = { ...settings, storeKeyFile: keyFile(text) };
    expect(() => dataFile(given)).toThrow(sentence);
  });

  it('refuses a file that is not there, and two keys', () => {
    const missing = { ...settings, storeKeyFile: join(folder, 'none') };
    expect(() => dataFile(missing)).toThrow('cannot be read');
    const both = { ...settings, storeKey: 'a', storeKeyFile: keyFile('a') };
    expect(() => dataFile(both)).toThrow('by one way');
  });
});
