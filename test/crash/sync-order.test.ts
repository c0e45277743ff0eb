import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { killServers, startServer } from '../e2e/server-process.ts';
import { temporaryFolders } from '../store/temporary-folder.ts';
import { programOf, run } from './run-child.ts';
import { callsIn, strace, type Call } from './strace.ts';
import { administrator, admission, sendAll } from './traffic.ts';

const folders = temporaryFolders();
afterAll(() => {
  killServers();
  folders.remove();
});

const answers = 100;
const numbers = Array.from({ length: answers }, (_, at) => String(100_000 + at));
const recorded = 'trace=pwrite64,fdatasync,fsync,write,writev,sendto,sendmsg';
/** Long enough for a page: a row is found in the write that carries it. */
const tracing = ['-f', '-y', '-s', '9000', '-e', recorded, '-o'];

/** What is to be in the log, and what may then leave: each as it stands in the bytes. */
interface Promised {
  readonly row: string;
  readonly answer: string;
}

/**
 * Answers that left before a sync of the log that began after their row was written to it and ended well.
 * An answer or row that the trace does not show counts as one.
 */
function broken(trace: string, promises: readonly Promised[]): readonly Promised[] {
  const writes: Call[] = [];
  const syncs: Call[] = [];
  const sends: Call[] = [];
  for (const call of callsIn(linesOf(trace))) {
    if (/^f(data)?sync$/.test(call.name)) {
      if (call.text.includes('-wal>') && call.result === 0) syncs.push(call);
    } else if (call.name === 'pwrite64') {
      if (call.text.includes('-wal>')) writes.push(call);
    } else sends.push(call);
  }
  return promises.filter(({ row, answer }) => {
    const written = writes.find(({ text }) => text.includes(row));
    const sent = sends.find(({ text }) => text.includes(answer));
    if (written === undefined || sent === undefined) return true;
    return !syncs.some(({ begun, ended }) => begun > written.ended && ended < sent.begun);
  });
}

/** Lines of a file that is too long for one string. */
function* linesOf(file: string): Generator<string> {
  const fd = openSync(file, 'r');
  const block = Buffer.alloc(8 * 1024 * 1024);
  let rest = '';
  for (let length = readSync(fd, block); length > 0; length = readSync(fd, block)) {
    const lines = (rest + block.toString('latin1', 0, length)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  closeSync(fd);
  yield rest;
}

function tailOf(file: string): string {
  const fd = openSync(file, 'r');
  const block = Buffer.alloc(512);
  const length = readSync(fd, block, { position: Math.max(0, fstatSync(fd).size - block.length) });
  closeSync(fd);
  return block.toString('latin1', 0, length);
}

/** A whole server under strace, which leaves when it has. */
async function tracedServer(work: (http: string, mllp: string, data: string) => Promise<void>) {
  const folder = folders.make();
  const [data, trace] = [`${folder}/data`, `${folder}/trace`];
  const server = await startServer(['--data', data], {
    // -D: the server keeps the process id that was started, and the tracer is a child of nobody.
    within: (command) => ['strace', '-D', ...tracing, trace, ...command],
  });
  await work(server.http, server.mllp, data);
  await server.stop();
  const last = new RegExp(`^${server.child.pid ?? ''} +\\+\\+\\+ exited`, 'm');
  while (!last.test(tailOf(trace))) await pause(50);
  return trace;
}

describe.skipIf(strace.skip)(
  `I1: a sync precedes every positive answer${strace.note}`,
  {
    timeout: 90_000,
  },
  () => {
    /** Commits to a new file under strace; the answers that left too early. */
    async function early(inFlight: number, env?: NodeJS.ProcessEnv) {
      const folder = folders.make();
      const trace = `${folder}/trace`;
      const child = ['--import', programOf('./driver-shim.ts'), programOf('./commit-child.ts')];
      const work = [`${folder}/weir.db`, numbers[0] ?? '', String(answers), String(inFlight)];
      const program = [process.execPath, ...child, ...work];
      const { stdout } = await run('strace', [...tracing, trace, ...program], env);
      expect(stdout.match(/acknowledged \d+\n/g)).toHaveLength(answers);
      return broken(
        trace,
        numbers.map((n) => ({ row: `C-m${n}`, answer: `acknowledged ${n}` })),
      );
    }

    it.each([1, 16])(`of the store, ${answers} of ${answers}, %i commits in flight`, async (n) => {
      expect(await early(n)).toEqual([]);
    });

    it('and the test would see it: with synchronous=NORMAL hardly any', async () => {
      expect((await early(1, { WEIR_TEST_SYNCHRONOUS: 'NORMAL' })).length).toBeGreaterThan(90);
    });

    it('of the MLLP port of a whole server: AA leaves after the message is in the journal', async () => {
      const trace = await tracedServer(async (_http, mllp) => {
        const senders = [0, 1, 2, 3].map(async (sender) => {
          const own = numbers.filter((_, at) => at % 4 === sender);
          return sendAll(
            mllp,
            own.map((n) => admission(`CTL${n}`, `MRN${n}`)),
          );
        });
        const codes = (await Promise.all(senders)).flat().map(({ code }) => code);
        expect(codes).toEqual(numbers.map(() => 'AA'));
      });
      const promises = numbers.map((n) => ({ row: `CTL${n}`, answer: `MSA|AA|CTL${n}` }));
      expect(broken(trace, promises)).toEqual([]);
    });

    it('of POST /fhir of a whole server: 201 leaves after the resource is in the log', async () => {
      const promises: Promised[] = [];
      const trace = await tracedServer(async (http, _mllp, data) => {
        const admin = await administrator(http, data);
        for (const n of numbers) {
          const name = [{ family: `Family${n}` }];
          const answer = await admin.post('fhir/Patient', { resourceType: 'Patient', name });
          expect(answer.status).toBe(201);
          const { id } = (await answer.json()) as { id: string };
          promises.push({ row: `Family${n}`, answer: `/fhir/Patient/${id}/_history/1` });
        }
      });
      expect(promises).toHaveLength(answers);
      expect(broken(trace, promises)).toEqual([]);
    });
  },
);
