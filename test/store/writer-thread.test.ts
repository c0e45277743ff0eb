import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { WriterThread } from '../../src/store/sqlite/writer-thread.ts';
import { commit, journalEntry, put, token } from '../contract/store-fixture.ts';
import { temporaryFolders } from './temporary-folder.ts';

const folders = temporaryFolders();
afterAll(() => folders.remove());

const transient = { issues: [{ code: 'transient' }] };

/** A thread that stands in for the writer's. */
function program(body: string): URL {
  const file = `${folders.make()}/writer.mjs`;
  const head = "import { parentPort as port } from 'node:worker_threads';";
  writeFileSync(file, `${head}\n${body}`);
  return pathToFileURL(file);
}

const opening = "port.postMessage({ kind: 'open', position: 0 });";
const answering = `const answer = (requests) => port.postMessage({ kind: 'reply', reply: {
  position: 7, outcomes: requests.map(() => ({ answer: {} })) } });`;

const lease = { kind: 'lease', now: new Date(0), leaseMs: 1, limit: 1, token: 't' } as const;

function writerThread(body: string): { writer: WriterThread; faults: string[] } {
  const faults: string[] = [];
  const onFault = ({ message }: Error): void => void faults.push(message);
  const task = { file: 'none' };
  return { writer: new WriterThread({ task, onFault, program: program(body) }), faults };
}

describe('a writer whose thread ends', () => {
  it('refuses what it had as transient, and goes on with a new thread', async () => {
    const { writer, faults } = writerThread(`${opening} ${answering}
      port.on('message', (message) => {
        if (message === 'close') port.close();
        else if (message.length === 2) throw new Error('struck');
        else answer(message);
      });`);
    await writer.open();
    for (let round = 1; round <= 3; round++) {
      const struck = await writer.write([lease, lease]);
      expect(struck.outcomes).toMatchObject([{ refused: transient }, { refused: transient }]);
      expect(faults).toEqual(Array.from({ length: round }, () => 'struck'));
      expect((await writer.write([lease])).position).toBe(7);
      writer.check();
    }
    await writer.close();
  });

  it('stays out of order where the new thread ends too, and says so', async () => {
    const { writer, faults } = writerThread(`${opening}
      port.on('message', () => { throw new Error('struck'); });`);
    await writer.open();
    for (let round = 0; round < 4; round++) {
      const { outcomes } = await writer.write([lease]);
      expect(outcomes).toMatchObject([{ refused: transient }]);
    }
    expect(faults).toEqual(['struck', 'struck']);
    expect(() => writer.check()).toThrow('The writer of the store has ended');
    await writer.close();
  });

  it('says why where it cannot be opened, and tries no second time', async () => {
    const { writer, faults } = writerThread(`
      port.postMessage({ kind: 'failed', error: { kind: 'open', reason: 'corrupt', message: 'm' } });`);
    await expect(writer.open()).rejects.toMatchObject({ reason: 'corrupt', message: 'm' });
    expect(faults).toEqual(['m']);
    await writer.close();
  });

  it('closes though its thread ends while it does', async () => {
    const { writer } = writerThread(`${opening}
      port.on('message', (message) => { if (message === 'close') throw new Error('struck'); });`);
    await writer.open();
    const left = writer.write([lease]);
    await writer.close();
    expect((await left).outcomes).toMatchObject([{ refused: transient }]);
  });
});

describe('a store whose writer runs out of memory', () => {
  it('refuses that commit, keeps none of it, and takes the next ones', async () => {
    const faults: Error[] = [];
    const onFault = (fault: Error): void => void faults.push(fault);
    const file = `${folders.make()}/weir.db`;
    const store = await openSqliteStore({ file, writerHeapMiB: 24, onFault });
    await commit(store, [put('before')]);
    const index = Array.from({ length: 400_000 }, (_, n) => token('code', String(n)));
    await expect(commit(store, [put('huge', { index })])).rejects.toMatchObject(transient);
    expect(faults).toMatchObject([{ code: 'ERR_WORKER_OUT_OF_MEMORY' }]);
    await commit(store, [put('after')]);
    await store.check();
    expect(await store.counts()).toEqual(new Map([['Patient', 2]]));
    expect((await store.changes(0, 10)).map(({ id }) => id)).toEqual(['before', 'after']);
    await store.close();
  });
});

describe('what is handed to the writer', () => {
  it('is a copy: bytes stay with the caller, and what becomes of them later changes nothing', async () => {
    const store = await openSqliteStore({ file: `${folders.make()}/weir.db` });
    const socket = Buffer.alloc(400_000, 'a');
    const bytes = socket.subarray(1_000, 201_000);
    const entry = journalEntry('m1', { bytes, ack: socket.subarray(0, 3) });
    const appended = store.journal.append(entry);
    const committed = commit(store, [], { journal: [{ ...entry, id: 'm2', hash: 'other' }] });
    socket.fill('b');
    await Promise.all([appended, committed]);
    expect(bytes.byteLength).toBe(200_000);
    for (const id of ['m1', 'm2']) {
      const kept = await store.journal.read(id);
      expect(Buffer.from(kept?.bytes ?? []).equals(Buffer.alloc(200_000, 'a'))).toBe(true);
      expect(Buffer.from(kept?.ack ?? []).toString()).toBe('aaa');
    }
    await store.close();
  });

  it('comes back as it was given: refusals with what they found, versions with their bodies', async () => {
    const store = await openSqliteStore({ file: `${folders.make()}/weir.db` });
    const first = await commit(store, [put('a', { content: { x: 'é\u2028"' } })]);
    expect(first.versions).toEqual([await store.read('Patient', 'a').then(asChanged)]);
    const again = await commit(store, [put('a', { content: { x: 'é\u2028"' }, skipIfSame: true })]);
    expect(again.versions).toEqual([await store.read('Patient', 'a')]);
    const refused = commit(store, [put('a', { expect: 'absent' })]);
    const current = await store.read('Patient', 'a');
    await expect(refused).rejects.toMatchObject({
      name: 'CommitRefused',
      refusal: { kind: 'expectation', index: 0, current },
    });
    await store.close();
  });

  it('is seen by whoever reads after the answer', async () => {
    const store = await openSqliteStore({ file: `${folders.make()}/weir.db` });
    const one = async (n: number): Promise<void> => {
      await commit(store, [put(`p${n}`)]);
      expect(await store.read('Patient', `p${n}`)).toBeDefined();
    };
    await Promise.all(Array.from({ length: 300 }, (_, n) => pause(n % 7).then(() => one(n))));
    await store.close();
  });
});

function asChanged(version: unknown): unknown {
  return { ...(version as object), changed: true };
}
