import { expect } from 'vitest';
import { matchAll, type Prefix, type SearchNode } from '../../src/fhir/search-ast.ts';
import type { Store } from '../../src/store/store.ts';
import type { DefineLaw } from './store.ts';
import { searchCases } from './store-search-cases.ts';
import { at, commit, date, idsOf, put, query, text, token } from './store-fixture.ts';

/** Every node of the search tree against a set made by hand; what each means is said in fhir/search-match.ts. */
export function searchLaws(define: DefineLaw): void {
  for (const [title, where, expected] of searchCases) {
    define(7, `search finds ${title}`, async (store) => {
      await populate(store);
      expect(await idsOf(store, where)).toEqual(expected);
      const negated = await idsOf(store, { op: 'not', node: where });
      expect(negated).toEqual(everyone.filter((id) => !expected.includes(id)));
      const counted = await store.search(query(where, { count: 0, total: 'accurate' }));
      expect(counted).toEqual({ matches: [], total: expected.length });
    });
  }

  const datesByPrefix: Readonly<Record<Prefix, readonly string[]>> = {
    eq: ['d2'],
    ne: ['d1', 'd3', 'd4', 'd5'],
    gt: ['d3', 'd4', 'd5'],
    lt: ['d1', 'd4', 'd5'],
    ge: ['d2', 'd3', 'd4', 'd5'],
    le: ['d1', 'd2', 'd4', 'd5'],
    sa: ['d3'],
    eb: ['d1'],
    ap: ['d2', 'd4', 'd5'],
    co: ['d4', 'd5'],
  };
  for (const [prefix, expected] of Object.entries(datesByPrefix)) {
    define(7, `search by date with ${prefix}`, async (store) => {
      await commit(store, [
        put('d1', { index: [date('d', 0, 10)] }),
        put('d2', { index: [date('d', 12, 18)] }),
        put('d3', { index: [date('d', 20, 30)] }),
        put('d4', { index: [date('d', 5, 25)] }),
        put('d5', { index: [date('d', -Infinity, Infinity)] }),
        put('d6'),
      ]);
      const node = { op: 'date', param: 'd', prefix: prefix as Prefix, lo: 10, hi: 20 } as const;
      expect(await idsOf(store, node)).toEqual(expected);
    });
  }

  const numbersByPrefix: Readonly<Record<Prefix, readonly string[]>> = {
    eq: ['n2', 'n3'],
    ne: ['n1', 'n4', 'n5'],
    gt: ['n3', 'n4', 'n5'],
    lt: ['n1', 'n5'],
    ge: ['n2', 'n3', 'n4', 'n5'],
    le: ['n1', 'n2', 'n5'],
    sa: ['n3', 'n4'],
    eb: ['n1'],
    ap: ['n2', 'n3', 'n5'],
    co: ['n2', 'n5'],
  };
  for (const [prefix, expected] of Object.entries(numbersByPrefix)) {
    for (const op of ['number', 'quantity'] as const) {
      define(7, `search by ${op} with ${prefix}`, async (store) => {
        await commit(store, [
          numeric('n1', op, 3, 3),
          numeric('n2', op, 5, 5),
          numeric('n3', op, 5.4, 5.4),
          numeric('n4', op, 9, 9),
          numeric('n5', op, 0, Infinity),
        ]);
        const search = { prefix: prefix as Prefix, value: 5, lo: 4.5, hi: 5.5 };
        expect(await idsOf(store, { op, param: 'n', ...search })).toEqual(expected);
      });
    }
  }

  define(7, 'search keeps types apart and takes several at once', async (store) => {
    const index = [token('code', 'x')];
    await commit(store, [
      put('a', { index }),
      put('b', { type: 'Basic', index }),
      put('c', { type: 'Group' }),
    ]);
    const where: SearchNode = { op: 'token', param: 'code', code: 'x' };
    expect(await idsOf(store, where, { types: ['Basic'] })).toEqual(['b']);
    expect(await idsOf(store, where, { types: ['Basic', 'Patient', 'Group'] })).toEqual(['a', 'b']);
    expect(await idsOf(store, matchAll, { types: ['Group', 'Patient'] })).toEqual(['a', 'c']);
    expect(await idsOf(store, where, { types: ['Unknown'] })).toEqual([]);
    const all = await store.search(
      query(matchAll, { types: ['Basic', 'Group', 'Unknown'], total: 'accurate', count: 1 }),
    );
    expect([all.total, all.matches.length]).toEqual([2, 1]);
  });

  define(7, 'search gives the current version', async (store) => {
    await commit(store, [put('a', { content: { n: 1 } })]);
    await commit(store, [put('a', { content: { n: 2 } })]);
    const { matches } = await store.search(query(matchAll));
    expect(matches).toEqual([await store.read('Patient', 'a')]);
  });

  define(7, 'search finds words anywhere in a resource', async (store) => {
    await commit(store, [
      put('a', { content: { note: [{ text: 'Fièvre, 39 °C' }] } }),
      put('b', { content: { text: { div: '<div><b>Fe</b>ver &amp; cough</div>' } } }),
      put('c', { content: { code: 'fever-38' } }),
    ]);
    const content = (text: string, isBegun = false): SearchNode => {
      return { op: 'content', words: [{ text, isBegun }] };
    };
    expect(await idsOf(store, content('fever'))).toEqual(['b', 'c']);
    expect(await idsOf(store, content('f', true))).toEqual(['a', 'b', 'c']);
    expect(await idsOf(store, { op: 'not', node: content('cough') })).toEqual(['a', 'c']);
    expect(await idsOf(store, { op: 'and', nodes: [content('38'), content('fever')] })).toEqual([
      'c',
    ]);
    expect(await idsOf(store, { op: 'content', words: [] })).toEqual(['a', 'b', 'c']);
    await commit(store, [put('c', { content: { code: 'none' } })]);
    expect(await idsOf(store, content('fever'))).toEqual(['b']);
  });

  define(7, 'search of some of several types asks each its own', async (store) => {
    const index = [token('code', 'x')];
    await commit(store, [
      put('a', { index }),
      put('a', { type: 'Basic', index }),
      put('b', { type: 'Basic', index }),
      put('c', { type: 'Group', index }),
    ]);
    const ofType = (types: readonly string[], node: SearchNode): SearchNode => {
      return { op: 'and', nodes: [{ op: 'type', types }, node] };
    };
    const where: SearchNode = {
      op: 'or',
      nodes: [
        ofType(['Basic'], { op: 'id', ids: ['a', 'c'] }),
        ofType(['Patient', 'Group'], { op: 'token', param: 'code', code: 'x' }),
      ],
    };
    const types = ['Patient', 'Basic', 'Group'] as const;
    const { matches, total } = await store.search({ ...query(where), types, total: 'accurate' });
    const found = matches.map(({ type, id }) => `${type}/${id}`).sort();
    expect([found, total]).toEqual([['Basic/a', 'Group/c', 'Patient/a'], 3]);
  });

  define(7, 'a search of 1,000 alternatives is answered', async (store) => {
    await populate(store);
    const nodes = Array.from({ length: 1_000 }, (_, n): SearchNode => ({
      op: 'token',
      param: 'gender',
      code: n === 999 ? 'male' : `c${n}`,
    }));
    expect(await idsOf(store, { op: 'or', nodes })).toEqual(['p2']);
    const names = nodes.map((_, n): SearchNode => {
      return { op: 'string', param: 'family', match: 'prefix', value: n === 500 ? 'smi' : `q${n}` };
    });
    expect(await idsOf(store, { op: 'or', nodes: names })).toEqual(['p1', 'p2']);
  });
}

function numeric(id: string, kind: 'number' | 'quantity', lo: number, hi: number) {
  const unit = { system: null, code: null, unit: null };
  const entry = { param: 'n', value: lo, lo, hi };
  return put(id, { index: [kind === 'number' ? { kind, ...entry } : { kind, ...entry, ...unit }] });
}

const everyone = ['p1', 'p2', 'p3', 'p4'];

/** Four people, a commit each, a second apart. */
async function populate(store: Store): Promise<void> {
  const people = [
    [
      token('identifier', '1', 'urn:mrn'),
      token('identifier', '1', 'urn:ssn'),
      token('gender', 'female', 'urn:gender'),
      text('family', 'Smith'),
      text('family', 'Über'),
      { kind: 'uri', param: 'url', value: 'http://a.test/x/y' },
      { kind: 'referenceIdentifier', param: 'gp', system: 'urn:npi', code: '7' },
      reference('gp', { type: 'Practitioner', id: 'd1' }),
      quantity(5, 'http://unitsofmeasure.org', 'mg', 'milligram'),
    ],
    [
      token('identifier', '2', 'urn:mrn'),
      token('gender', 'male'),
      text('family', 'smith-jones'),
      { kind: 'uri', param: 'url', value: 'http://a.test/x' },
      reference('gp', { type: 'Practitioner', id: 'd2', version: '3' }),
      quantity(5, null, 'mg', 'mg'),
    ],
    [
      token('identifier', '1'),
      { kind: 'uri', param: 'url', value: 'http://a.test/xy' },
      reference('gp', { type: 'Organization', id: 'd1' }),
      reference('gp', { url: 'http://other.test/fhir/Practitioner/d1' }),
      quantity(7, null, null, 'tablet'),
    ],
    [{ kind: 'uri', param: 'url', value: 'urn:oid:1.2' }],
  ] as const;
  for (const [n, index] of people.entries()) {
    await commit(store, [put(`p${n + 1}`, { index })], { now: at(n + 1) });
  }
}

function reference(
  param: string,
  part: { type?: string; id?: string; version?: string; url?: string },
) {
  const { type = null, id = null, version = null, url = null } = part;
  return { kind: 'reference', param, type, id, version, url } as const;
}

// The parts of a quantity, in FHIR's order.
function quantity(value: number, system: string | null, code: string | null, unit: string) {
  return { kind: 'quantity', param: 'q', value, lo: value, hi: value, system, code, unit } as const;
}
