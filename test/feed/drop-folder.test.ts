import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchFolder, type DropFolder } from '../../src/feed/drop-folder.ts';
import { errorIssue, OutcomeError } from '../../src/fhir/issue.ts';
import { limits } from '../../src/limits.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { keepLog, until } from './mllp-peer.ts';
import { ehr, frame, processorOn, somebody, type Said } from './pipeline-fixture.ts';

const quick = {
  dropPollMs: 5,
  dropSettleMs: 15,
  dropTakeoverMs: 300,
  dropBeatMs: 20,
  dropFilesMax: 100,
  retryDelayMs: 10,
};

let base = '';
let folder = '';
let store: Store;
const open: DropFolder[] = [];

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'weir-drop-'));
  folder = join(base, 'in');
  store = openMemoryStore();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
  rmSync(base, { recursive: true });
});

let ids = 0;
const nextId = (): string => `w${String((ids += 1)).padStart(6, '0')}`;

async function watch(on: Store = store, change: object = {}) {
  const { processor, ...rest } = processorOn(on, {
    feeds: () => [{ ...ehr, ...change }],
    newId: nextId,
  });
  const log = keepLog();
  const watched = await watchFolder({
    folder,
    feed: 'ehr',
    charset: undefined,
    onFrame: processor.onFrame,
    limits: quick,
    log,
    clock: () => new Date('2026-05-01T12:00:00Z'),
    newId: nextId,
  });
  open.push(watched);
  return { watched, processor, log, ...rest };
}

/** As a good writer does it. */
function drop(name: string, content: string | Uint8Array): void {
  mkdirSync(folder, { recursive: true });
  const path = join(base, `${name}.tmp`);
  writeFileSync(path, content);
  renameSync(path, join(folder, name));
}

const message = (id: string, said: Partial<Said> = {}): string =>
  Buffer.from(frame({ id, ...said })).toString();
const answers = (place: string, name: string): string =>
  readFileSync(join(folder, place, `${name}.ack`), 'utf8');
const isIn = (place: string, name: string): boolean => existsSync(join(folder, place, name));
const codes = (text: string): string[] =>
  [...text.matchAll(/\rMSA\|(\w\w)\|(\w*)/g)].map(([, code = '', id = '']) => `${code} ${id}`);

async function states(): Promise<string[]> {
  const { entries } = await store.journal.list({ count: 1000 });
  return entries
    .map(({ controlId, state, attempts }) => `${controlId} ${state} ${attempts}`)
    .sort();
}

describe('one file', () => {
  it('is taken, answered and moved to .done', async () => {
    await watch();
    drop('a.hl7', message('m1'));
    await until(() => isIn('.done', 'a.hl7'));
    expect(codes(answers('.done', 'a.hl7'))).toEqual(['AA m1']);
    expect(readFileSync(join(folder, '.done', 'a.hl7'), 'utf8')).toBe(message('m1'));
    expect(readdirSync(folder).sort()).toEqual(['.done', '.error', '.work']);
    expect(readdirSync(join(folder, '.work'))).toEqual([]);
    const { entries } = await store.journal.list({ count: 1 });
    expect(entries[0]).toMatchObject({ feed: 'ehr', peer: 'file:a.hl7' });
  });

  it('goes to .error where one of its messages was refused, and the others are in', async () => {
    await watch();
    drop('b.hl7', message('m1') + message('m2', { type: 'ZZZ^Z99' }) + message('m3'));
    await until(() => isIn('.error', 'b.hl7'));
    expect(codes(answers('.error', 'b.hl7'))).toEqual(['AA m1', 'AR m2', 'AA m3']);
  });

  it('a batch is answered as a batch, and a wrong count is told', async () => {
    await watch();
    const body = `FHS|^~\\&|A|B|C|D\rBHS|^~\\&|A|B|C|D||||||b1\r${message('m1')}${message('m2')}BTS|3\rFTS|1\r`;
    drop('c.hl7', body);
    await until(() => isIn('.done', 'c.hl7'));
    const lines = answers('.done', 'c.hl7')
      .split('\r')
      .map((line) => line.slice(0, 3));
    expect(lines).toEqual(['FHS', 'BHS', 'MSH', 'MSA', 'MSH', 'MSA', 'BTS', 'FTS', '']);
    expect(answers('.done', 'c.hl7')).toMatch(/BTS\|2\|BTS-1 does not say 2.*\rFTS\|1\r$/);
    const { entries } = await store.journal.list({ controlId: 'm2', count: 1 });
    expect(entries[0]?.report).toContain('BTS-1');
  });

  it('thousands of messages, line feeds, MLLP characters and a byte order mark', async () => {
    await watch();
    const many = Array.from({ length: 3000 }, (_, index) =>
      message(`n${String(index)}`, { ids: `P${String(index)}^^^MERCY^MR` }),
    );
    drop('many.hl7', `\ufeff\x0b${many.join('\x1c\r\x0b').replaceAll('\r', '\n')}\x1c\r`);
    await until(() => isIn('.done', 'many.hl7'));
    expect(codes(answers('.done', 'many.hl7'))).toHaveLength(3000);
  }, 60_000);

  it('UTF-16, and XML', async () => {
    await watch();
    drop('wide.hl7', Buffer.from(`\ufeff${message('m1', { family: '漢字' })}`, 'utf16le'));
    const xml =
      '<ADT_A01 xmlns="urn:hl7-org:v2xml"><MSH><MSH.3><HD.1>EHR</HD.1></MSH.3><MSH.4><HD.1>MERCY</HD.1></MSH.4>' +
      '<MSH.9><MSG.1>ADT</MSG.1><MSG.2>A08</MSG.2></MSH.9><MSH.10>m2</MSH.10><MSH.12>2.5</MSH.12></MSH></ADT_A01>';
    drop('x.xml', xml);
    drop('y.xml', xml.slice(0, -3));
    await until(
      () => isIn('.done', 'wide.hl7') && isIn('.done', 'x.xml') && isIn('.error', 'y.xml'),
    );
    expect(answers('.done', 'x.xml')).toContain('<MSA.1>AA</MSA.1>');
    expect(answers('.error', 'y.xml')).toMatch(/MSA\|AE.*Not well-formed XML: line 1/);
    expect((await states()).filter((state) => state.startsWith('m'))).toEqual([
      'm1 processed 1',
      'm2 processed 1',
    ]);
  });

  it.each([
    ['nothing', ''],
    ['no message', 'hello'],
  ])('%s is an error that says so', async (_, content) => {
    await watch();
    drop('e.hl7', content);
    await until(() => isIn('.error', 'e.hl7'));
    expect(answers('.error', 'e.hl7')).toMatch(/MSA\|A[ER]/);
  });

  it('one that is too long is not read, and one with a message that is too long goes on with the next', async () => {
    await watch();
    drop('huge.hl7', 'MSH|');
    truncateSync(join(folder, 'huge.hl7'), limits.dropFileBytesMax + 1);
    drop(
      'long.hl7',
      `${message('m1')}OBX|1|FT|||${'x'.repeat(limits.frameBytesMax)}\r${message('m2')}`,
    );
    await until(() => isIn('.error', 'huge.hl7') && isIn('.error', 'long.hl7'));
    expect(answers('.error', 'huge.hl7')).toContain('dropFileBytesMax');
    expect(codes(answers('.error', 'long.hl7'))).toEqual(['AR m1', 'AA m2']);
  }, 60_000);

  it('a name that was there before gets a number', async () => {
    await watch();
    drop('a.hl7', message('m1'));
    await until(() => isIn('.done', 'a.hl7'));
    drop('a.hl7', message('m2'));
    await until(() => isIn('.done', 'a.hl7.2'));
    expect(codes(answers('.done', 'a.hl7.2'))).toEqual(['AA m2']);
  });

  it('files go by name', async () => {
    for (const name of ['3.hl7', '1.hl7', '2.hl7']) drop(name, message(`m${name[0] ?? ''}`));
    await watch();
    await until(() => isIn('.done', '3.hl7'));
    const { entries } = await store.journal.list({ count: 10 });
    expect(entries.toReversed().map(({ controlId }) => controlId)).toEqual(['m1', 'm2', 'm3']);
  });
});

describe('what is left alone', () => {
  it('a file that still grows, and names of unfinished ones', async () => {
    await watch();
    drop('x.tmp', message('m1'));
    drop('.hidden', message('m2'));
    drop('slow.hl7', message('m3'));
    for (let count = 0; count < 10; count += 1) {
      await sleep(8);
      if (isIn('', 'slow.hl7'))
        writeFileSync(join(folder, 'slow.hl7'), message('m4'), { flag: 'a' });
    }
    await until(() => isIn('.done', 'slow.hl7'));
    expect(readdirSync(folder).sort()).toEqual(['.done', '.error', '.hidden', '.work', 'x.tmp']);
  });

  it('links, folders and what is no file', async () => {
    writeFileSync(join(base, 'secret'), message('m1'));
    drop('ok.hl7', message('m2'));
    symlinkSync(join(base, 'secret'), join(folder, 'link.hl7'));
    symlinkSync('..', join(folder, 'up'));
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub', 'in.hl7'), message('m3'));
    await watch();
    await until(() => isIn('.done', 'ok.hl7'));
    await sleep(60);
    expect(lstatSync(join(folder, 'link.hl7')).isSymbolicLink()).toBe(true);
    expect(isIn('sub', 'in.hl7')).toBe(true);
    expect(await states()).toEqual(['m2 processed 1']);
  });

  it('places that lead elsewhere stop the start', async () => {
    mkdirSync(folder);
    mkdirSync(join(base, 'elsewhere'));
    symlinkSync(join(base, 'elsewhere'), join(folder, '.done'));
    await expect(watch()).rejects.toThrow('no link');
  });
});

describe('never lost, never doubled', () => {
  it('a process that dies in the middle: another takes the file over, and each message is in once', async () => {
    const all = Array.from({ length: 200 }, (_, index) =>
      message(`n${String(index).padStart(3, '0')}`),
    );
    mkdirSync(join(folder, '.work'), { recursive: true });
    writeFileSync(join(folder, '.work', 'dead=a.hl7'), all.join(''));
    writeFileSync(join(folder, '.work', 'dead=a.hl7.ack'), 'half an ans');
    const { processor } = processorOn(store, { newId: nextId });
    for (const each of all.slice(0, 77)) {
      await processor.onFrame({ bytes: Buffer.from(each), peer: 'file:a.hl7', feed: 'ehr' });
    }
    await watch();
    await until(() => isIn('.done', 'a.hl7'));
    expect(codes(answers('.done', 'a.hl7'))).toHaveLength(200);
    const found = await states();
    expect(found).toHaveLength(200);
    expect(new Set(found.map((state) => state.slice(5)))).toEqual(new Set(['processed 1']));
    expect(readdirSync(join(folder, '.work'))).toEqual([]);
  });

  it('a stop puts the file back, and the next start finishes it', async () => {
    const all = Array.from({ length: 400 }, (_, index) =>
      message(`n${String(index).padStart(3, '0')}`),
    );
    let taken = 0;
    const slow: Store = {
      ...store,
      commit: async (commit) => {
        taken += 1;
        await sleep(1);
        return store.commit(commit);
      },
    };
    const { watched } = await watch(slow);
    drop('a.hl7', all.join(''));
    await until(() => taken > 20);
    await watched.close();
    expect(isIn('', 'a.hl7')).toBe(true);
    expect((await states()).length).toBeLessThan(400);
    await watch();
    await until(() => isIn('.done', 'a.hl7'));
    const found = await states();
    expect(found).toHaveLength(400);
    expect(new Set(found.map((state) => state.slice(5)))).toEqual(new Set(['processed 1']));
  });

  it('two processes on one folder take each file once', async () => {
    await watch();
    await watch();
    for (let count = 0; count < 40; count += 1)
      drop(`f${String(count)}.hl7`, message(`m${String(count)}`));
    await until(() => readdirSync(join(folder, '.done')).length === 80);
    const found = await states();
    expect(found).toHaveLength(40);
    expect(new Set(found.map((state) => state.split(' ')[2]))).toEqual(new Set(['1']));
    expect(readdirSync(join(folder, '.error'))).toEqual([]);
  });

  it('one that is at work is not taken over', async () => {
    let release: () => void = () => undefined;
    const blocked = new Promise<void>((resolve) => (release = resolve));
    const stuck: Store = {
      ...store,
      commit: async (commit) => {
        await blocked;
        return store.commit(commit);
      },
    };
    await watch(stuck);
    drop('a.hl7', message('m1'));
    await until(() => readdirSync(join(folder, '.work')).length === 2);
    await watch();
    await sleep(2 * quick.dropTakeoverMs);
    expect(isIn('.done', 'a.hl7')).toBe(false);
    release();
    await until(() => isIn('.done', 'a.hl7'));
    expect(await states()).toEqual(['m1 processed 1']);
  });

  it('what cannot be kept is taken again until it can', async () => {
    let failures = 3;
    const away: Store = {
      ...store,
      commit: async (commit) => {
        if ((failures -= 1) >= 0) throw new OutcomeError([errorIssue('storage-full', 'Full')]);
        return store.commit(commit);
      },
    };
    const { log } = await watch(away);
    drop('a.hl7', message('m1') + message('m2'));
    await until(() => isIn('.done', 'a.hl7'));
    expect(codes(answers('.done', 'a.hl7'))).toEqual(['AA m1', 'AA m2']);
    expect(log.lines).toContain('Messages of a file could not be kept; it is taken again');
  });

  it('a stopped feed keeps its files until it is resumed', async () => {
    const { processor, watched } = await watch(store, { onFailure: 'stop-feed' });
    drop('1.hl7', message('m1', { type: 'ADT^A99' }));
    await until(() => isIn('.error', '1.hl7'));
    drop('2.hl7', message('m2'));
    await until(() => readdirSync(join(folder, '.work')).length > 0);
    await sleep(50);
    expect(isIn('.done', '2.hl7')).toBe(false);
    await processor.resumeFeed('ehr', somebody);
    await until(() => isIn('.done', '2.hl7'));
    await watched.close();
    expect(await states()).toEqual(['m1 parked 1', 'm2 processed 1']);
  });
});

it('a file with the time of long ago is as good as any', async () => {
  await watch();
  drop('old.hl7', message('m1'));
  utimesSync(join(folder, 'old.hl7'), 0, 0);
  await until(() => isIn('.done', 'old.hl7'));
});
