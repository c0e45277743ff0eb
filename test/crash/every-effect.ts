/**
 * One commit with every kind of effect in it, and the question what became of it: each effect has a
 * face before and a face after, and all of them must show the same one.
 */
import { verifyChain } from '../../src/store/audit-chain.ts';
import type { Commit, SourceView, Store } from '../../src/store/store.ts';
import {
  at,
  idsOf,
  journalEntry,
  put,
  query,
  remove,
  text,
  token,
} from '../contract/store-fixture.ts';

/** What the commit needs to know of its time: what it is to mark done. */
export interface Ground {
  readonly n: number;
  readonly positions: readonly number[];
  readonly leases: ReadonlyMap<string, string>;
}

const all = 1_000_000;
const far = new Date('2999-01-01T00:00:00Z');

/** Lays what commit `n` will update, delete, release, take over and mark done. */
export async function lay(store: Store, n: number): Promise<Ground> {
  const job = (name: string) => ({
    op: 'put' as const,
    job: { key: `${name}-${n}`, kind: 'test', dueAt: at(0), payload: '{}', attempts: 0 },
  });
  await store.commit({
    now: at(1),
    origin: `ground-${n}`,
    changes: ['old', 'gone'].map((name) => put(`${name}-${n}`, { index: index('before', n) })),
    claims: ['held', 'moved'].map((name) => ({ key: `${name}-${n}`, owner: 'first' })),
    sources: [view('old', n, 'before')],
    journal: [journalEntry(`in-${n}`)],
    jobs: ['done', 'retried', 'cancelled'].map(job),
    state: ['set', 'removed'].map((name) => ({ key: `${name}-${n}`, value: 'before' })),
    audit: [{ event: `ground-${n}` }],
  });
  const leased = await store.jobs.lease(at(2), 3_600_000, all);
  const pending = await store.outbox.pending(all);
  return {
    n,
    positions: pending
      .filter(({ origin }) => origin === `ground-${n}`)
      .map(({ position }) => position),
    leases: new Map(leased.map(({ key, lease }) => [key, lease])),
  };
}

export function everyEffect({ n, positions, leases }: Ground): Commit {
  const lease = (name: string): { key: string; lease: string } => {
    const key = `${name}-${n}`;
    return { key, lease: leases.get(key) ?? '' };
  };
  const job = { key: `put-${n}`, kind: 'test', dueAt: far, payload: '{}', attempts: 0 };
  return {
    now: at(3),
    origin: `commit-${n}`,
    changes: [
      put(`new-${n}`, { index: index('after', n), expect: 'absent' }),
      put(`old-${n}`, { index: index('after', n), content: { active: true } }),
      remove(`gone-${n}`, 'current'),
    ],
    releases: [`held-${n}`],
    claims: [
      { key: `made-${n}`, owner: 'second' },
      { key: `moved-${n}`, owner: 'second', replaces: 'first' },
    ],
    sources: [view('old', n, 'after'), view('new', n, 'after')],
    journal: [journalEntry(`in-${n}`, { state: 'processed' }), journalEntry(`made-${n}`)],
    outboxDone: positions.map((position) => ({ position })),
    jobs: [
      { op: 'done', ...lease('done') },
      { op: 'retry', ...lease('retried'), dueAt: far },
      { op: 'cancel', key: `cancelled-${n}` },
      { op: 'put', job },
    ],
    state: [
      { key: `set-${n}`, value: 'after' },
      { key: `removed-${n}` },
      { key: `made-${n}`, value: 'after' },
    ],
    audit: [{ event: `commit-${n}` }, { event: `commit-${n} again` }],
  };
}

interface Effect {
  readonly name: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly seen: (store: Store, n: number) => Promise<unknown>;
}

const effects: readonly Effect[] = [
  {
    name: 'creation',
    before: undefined,
    after: '1',
    seen: async (store, n) => (await store.read('Patient', `new-${n}`))?.versionId,
  },
  {
    name: 'update',
    before: '1',
    after: '2',
    seen: async (store, n) => (await store.read('Patient', `old-${n}`))?.versionId,
  },
  {
    name: 'history',
    before: 2,
    after: 4,
    seen: async (store, n) => {
      const totals = ['old', 'gone'].map((name) =>
        store.history({ type: 'Patient', id: `${name}-${n}`, count: 10 }),
      );
      return (await Promise.all(totals)).reduce((sum, { total }) => sum + total, 0);
    },
  },
  {
    name: 'deletion',
    before: false,
    after: true,
    seen: async (store, n) => (await store.read('Patient', `gone-${n}`))?.deleted,
  },
  {
    name: 'old index entries',
    before: ['old', 'gone'],
    after: [],
    seen: (store, n) => found(store, 'before', n),
  },
  {
    name: 'new index entries',
    before: [],
    after: ['old', 'new'],
    seen: (store, n) => found(store, 'after', n),
  },
  {
    name: 'claims',
    before: { held: 'first', moved: 'first' },
    after: { moved: 'second', made: 'second' },
    seen: async (store, n) => {
      const names = ['held', 'moved', 'made'];
      const owners = await store.claimOwners(names.map((name) => `${name}-${n}`));
      return Object.fromEntries(
        names.flatMap((name) => {
          const owner = owners.get(`${name}-${n}`);
          return owner === undefined ? [] : [[name, owner]];
        }),
      );
    },
  },
  {
    name: 'source views',
    before: ['before', undefined],
    after: ['after', 'after'],
    seen: async (store, n) => {
      const views = ['old', 'new'].map((name) =>
        store.sourceView('lab', 'Patient', `${name}-${n}`),
      );
      return (await Promise.all(views)).map((said) => said?.view);
    },
  },
  {
    name: 'journal',
    before: ['received', undefined],
    after: ['processed', 'received'],
    seen: async (store, n) => {
      const rows = ['in', 'made'].map((name) => store.journal.read(`${name}-${n}`));
      return (await Promise.all(rows)).map((row) => row?.state);
    },
  },
  {
    name: 'jobs',
    before: ['cancelled', 'done', 'retried'],
    after: ['put', 'retried later'],
    seen: async (store, n) => {
      const names = ['done', 'retried', 'cancelled', 'put'];
      const lists = await Promise.all(names.map((name) => store.jobs.list(`${name}-${n}`, all)));
      return lists
        .flat()
        .filter(({ key }) => key.endsWith(`-${n}`))
        .map(({ key, dueAt }) => {
          const [name = ''] = key.split('-');
          return name === 'retried' && dueAt.getTime() === far.getTime() ? 'retried later' : name;
        })
        .sort();
    },
  },
  {
    name: 'state',
    before: ['before', 'before', undefined],
    after: ['after', undefined, 'after'],
    seen: async (store, n) => {
      const entries = ['set', 'removed', 'made'].map((name) => store.state(`${name}-${n}`));
      return (await Promise.all(entries)).map((entry) => entry?.value);
    },
  },
  {
    name: 'outbox',
    before: ['ground', 'ground'],
    after: ['commit', 'commit', 'commit'],
    seen: async (store, n) =>
      (await store.outbox.pending(all))
        .filter(({ origin }) => origin.endsWith(`-${n}`))
        .map(({ origin }) => origin.split('-')[0]),
  },
  {
    name: 'audit',
    before: [],
    after: [`commit`, `commit again`],
    seen: async (store, n) =>
      (await store.audit.rows(0, all))
        .filter(({ event }) => event.startsWith('commit') && event.split(/[- ]/)[1] === String(n))
        .map(({ event }) => event.replace(`-${n}`, '')),
  },
];

export type Standing = 'whole' | 'absent';

/** Whether commit `n` is there; throws, naming each effect, where it is there in part. */
export async function standing(store: Store, n: number): Promise<Standing> {
  const faces = await Promise.all(
    effects.map(async ({ name, before, after, seen }) => {
      const now = JSON.stringify(await seen(store, n));
      if (now === JSON.stringify(after)) return { name, face: 'whole' };
      return { name, face: now === JSON.stringify(before) ? 'absent' : now };
    }),
  );
  const [first] = faces;
  if (first !== undefined && faces.every(({ face }) => face === first.face)) {
    if (first.face === 'whole' || first.face === 'absent') return first.face;
  }
  throw new Error(`Commit ${n} is neither there nor not: ${JSON.stringify(faces)}`);
}

/** Throws where the store as a whole does not add up to these commits (their grounds being laid). */
export async function addUp(store: Store, standings: readonly Standing[]): Promise<void> {
  const grounds = standings.length;
  const whole = standings.filter((one) => one === 'whole').length;
  const rows = await store.audit.rows(0, all);
  const received = (await store.journal.counts()).reduce((sum, { count }) => sum + count, 0);
  const seen = {
    chain: verifyChain(rows),
    audit: rows.length,
    live: (await store.counts()).get('Patient') ?? 0,
    found: (await store.search(query({ op: 'and', nodes: [] }, { count: 1, total: 'accurate' })))
      .total,
    versions: (await store.history({ count: 1 })).total,
    journal: received,
    outbox: (await store.outbox.pending(all)).length,
  };
  const expected: typeof seen = {
    chain: undefined,
    audit: grounds + 2 * whole,
    live: 2 * grounds,
    found: 2 * grounds,
    versions: 2 * grounds + 3 * whole,
    journal: grounds + whole,
    outbox: 2 * grounds + whole,
  };
  if (JSON.stringify(seen) === JSON.stringify(expected)) return;
  throw new Error(`${JSON.stringify(seen)} should be ${JSON.stringify(expected)}`);
}

function index(phase: string, n: number) {
  return [token('phase', `${phase}-${n}`), text('name', `Name ${phase} ${n}`)];
}

/** Names of the resources found under a phase by both of their index entries. */
async function found(store: Store, phase: string, n: number): Promise<string[]> {
  const byToken = await idsOf(store, { op: 'token', param: 'phase', code: `${phase}-${n}` });
  const value = `Name ${phase} ${n}`;
  const byText = await idsOf(store, { op: 'string', param: 'name', match: 'exact', value });
  if (byToken.join() !== byText.join()) return [...byToken, 'but', ...byText];
  return byToken.map((id) => id.split('-')[0] ?? '');
}

function view(name: string, n: number, said: string): SourceView {
  const [eventTime, receivedAt] = [at(0), at(1)];
  const id = `${name}-${n}`;
  return { source: 'lab', type: 'Patient', id, eventTime, receivedAt, controlId: id, view: said };
}
