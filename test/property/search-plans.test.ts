import Database from 'better-sqlite3-multiple-ciphers';
import fc from 'fast-check';
import { it, vi } from 'vitest';
import type { SearchNode } from '../../src/fhir/search-ast.ts';
import type * as Limits from '../../src/limits.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { openNames } from '../../src/store/sqlite/dictionary.ts';
import { defineFunctions } from '../../src/store/sqlite/functions.ts';
import { GroupWriter } from '../../src/store/sqlite/group-writer.ts';
import { IndexRows } from '../../src/store/sqlite/index-rows.ts';
import { prepareCommit, type WriteRequest } from '../../src/store/sqlite/prepared.ts';
import { openReader } from '../../src/store/sqlite/reader.ts';
import { migrate } from '../../src/store/sqlite/schema.ts';
import { Statements } from '../../src/store/sqlite/statements.ts';
import type { CommitResult } from '../../src/store/store.ts';
import { lifeArbitrary, live, type SearchedStore } from './search-life.ts';

const bounds = vi.hoisted(() => ({ searchProbeRows: 2 }));
vi.mock('../../src/limits.ts', async (original) => {
  const { limits } = await original<typeof Limits>();
  const bounded = new Proxy(limits, {
    get: (all, name) => Reflect.get(name in bounds ? bounds : all, name) as unknown,
  });
  return { limits: bounded };
});

// A longer round: WEIR_TEST_ROUNDS=20 runs twenty times as many.
const rounds = Number(process.env['WEIR_TEST_ROUNDS'] ?? 1);

// What is searched differently where there is much of it is searched so here: much is more than this.
it.each([0, 2])(
  'SQLite plans for more than %i rows find what memory finds',
  async (rows) => {
    bounds.searchProbeRows = rows;
    await fc.assert(
      fc.asyncProperty(lifeArbitrary, async (life) => {
        const { store, close } = openInProcess();
        try {
          await live(life, [openMemoryStore(), store]);
        } finally {
          close();
        }
      }),
      { numRuns: 200 * rounds },
    );
  },
  60_000 * rounds,
);

it('SQLite reads bodies as memory does', async () => {
  bounds.searchProbeRows = 2;
  const byContent = lifeArbitrary.map((life) => {
    const queries = life.queries.map((query) => ({ ...query, where: withContent(query.where) }));
    return { ...life, queries };
  });
  await fc.assert(
    fc.asyncProperty(byContent, async (life) => {
      const { store, close } = openInProcess();
      try {
        await live(life, [openMemoryStore(), store]);
      } finally {
        close();
      }
    }),
    { numRuns: 60 * rounds },
  );
}, 60_000);

/** Asks for ids as words: a body has its id. */
function withContent(node: SearchNode): SearchNode {
  switch (node.op) {
    case 'and':
    case 'or':
      return { op: node.op, nodes: node.nodes.map(withContent) };
    case 'not':
      return { op: 'not', node: withContent(node.node) };
    case 'chain':
    case 'has':
      return { ...node, where: withContent(node.where) };
    case 'id': {
      const words = node.ids.map((text, at) => ({ text, isBegun: at % 2 === 1 }));
      return { op: 'content', words };
    }
    default:
      return node;
  }
}

/** SQLite's own reader and writer over one database in memory: no threads, no file. */
function openInProcess(): { readonly store: SearchedStore; readonly close: () => void } {
  const db = new Database(':memory:');
  migrate(db);
  defineFunctions(db);
  const statements = new Statements(db);
  const names = openNames(statements);
  const writer = new GroupWriter({
    db,
    statements,
    names,
    index: new IndexRows(statements, names),
  });
  const reader = openReader(db);
  const store: SearchedStore = {
    commit: async (commit) => {
      const request: WriteRequest = { kind: 'commit', commit: prepareCommit(commit) };
      const [outcome] = writer.write([request]).outcomes;
      if (outcome === undefined || 'refused' in outcome)
        throw outcome?.refused ?? new Error('None');
      return outcome.answer as CommitResult;
    },
    search: async (query) => reader.search(query),
  };
  return { store, close: () => db.close() };
}
