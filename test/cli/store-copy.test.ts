import { afterAll, describe, expect, it } from 'vitest';
import { PassThrough } from 'node:stream';
import { startApp } from '../../src/app.ts';
import { copyProgress } from '../../src/cli/copy-progress.ts';
import { UsageError } from '../../src/cli/io.ts';
import { storeCopyCommand } from '../../src/cli/store-copy.ts';
import { buildConfig, type ConfigSource } from '../../src/config.ts';
import { openLog } from '../../src/ops/log.ts';
import { copyMarkerKey } from '../../src/store/copy-marker.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { at, commit } from '../contract/store-fixture.ts';
import { describeOnMongo, freshDatabaseName, withDatabase } from '../mongo/mongo.ts';
import { fillStore } from '../store/rich-store.ts';
import { temporaryFolders } from '../store/temporary-folder.ts';
import { runCommand, type Ran } from './command-io.ts';

const folders = temporaryFolders();
afterAll(() => folders.remove());

function copy(...positional: readonly string[]): Promise<Ran> {
  return copyWith({}, ...positional);
}

function copyWith(settings: ConfigSource, ...positional: readonly string[]): Promise<Ran> {
  const args = { config: {}, flags: {}, positional };
  return runCommand((io) => storeCopyCommand(buildConfig([settings]), args, io));
}

async function filledFolder(): Promise<string> {
  const folder = folders.make();
  const store = await openSqliteStore({ file: `${folder}/weir.db` });
  await fillStore(store);
  await store.close();
  return folder;
}

describe('weir store copy', () => {
  it('copies a data folder into another, by folder or file, and says what was found', async () => {
    const [from, to] = [await filledFolder(), folders.make()];
    const { code, stdout, stderr } = await copy(`sqlite:${from}`, `sqlite:${to}/weir.db`);
    const said = JSON.parse(stdout) as Record<string, unknown>;
    expect(said).toMatchObject({ from: `sqlite:${from}/weir.db`, equal: true });
    expect(said['sections']).toHaveLength(7);
    expect(stderr).toContain('version: [==============================] 27 of 27');
    expect(code).toBe(0);
    const again = await copy(`sqlite:${from}`, `sqlite:${to}`);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain('not empty');
  });

  it('refuses a store that a server has open', async () => {
    const from = await filledFolder();
    const server = await openSqliteStore({ file: `${from}/weir.db` });
    const { code, stderr } = await copy(`sqlite:${from}`, `sqlite:${folders.make()}`);
    await server.close();
    expect(code).toBe(1);
    expect(stderr).toContain('in use');
  });

  it('takes two different stores, of which the first is there', async () => {
    const folder = folders.make();
    for (const places of [
      [],
      ['sqlite:a'],
      ['sqlite:a', 'sqlite:b', 'sqlite:c'],
      ['memory', 'sqlite:a'],
      [`sqlite:${folder}`, `sqlite:${folder}/weir.db`],
      ['mongodb://u:secret@h/?x=1', 'mongodb://h/weir'],
      [`sqlite:${folder}/none`, 'sqlite:b'],
    ]) {
      await expect(copy(...places)).rejects.toThrow(UsageError);
    }
  });

  it('leaves a half that no server opens', async () => {
    const data = await filledFolder();
    const half = await openSqliteStore({ file: `${data}/weir.db` });
    const value = JSON.stringify({ source: 'sqlite:/elsewhere/weir.db' });
    await commit(half, [], { now: at(99), state: [{ key: copyMarkerKey, value }] });
    await half.close();
    const config = buildConfig([{ data, http: '127.0.0.1:0', mllp: '127.0.0.1:0' }]);
    const root = new URL('../../', import.meta.url).pathname;
    const starting = startApp({ config, log: openLog('silent'), clock: () => at(100), root });
    await expect(starting).rejects.toThrow('a part of sqlite:/elsewhere/weir.db');
  });
});

describeOnMongo('weir store copy with MongoDB', (server) => {
  it('moves a site there and back', async () => {
    const [from, back] = [await filledFolder(), folders.make()];
    const url = withDatabase(server, freshDatabaseName());
    const there = await copyWith({ store: url }, `sqlite:${from}`, 'store');
    const again = await copyWith({ data: back }, url, 'store');
    expect([there.code, again.code]).toEqual([0, 0]);
    const sections = ({ stdout }: Ran): unknown =>
      (JSON.parse(stdout) as { sections: { target: unknown }[] }).sections.map(
        ({ target }) => target,
      );
    expect(sections(again)).toEqual(sections(there));
  });
});

describe('the progress of a copy', () => {
  const shown = (isTTY: boolean): string => {
    const output = Object.assign(new PassThrough(), { isTTY });
    const { onProgress, end } = copyProgress(output);
    for (let done = 1; done <= 250; done++) onProgress({ section: 'version', done, total: 250 });
    onProgress({ section: 'claim', done: 3 });
    end();
    return String(output.read());
  };

  it('is one line on a terminal', () => {
    expect(shown(true).match(/\n/g)).toHaveLength(2);
    expect(shown(true)).toContain('\r');
  });

  it('is a line now and then elsewhere', () => {
    const bar = (filled: number): string => `[${'='.repeat(filled).padEnd(30)}]`;
    expect(shown(false).split('\n')).toEqual([
      `version: ${bar(0)} 1 of 250`,
      `version: ${bar(12)} 101 of 250`,
      `version: ${bar(24)} 201 of 250`,
      `version: ${bar(30)} 250 of 250`,
      'claim: 3',
      '',
    ]);
  });
});
