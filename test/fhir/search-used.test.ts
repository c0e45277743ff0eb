import { describe, expect, it } from 'vitest';
import type { SearchNode, SortKey } from '../../src/fhir/search-ast.ts';
import { usedParameters } from '../../src/fhir/search-used.ts';

const token = (param: string): SearchNode => ({ op: 'token', param, code: 'x' });

describe('the parameters that a search depends on', () => {
  const cases: readonly [string, SearchNode, readonly string[]][] = [
    ['a value', token('gender'), ['Patient.gender']],
    ['what is missing', { op: 'missing', param: 'name', missing: true }, ['Patient.name']],
    [
      'each once',
      { op: 'or', nodes: [token('a'), token('b'), token('a')] },
      ['Patient.a', 'Patient.b'],
    ],
    ['what is denied', { op: 'not', node: token('a') }, ['Patient.a']],
    ['no id, no time', { op: 'id', ids: ['1'] }, []],
    ['no instant', { op: 'lastUpdated', prefix: 'ge', lo: 0, hi: 1 }, []],
    [
      'a chain, with what it asks of its target',
      { op: 'chain', param: 'managing', type: 'Organization', where: token('name') },
      ['Patient.managing', 'Organization.name'],
    ],
    [
      'a reverse chain, all on the other type',
      { op: 'has', type: 'Observation', param: 'subject', where: token('code') },
      ['Observation.subject', 'Observation.code'],
    ],
    [
      'a chain in a reverse chain',
      {
        op: 'has',
        type: 'Observation',
        param: 'subject',
        where: { op: 'chain', param: 'performer', type: 'Practitioner', where: token('name') },
      },
      ['Observation.subject', 'Observation.performer', 'Practitioner.name'],
    ],
  ];
  it.each(cases)('%s', (_title, where, expected) => {
    expect(names({ types: ['Patient'], where, sort: [] })).toEqual(expected);
  });

  it('of every type, and of the sort but for _id and _lastUpdated', () => {
    const sort: SortKey[] = [
      { param: '_id', kind: 'id', descending: false },
      { param: '_lastUpdated', kind: 'lastUpdated', descending: true },
      { param: 'date', kind: 'date', descending: false },
    ];
    const types = ['Patient', 'Group'] as const;
    const expected = ['Patient.code', 'Group.code', 'Patient.date', 'Group.date'];
    expect(names({ types, where: token('code'), sort })).toEqual(expected);
  });
});

function names(query: Parameters<typeof usedParameters>[0]): string[] {
  return usedParameters(query).map(({ type, param }) => `${type}.${param}`);
}
