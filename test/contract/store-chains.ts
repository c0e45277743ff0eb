import { expect } from 'vitest';
import type { IndexEntry, SearchNode } from '../../src/fhir/search-ast.ts';
import type { Store } from '../../src/store/store.ts';
import type { DefineLaw } from './store.ts';
import { commit, idsOf, put, query, remove, text, token, walk } from './store-fixture.ts';

const named = (value: string): SearchNode => ({
  op: 'string',
  param: 'name',
  match: 'prefix',
  value,
});
const subject = (where: SearchNode, type = 'Patient'): SearchNode => {
  return { op: 'chain', param: 'subject', type, where };
};
const observed = (where: SearchNode): SearchNode => {
  return { op: 'has', type: 'Observation', param: 'subject', where };
};
const coded = (code: string): SearchNode => ({ op: 'token', param: 'code', code });
const not = (node: SearchNode): SearchNode => ({ op: 'not', node });
const and = (...nodes: readonly SearchNode[]): SearchNode => ({ op: 'and', nodes });
const all = and();

/** Chains from the Observations below: title, tree, ids. */
const chains: readonly (readonly [string, SearchNode, readonly string[]])[] = [
  ['what a reference leads to', subject(named('ada')), ['o1', 'o2', 'o4']],
  ['a reference that leads anywhere', subject(all), ['o1', 'o2', 'o3', 'o4']],
  ['a reference that leads to a type', subject(all, 'Group'), ['o5']],
  [
    'no reference of another parameter',
    { op: 'chain', param: 'focus', type: 'Patient', where: all },
    ['o5'],
  ],
  ['a chain to an id', subject({ op: 'id', ids: ['p2'] }), ['o3', 'o4']],
  [
    'a chain to what lacks a value',
    subject({ op: 'missing', param: 'gp', missing: true }),
    ['o3', 'o4'],
  ],
  [
    'a chain of two',
    subject({ op: 'chain', param: 'gp', type: 'Practitioner', where: named('dr') }),
    ['o1', 'o2', 'o4'],
  ],
  [
    'no chain of two by what only the first fulfils',
    subject({ op: 'chain', param: 'gp', type: 'Practitioner', where: named('ada') }),
    [],
  ],
  ['both conditions on one target', subject(and(named('bob'), named('robert'))), ['o3', 'o4']],
  ['no conditions on two targets as if on one', subject(and(named('ada'), named('bob'))), []],
  [
    'conditions that each hold of some target',
    and(subject(named('ada')), subject(named('bob'))),
    ['o4'],
  ],
  ['a target that does not fulfil', subject(not(named('ada'))), ['o3', 'o4']],
  ['a chain and back', subject(observed(coded('bp'))), ['o1', 'o2', 'o4']],
  [
    'either by a chain or a value',
    { op: 'or', nodes: [subject(named('bob')), coded('bp')] },
    ['o1', 'o3', 'o4'],
  ],
];

/** Reverse chains from the Patients below. */
const reverse: readonly (readonly [string, SearchNode, readonly string[]])[] = [
  ['who is referred to', observed(all), ['p1', 'p2']],
  ['who is referred to by what fulfils', observed(coded('bp')), ['p1']],
  [
    'nobody by another parameter',
    { op: 'has', type: 'Observation', param: 'none', where: all },
    [],
  ],
  ['nobody by another type', { op: 'has', type: 'Basic', param: 'subject', where: all }, []],
  [
    'who is referred to by what is referred to',
    observed({ op: 'has', type: 'Provenance', param: 'target', where: coded('seen') }),
    ['p2'],
  ],
  ['both conditions on one referrer', observed(and(coded('bp'), coded('x'))), []],
  [
    'conditions that each hold of some referrer',
    and(observed(coded('bp')), observed(coded('x'))),
    ['p1'],
  ],
  [
    'who is referred to by what also refers elsewhere',
    observed(subject(named('ada'))),
    ['p1', 'p2'],
  ],
];

/** Conditions on other resources than the one that is found. */
export function chainLaws(define: DefineLaw): void {
  const tables = [
    {
      kind: 'chain',
      type: 'Observation',
      cases: chains,
      everyone: ['o1', 'o2', 'o3', 'o4', 'o5', 'o6'],
    },
    { kind: 'reverse chain', type: 'Patient', cases: reverse, everyone: ['p1', 'p2', 'p3'] },
  ] as const;
  for (const { kind, type, cases, everyone } of tables) {
    for (const [title, where, expected] of cases) {
      define(7, `${kind}: search finds ${title}`, async (store) => {
        await populate(store);
        const types = [type] as const;
        expect(await idsOf(store, where, { types })).toEqual(expected);
        const negated = await idsOf(store, not(where), { types });
        expect(negated).toEqual(everyone.filter((id) => !expected.includes(id)));
        const counted = await store.search(query(where, { types, count: 0, total: 'accurate' }));
        expect(counted).toEqual({ matches: [], total: expected.length });
      });
    }
  }

  define(8, 'a chain sees what its target is now', async (store) => {
    await populate(store);
    await commit(store, [put('p1', { index: [text('name', 'Zoe')] })]);
    const types = ['Observation'] as const;
    expect(await idsOf(store, subject(named('ada')), { types })).toEqual([]);
    expect(await idsOf(store, subject(named('zoe')), { types })).toEqual(['o1', 'o2', 'o4']);
  });

  define(8, 'a chain to what is deleted leads nowhere, until it is back', async (store) => {
    await populate(store);
    await commit(store, [remove('p1')]);
    const types = ['Observation'] as const;
    expect(await idsOf(store, subject(all), { types })).toEqual(['o3', 'o4']);
    expect(await idsOf(store, not(subject(all)), { types })).toEqual(['o1', 'o2', 'o5', 'o6']);
    await commit(store, [put('p1', { index: [text('name', 'Eve')] })]);
    expect(await idsOf(store, subject(named('eve')), { types })).toEqual(['o1', 'o2', 'o4']);
  });

  define(8, 'a reverse chain forgets deleted and replaced referrers', async (store) => {
    await populate(store);
    await commit(store, [
      remove('o1', undefined, 'Observation'),
      put('o3', { type: 'Observation', index: [refers('subject', 'Patient', 'p3')] }),
    ]);
    expect(await idsOf(store, observed(coded('bp')))).toEqual([]);
    expect(await idsOf(store, observed(all))).toEqual(['p1', 'p2', 'p3']);
    await commit(store, [remove('o4', undefined, 'Observation')]);
    expect(await idsOf(store, observed(all))).toEqual(['p1', 'p3']);
    expect(await idsOf(store, not(observed(all)))).toEqual(['p2']);
  });

  define(7, 'several types are searched by one chain', async (store) => {
    await populate(store);
    const types = ['Observation', 'Encounter'] as const;
    expect(await idsOf(store, subject(named('ada')), { types })).toEqual(['o1', 'o2', 'o4', 'e1']);
    const either = ['Patient', 'Group'] as const;
    expect(await idsOf(store, observed(all), { types: either })).toEqual(['p1', 'p2', 'g1']);
  });

  define(7, 'a walk by a chain sees each once while targets change', async (store) => {
    await populate(store);
    const first = query(subject(all), { types: ['Observation'], count: 1 });
    const change = async (page: number): Promise<void> => {
      await commit(store, [
        put('p1', { index: [text('name', `n${page}`)] }),
        put(`late${page}`, { type: 'Observation', index: [refers('subject', 'Patient', 'p1')] }),
      ]);
    };
    expect(await walk(store, first, change)).toEqual(['o1', 'o2', 'o3', 'o4']);
  });
}

async function populate(store: Store): Promise<void> {
  const observation = (id: string, index: readonly IndexEntry[]) =>
    put(id, { type: 'Observation', index });
  await commit(store, [
    put('d1', { type: 'Practitioner', index: [text('name', 'Dr Who')] }),
    put('p1', { index: [text('name', 'Ada'), refers('gp', 'Practitioner', 'd1')] }),
    put('p2', { index: [text('name', 'Bob'), text('name', 'Robert')] }),
    put('p3', { index: [text('name', 'Ada'), refers('gp', 'Practitioner', 'gone')] }),
    put('g1', { type: 'Group', index: [text('name', 'Ada')] }),
    observation('o1', [refers('subject', 'Patient', 'p1'), token('code', 'bp')]),
    observation('o2', [refers('subject', 'Patient', 'p1', '1'), token('code', 'x')]),
    observation('o3', [refers('subject', 'Patient', 'p2')]),
    observation('o4', [refers('subject', 'Patient', 'p2'), refers('subject', 'Patient', 'p1')]),
    observation('o5', [refers('subject', 'Group', 'g1'), refers('focus', 'Patient', 'p3')]),
    observation('o6', [
      refers('subject', 'Patient', 'gone'),
      address('subject', 'http://o.test/Patient/p1'),
    ]),
    put('e1', { type: 'Encounter', index: [refers('subject', 'Patient', 'p1')] }),
    put('v1', {
      type: 'Provenance',
      index: [refers('target', 'Observation', 'o3'), token('code', 'seen')],
    }),
  ]);
}

function refers(
  param: string,
  type: string,
  id: string,
  version: string | null = null,
): IndexEntry {
  return { kind: 'reference', param, type, id, version, url: null };
}

function address(param: string, url: string): IndexEntry {
  return { kind: 'reference', param, type: null, id: null, version: null, url };
}
