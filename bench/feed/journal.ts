import { createHash } from 'node:crypto';
import { turnFields } from '../../src/feed/turn-field.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { JournalEntry, JournalQuery, Store } from '../../src/store/store.ts';
import { quantile } from '../store/sample.ts';
import type { JournalFigures } from './figures.ts';
import { messageOf } from './messages.ts';

const groupRows = 500;
const searchRuns = 40;

/** Rows as a feed leaves them; `received` ones wait to be processed. */
export async function fillJournal(
  file: string,
  { rows, state, people }: { rows: number; state: JournalEntry['state']; people: number },
): Promise<void> {
  const store = await openSqliteStore({ file });
  for (let from = 0; from < rows; from += groupRows) {
    const journal = Array.from({ length: Math.min(groupRows, rows - from) }, (_, at) =>
      rowOf(from + at, state, people),
    );
    await store.commit({ now: new Date(), origin: 'bench', changes: [], journal });
  }
  await store.close();
}

function rowOf(n: number, state: JournalEntry['state'], people: number): JournalEntry {
  const bytes = messageOf('mixed', n, people);
  const isResult = n % 4 === 3;
  const failed = { state: 'failed', ackCode: 'AE', lastError: 'required-field: none' } as const;
  const done = n % 100 === 7 ? failed : ({ state, ackCode: 'AA' } as const);
  return {
    id: `0190${n.toString(16).padStart(8, '0')}`,
    feed: 'default',
    peer: '127.0.0.1',
    receivedAt: new Date(Date.UTC(2026, 2, 2, 8) + n * 1_000),
    controlId: `${isResult ? 'R' : 'A'}${String(n)}`,
    messageType: isResult ? 'ORU^R01' : 'ADT^A08',
    // By the hash of its bytes a row is known again: what waits is finished, not heard once more.
    hash: createHash('sha256').update(bytes).digest('hex'),
    bytes,
    attempts: state === 'received' ? 0 : 1,
    patient: `Patient/${String((n * 7_919) % people)}`,
    ...(state === 'received' ? { fields: turnFields({ orderKeys: [] }, {}) } : {}),
    ...(state === 'received' ? { state, ackCode: 'AA', ack: Buffer.from('MSH|') } : done),
  };
}

/**
 * What people ask of a long journal. A search by fields of the messages (`PID-3=123`) belongs here too, as
 * one more line of `questions`, when the store can be asked that.
 */
export async function measureJournal(
  file: string,
  { rows, people, startMs }: { rows: number; people: number; startMs: number },
): Promise<JournalFigures> {
  const store = await openSqliteStore({ file });
  const questions: Readonly<Record<string, (n: number) => Omit<JournalQuery, 'count'>>> = {
    newest: () => ({}),
    'of a state': () => ({ state: 'failed' }),
    'of a type': () => ({ messageType: 'ORU^R01' }),
    'of a control id': (n) => ({ controlId: `A${String(n % rows)}` }),
    'of a patient': (n) => ({ patient: `Patient/${String(n % people)}` }),
    'type and state': () => ({ messageType: 'ADT^A08', state: 'failed' }),
  };
  const searches: Record<string, number> = {};
  for (const [name, ask] of Object.entries(questions)) searches[name] = await p95(store, ask);
  await store.close();
  return { rows, startMs, searches };
}

async function p95(store: Store, ask: (n: number) => Omit<JournalQuery, 'count'>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < searchRuns; run += 1) {
    const begun = performance.now();
    await store.journal.list({ ...ask(run * 7_919), count: 50 });
    times.push(performance.now() - begun);
  }
  return quantile(times, 0.95);
}
