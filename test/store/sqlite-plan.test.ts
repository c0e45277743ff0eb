import type Database from 'better-sqlite3-multiple-ciphers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IndexEntry, SearchNode, SearchQuery, SortKey } from '../../src/fhir/search-ast.ts';
import { limits } from '../../src/limits.ts';
import { openConnection } from '../../src/store/sqlite/connection.ts';
import { openNames } from '../../src/store/sqlite/dictionary.ts';
import { openReader } from '../../src/store/sqlite/reader.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { SearchPlanner } from '../../src/store/sqlite/search-plan.ts';
import { Statements } from '../../src/store/sqlite/statements.ts';
import { date, put, query, text, token } from '../contract/store-fixture.ts';
import { temporaryFolders } from './temporary-folder.ts';

const folders = temporaryFolders();
const file = `${folders.make()}/weir.db`;
let db: Database;

beforeAll(async () => {
  const store = await openSqliteStore({ file });
  const changes = Array.from({ length: 3 * limits.searchProbeRows }, (_, n) =>
    put(`o${n}`, { type: 'Observation', index: observationEntries(n) }),
  );
  const patients = Array.from({ length: 40 }, (_, n) =>
    put(`p${n}`, { index: [text('name', `Name ${n}`), token('identifier', `${n}`)] }),
  );
  await store.commit({ now: new Date(1_000), origin: 'test', changes: [...patients, ...changes] });
  await store.close();
  db = openConnection({ file });
});
afterAll(() => {
  db.close();
  folders.remove();
});

function observationEntries(n: number): IndexEntry[] {
  const patient = { type: 'Patient', id: `p${n % 40}`, version: null, url: null } as const;
  const lo = n * 10_000;
  return [
    token('identifier', `o${n}`),
    token('status', 'final'),
    token('code', `c${n % 2}`),
    text('note', `text ${n}`),
    date('date', lo, lo + 1),
    { kind: 'reference', param: 'subject', ...patient },
    {
      kind: 'quantity',
      param: 'value',
      lo: n,
      hi: n,
      value: n,
      system: null,
      code: 'mg',
      unit: null,
    },
    { kind: 'uri', param: 'url', value: `http://a.test/${n}` },
    { kind: 'position', param: 'near', latitude: n / 100, longitude: 0 },
    {
      ...{ kind: 'composite', param: 'code-value' },
      parts: [
        { kind: 'token', system: null, code: `c${n % 2}` },
        { kind: 'number', lo: n, hi: n, value: n },
      ],
    },
  ];
}

const identifier = (code: string): SearchNode => ({ op: 'token', param: 'identifier', code });
const code: SearchNode = { op: 'token', param: 'code', code: 'c1' };
const status: SearchNode = { op: 'token', param: 'status', code: 'final' };
const subject: SearchNode = { op: 'reference', param: 'subject', type: 'Patient', id: 'p7' };
const number = (prefix: 'eq' | 'gt', value: number) => {
  return { prefix, value, lo: value - 0.5, hi: value + 0.5 } as const;
};
const day = (prefix: 'ge' | 'lt' | 'gt', n: number): SearchNode => {
  return { op: 'date', param: 'date', prefix, lo: n * 10_000, hi: n * 10_000 + 1 };
};
const and = (...nodes: readonly SearchNode[]): SearchNode => ({ op: 'and', nodes });
const newest: SortKey[] = [{ param: 'date', kind: 'date', descending: true }];
const updated: SortKey[] = [{ param: '_lastUpdated', kind: 'lastUpdated', descending: true }];
const byId: SortKey[] = [{ param: '_id', kind: 'id', descending: false }];

/** Shapes that must not read a table from end to end, with the indexes that serve them. */
const shapes: readonly (readonly [string, SearchNode, readonly SortKey[], RegExp])[] = [
  ['identifier', identifier('o5'), [], /x USING PRIMARY KEY \(param=\? AND code=\?\)/],
  ['subject', subject, [], /x USING PRIMARY KEY \(target=\? AND param=\?\)/],
  ['subject and code', and(subject, code), [], /x USING PRIMARY KEY \(target=\? AND param=\?\)/],
  ['a code that many have', code, [], /x USING PRIMARY KEY \(param=\? AND code=\?\)/],
  ['code, newest first', code, newest, /x USING PRIMARY KEY \(param=\? AND code=\?\)/],
  ['subject, newest first', subject, newest, /x USING PRIMARY KEY \(target=\? AND param=\?\)/],
  ['subject by last update', subject, updated, /target=\?/],
  ['status, newest first', status, newest, /x USING PRIMARY KEY \(param=\?/],
  ['everything, newest first', and(), newest, /x USING PRIMARY KEY \(param=\?/],
  ['everything by last update', and(), updated, /resource_updated \(type=\?\)/],
  ['everything by id', and(), byId, /sqlite_autoindex_resource_1 \(type=\?\)/],
  [
    'all but one code',
    { op: 'not', node: code },
    [],
    /r USING COVERING INDEX resource_live \(type=\?\)/,
  ],
  ['a period', and(day('ge', 100), day('lt', 110)), [], /param=\? AND lo>\? AND lo<\?/],
  ['late dates', day('gt', 2_990), [], /ix_date_long/],
  [
    'a text by prefix',
    { op: 'string', param: 'note', match: 'prefix', value: 'text 77' },
    [],
    /param=\? AND folded>\? AND folded<\?/,
  ],
  [
    'an exact text',
    { op: 'string', param: 'note', match: 'exact', value: 'text 77' },
    [],
    /param=\? AND folded=\?/,
  ],
  [
    'an address below',
    { op: 'uri', param: 'url', match: 'below', value: 'http://a.test/7' },
    [],
    /param=\? AND value/,
  ],
  ['a quantity', { op: 'quantity', param: 'value', ...number('eq', 70) }, [], /lo>\? AND lo<\?/],
  [
    'high quantities',
    { op: 'quantity', param: 'value', ...number('gt', 2_990) },
    [],
    /number_wide/,
  ],
  [
    'a composite',
    {
      ...{ op: 'composite', param: 'code-value' },
      parts: [
        { op: 'token', code: 'c1' },
        { op: 'number', ...number('eq', 71) },
      ],
    },
    [],
    /param=\? AND kinds=\? AND a=\? AND b>\? AND b<\?/,
  ],
  [
    'what is near',
    { op: 'near', param: 'near', latitude: 10, longitude: 0, meters: 2_000 },
    [],
    /latitude>\? AND latitude<\?/,
  ],
  [
    'a chain',
    {
      ...{ op: 'chain', param: 'subject', type: 'Patient' },
      where: { op: 'string', param: 'name', match: 'prefix', value: 'name 7' },
    },
    [],
    /target=\? AND param=\?/,
  ],
  ['either of two', { op: 'or', nodes: [identifier('o1'), identifier('o2')] }, [], /code=\?/],
];

describe('the plan of a search', () => {
  for (const analyzed of [false, true]) {
    for (const [title, where, sort, index] of shapes) {
      it(`reads no table from end to end: ${title}${analyzed ? ', after ANALYZE' : ''}`, () => {
        if (analyzed) db.exec('ANALYZE');
        const asked = query(where, { types: ['Observation'], sort, count: 10 });
        const found = plansOf(asked);
        expect(found.filter(isScan)).toEqual([]);
        expect(found.join('\n')).toMatch(index);
      });
    }
  }

  it.each<readonly [string, SearchNode]>([
    [
      'either of two, of which no resource has one',
      { op: 'or', nodes: [identifier('o1'), { op: 'reference', param: 'none', id: 'x' }] },
    ],
    [
      'either of what holds together',
      {
        op: 'or',
        nodes: [
          { op: 'and', nodes: [{ op: 'type', types: ['Observation'] }, identifier('o1')] },
          { op: 'and', nodes: [{ op: 'missing', param: 'code', missing: true }, identifier('no')] },
        ],
      },
    ],
  ])('starts from the few that an index leads to: %s', (_title, where) => {
    const statements = new Statements(db);
    const planner = new SearchPlanner(statements, openNames(statements));
    expect(planner.plan({ types: ['Observation'], where }).start?.rows).toBe(1);
  });

  it('has a resource found from the other side of a reference', () => {
    const where: SearchNode = {
      ...{ op: 'has', type: 'Observation', param: 'subject' },
      where: identifier('o47'),
    };
    const found = plansOf(query(where, { types: ['Patient'], count: 10 }));
    expect(found.filter(isScan)).toEqual([]);
  });
});

/** A table read from end to end; lists that were bound and results of subqueries may be. */
function isScan(step: string): boolean {
  return /^SCAN (?!\(subquery|\w+( EXISTS)? VIRTUAL TABLE|place|found|CONSTANT)/.test(step);
}

/** What SQLite does for all statements of one page. */
function plansOf(asked: SearchQuery): readonly string[] {
  const prepared: string[] = [];
  const recording = new Proxy(db, {
    get(target, name) {
      if (name === 'prepare') {
        return (sql: string) => {
          prepared.push(sql);
          return target.prepare(sql);
        };
      }
      const member = Reflect.get(target, name) as unknown;
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
  const reader = openReader(recording);
  // What it prepares when it is opened is not of this search.
  prepared.length = 0;
  expect(reader.search(asked).matches.length).toBeGreaterThan(0);
  return prepared.flatMap((sql) => {
    const bound = Array.from({ length: sql.split('?').length - 1 }, () => null);
    const steps = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...bound);
    return steps.map((step) => (step as { detail: string }).detail);
  });
}
