import { describe, expect, it } from 'vitest';
import type { SearchNode } from '../../src/fhir/search-ast.ts';
import { parseSearch, type ParsedSearch, type SearchParam } from '../../src/fhir/search-parse.ts';
import { limits } from '../../src/limits.ts';

const baseUrl = 'http://localhost:8080/fhir';

function parse(type: string, params: readonly SearchParam[], strict = false): ParsedSearch {
  return parseSearch([type], params, { strict, now: 0, baseUrl });
}

/** The tree of one parameter. */
function where(type: string, name: string, value: string): SearchNode {
  const { query, issues } = parse(type, [[name, value]]);
  expect(issues).toEqual([]);
  return query.where;
}

describe('token forms', () => {
  const param = 'identifier';
  it.each<readonly [string, object]>([
    ['v', { code: 'v' }],
    ['s|v', { system: 's', code: 'v' }],
    ['|v', { system: null, code: 'v' }],
    ['s|', { system: 's' }],
    ['http://a/b|A-1', { system: 'http://a/b', code: 'A-1' }],
    [String.raw`a\|b`, { code: 'a|b' }],
    [String.raw`s|a\,b\\c\$d`, { system: 's', code: String.raw`a,b\c$d` }],
    [String.raw`a\b`, { code: String.raw`a\b` }],
  ])('%s', (value, node) => {
    expect(where('Patient', param, value)).toEqual({ op: 'token', param, ...node });
  });

  it.each(['|', 'a|b|c'])('%s is none', (value) => {
    expect(parse('Patient', [[param, value]]).issues).toMatchObject([{ code: 'search-value' }]);
  });

  it('negates the whole list', () => {
    expect(where('Patient', 'gender:not', 'male,female')).toEqual({
      op: 'not',
      node: {
        op: 'or',
        nodes: [
          { op: 'token', param: 'gender', code: 'male' },
          { op: 'token', param: 'gender', code: 'female' },
        ],
      },
    });
  });
});

describe('reference forms', () => {
  const param = 'subject';
  const uuid = 'urn:uuid:6f8f470e-07e8-4273-ad11-6e3fdc384a09';
  it.each<readonly [string, string, object]>([
    ['subject', '123', { id: '123' }],
    ['subject', 'Patient/123', { type: 'Patient', id: '123' }],
    ['subject', 'Patient/123/_history/4', { type: 'Patient', id: '123', version: '4' }],
    ['subject', 'http://other/fhir/Patient/1', { url: 'http://other/fhir/Patient/1' }],
    ['subject', 'http://o/Patient/1/_history/2', { url: 'http://o/Patient/1', version: '2' }],
    ['subject', uuid, { url: uuid }],
    ['subject', 'http://c/ValueSet/a|1.0', { url: 'http://c/ValueSet/a', version: '1.0' }],
    ['subject:Patient', '123', { type: 'Patient', id: '123' }],
    ['subject:Patient', 'Patient/123', { type: 'Patient', id: '123' }],
  ])('%s=%s', (name, value, node) => {
    expect(where('Observation', name, value)).toEqual({ op: 'reference', param, ...node });
  });

  it.each([
    ['subject:Patient', 'Group/1'],
    ['subject:Patient', 'http://other/Patient/1'],
    ['subject', 'a/b/c'],
    ['subject', 'Martian/1'],
    ['subject', '#a'],
  ])('%s=%s is none', (name, value) => {
    expect(parse('Observation', [[name, value]]).issues).toMatchObject([{ code: 'search-value' }]);
  });

  it('finds by an address of this server what is stored with or without the base', () => {
    const url = `${baseUrl}/Patient/123`;
    expect(where('Observation', 'subject', url)).toEqual({
      op: 'or',
      nodes: [
        { op: 'reference', param: 'subject', type: 'Patient', id: '123' },
        { op: 'reference', param: 'subject', url },
      ],
    });
  });

  it('looks at identifiers by :identifier', () => {
    expect(where('Observation', 'subject:identifier', 'sys|42')).toEqual({
      op: 'referenceIdentifier',
      param,
      system: 'sys',
      code: '42',
    });
  });
});

describe('strings, uris, quantities, ids and missing', () => {
  const literal: readonly (readonly [string, string, string, object])[] = [
    ['Patient', 'name', 'Mü', { op: 'string', param: 'name', match: 'prefix', value: 'mu' }],
    [
      'Patient',
      'name:contains',
      'Ü',
      { op: 'string', param: 'name', match: 'contains', value: 'u' },
    ],
    ['Patient', 'name:exact', 'Mü', { op: 'string', param: 'name', match: 'exact', value: 'Mü' }],
    [
      'ValueSet',
      'url',
      'http://a/b',
      { op: 'uri', param: 'url', match: 'exact', value: 'http://a/b' },
    ],
    [
      'ValueSet',
      'url:below',
      'http://a',
      { op: 'uri', param: 'url', match: 'below', value: 'http://a' },
    ],
    [
      'ValueSet',
      'url:above',
      'http://a',
      { op: 'uri', param: 'url', match: 'above', value: 'http://a' },
    ],
    ['Patient', 'name:missing', 'true', { op: 'missing', param: 'name', missing: true }],
    ['Patient', 'name:missing', 'false', { op: 'missing', param: 'name', missing: false }],
    ['Patient', '_id', 'a,b,a', { op: 'id', ids: ['a', 'b'] }],
    ['Patient', '_id:missing', 'true', { op: 'or', nodes: [] }],
    ['Patient', '_lastUpdated:missing', 'false', { op: 'and', nodes: [] }],
    ['Patient', '_tag', 's|t', { op: 'token', param: '_tag', system: 's', code: 't' }],
    ['Patient', '_security', 'R', { op: 'token', param: '_security', code: 'R' }],
    [
      'Patient',
      '_profile',
      'http://p',
      { op: 'uri', param: '_profile', match: 'exact', value: 'http://p' },
    ],
    [
      'Patient',
      '_source',
      'urn:x',
      { op: 'uri', param: '_source', match: 'exact', value: 'urn:x' },
    ],
    [
      'Patient',
      'name',
      ' , ',
      {
        op: 'or',
        nodes: [
          { op: 'string', param: 'name', match: 'prefix', value: '' },
          { op: 'string', param: 'name', match: 'prefix', value: '' },
        ],
      },
    ],
  ];

  it.each(literal)('%s?%s=%s', (type, name, value, node) => {
    expect(where(type, name, value)).toEqual(node);
  });

  it.each<readonly [string, object]>([
    ['5.4', {}],
    ['5.4|http://u.test|mg', { system: 'http://u.test', code: 'mg' }],
    ['5.4|http://unitsofmeasure.org|pill', { system: 'http://unitsofmeasure.org', code: 'pill' }],
    ['5.4||mg', { code: 'mg' }],
    ['5.4|http://unitsofmeasure.org|', { system: 'http://unitsofmeasure.org' }],
  ])('quantity %s', (value, unit) => {
    expect(where('Observation', 'value-quantity', value)).toEqual({
      op: 'quantity',
      param: 'value-quantity',
      prefix: 'eq',
      value: 5.4,
      lo: 5.35,
      hi: 5.45,
      ...unit,
    });
  });

  it('cuts what the index cuts', () => {
    const long = 'ab'.repeat(limits.searchStringCharsMax);
    const node = where('Patient', 'name:exact', long);
    expect(node).toMatchObject({ value: long.slice(0, limits.searchStringCharsMax) });
  });
});

describe('what is refused', () => {
  it.each<readonly [type: string, name: string, value: string, code: string]>([
    ['Patient', 'birthdate', 'notadate', 'search-value'],
    ['Patient', 'birthdate', '2013-02-30', 'search-value'],
    ['Patient', 'birthdate', 'xx2013', 'search-value'],
    ['Patient', 'birthdate', '2013,', 'none'],
    ['Patient', 'birthdate', '2013,bad', 'search-value'],
    ['Patient', '_lastUpdated', 'yesterday', 'search-value'],
    ['Observation', 'value-quantity', 'high', 'search-value'],
    ['Observation', 'value-quantity', '1|a|b|c', 'search-value'],
    ['RiskAssessment', 'probability', '1|a', 'search-value'],
    ['Patient', 'name:missing', 'yes', 'search-value'],
    ['Patient', 'name:foo', '1', 'search-modifier'],
    ['Patient', 'name:not', '1', 'search-modifier'],
    ['Patient', 'identifier:exact', '1', 'search-modifier'],
    ['Patient', 'birthdate:above', '2013', 'search-modifier'],
    ['Patient', '_id:not', '1', 'search-modifier'],
    ['Observation', 'subject:Martian', '1', 'search-modifier'],
    ['Patient', '_count:exact', '1', 'search-modifier'],
    ['Patient', '_include:foo', 'Patient:link', 'search-modifier'],
    ['Patient', '_text', '-', 'search-value'],
    ['Patient', '_text:exact', 'a', 'search-modifier'],
    ['Patient', '_content', '-', 'search-value'],
    ['Patient', '_content:missing', 'true', 'search-modifier'],
    ['Patient', '_query', 'a', 'not-supported'],
    ['Patient', '_contained', 'true', 'not-supported'],
    ['Patient', '_contained', 'maybe', 'search-value'],
    ['Patient', '_containedType', 'maybe', 'search-value'],
    ['Patient', '_list', '$current-problems', 'not-supported'],
    ['Patient', '_list', 'a b', 'search-value'],
    ['Patient', '_list:not', 'a', 'search-modifier'],
    ['Patient', '_filter', 'name is a', 'search-value'],
    ['Patient', '_include', 'Patient:name', 'search-parameter'],
    ['Patient', '_include', 'Martian:name', 'search-parameter'],
    ['Patient', '_include', 'Patient:link:Patient:x', 'search-parameter'],
    ['Observation', '_include', 'Observation:patient:Group', 'search-value'],
    ['Patient', '_count', '-1', 'search-value'],
    ['Patient', '_count', 'abc', 'search-value'],
    ['Patient', '_total', 'bogus', 'search-value'],
    ['Patient', '_summary', 'all', 'search-value'],
    ['Patient', '_elements', 'a;b', 'search-value'],
    ['Patient', '_sort', 'shoe-size', 'search-parameter'],
    ['Observation', '_sort', 'code-value-quantity', 'search-parameter'],
    ['Patient', '_sort', Array(9).fill('name').join(','), 'limit'],
    ['Patient', 'identifier', 'a,'.repeat(limits.searchValuesMax + 1), 'limit'],
  ])('%s?%s=%s: %s', (type, name, value, code) => {
    const { issues } = parse(type, [[name, value]]);
    const codes = issues.map((issue) => [issue.code, issue.severity]);
    expect(codes).toEqual(code === 'none' ? [] : [[code, 'error']]);
    for (const issue of issues) expect(issue.diagnostics).not.toContain('notadate');
  });

  it('bounds the whole tree', () => {
    const values = Array.from({ length: 900 }, (_, i) => String(i)).join(',');
    const params = ['a', 'b', 'c'].map((x) => ['identifier', `${x},${values}`] as const);
    expect(parse('Patient', params).issues).toMatchObject([{ code: 'limit' }]);
  });
});

describe('the whole query', () => {
  it('is everything where nothing is asked', () => {
    expect(parse('Patient', [])).toEqual({
      query: {
        types: ['Patient'],
        where: { op: 'and', nodes: [] },
        sort: [],
        count: limits.searchPageDefault,
        total: 'accurate',
      },
      used: [],
      issues: [],
      contained: 'false',
      containedType: 'container',
      includes: [],
    });
  });

  it('ANDs repeated parameters, once each, and passes empty ones over', () => {
    const { query, used } = parse('Patient', [
      ['name', 'a'],
      ['name', 'b'],
      ['name', 'a'],
      ['gender', ''],
      ['gender', ','],
      ['_format', 'json'],
    ]);
    expect(query.where).toMatchObject({ op: 'and', nodes: [{ value: 'a' }, { value: 'b' }] });
    expect(used).toEqual([
      ['name', 'a'],
      ['name', 'b'],
    ]);
  });

  it('ignores an unknown parameter, or refuses it when strict', () => {
    const params = [
      ['shoe-size', '42'],
      ['gender', 'male'],
    ] as const;
    const lenient = parse('Patient', params);
    expect(lenient.issues).toMatchObject([{ code: 'search-parameter', severity: 'warning' }]);
    expect(lenient.used).toEqual([['gender', 'male']]);
    expect(parse('Patient', params, true).issues).toMatchObject([
      { code: 'search-parameter', severity: 'error' },
    ]);
    const hostile = parse('Patient', [['<b>x</b>', '1']], true).issues;
    expect(hostile[0]?.diagnostics).not.toContain('<b>');
  });

  it('reads result parameters', () => {
    const parsed = parse('Observation', [
      ['_count', '5000'],
      ['_sort', '-date,_id,_lastUpdated,subject'],
      ['_total', 'none'],
      ['_summary', 'data'],
      ['_elements', 'code,Observation.status'],
      ['_include', 'Observation:subject:Patient'],
      ['_include:iterate', 'Patient:general-practitioner'],
      ['_revinclude', 'Provenance:target'],
    ]);
    expect(parsed.query).toMatchObject({
      count: limits.searchPageMax,
      total: 'none',
      sort: [
        { param: 'date', kind: 'date', descending: true },
        { param: '_id', kind: 'id', descending: false },
        { param: '_lastUpdated', kind: 'lastUpdated', descending: false },
        { param: 'subject', kind: 'reference', descending: false },
      ],
    });
    expect(parsed.used[0]).toEqual(['_count', '1000']);
    expect(parsed.summary).toBe('data');
    expect(parsed.elements).toEqual(['code', 'Observation.status']);
    expect(parsed.includes).toEqual([
      {
        sourceType: 'Observation',
        param: 'subject',
        targetType: 'Patient',
        iterate: false,
        reverse: false,
      },
      { sourceType: 'Patient', param: 'general-practitioner', iterate: true, reverse: false },
      { sourceType: 'Provenance', param: 'target', iterate: false, reverse: true },
    ]);
    expect(parsed.issues).toMatchObject([{ code: 'limit', severity: 'warning' }]);
  });

  it('takes _count=0 as _summary=count, and no result parameter twice', () => {
    expect(parse('Patient', [['_count', '0']])).toMatchObject({
      query: { count: 0 },
      summary: 'count',
    });
    expect(parse('Patient', [['_summary', 'count']]).query.count).toBe(0);
    const twice = parse('Patient', [
      ['_count', '1'],
      ['_count', '2'],
    ]);
    expect(twice.issues).toMatchObject([{ code: 'search-value' }]);
  });

  it('takes over several types only what all of them have', () => {
    const options = { strict: true, now: 0, defaultTotal: 'none' } as const;
    const both = parseSearch(
      ['Patient', 'Observation'],
      [
        ['identifier', 'a'],
        ['_type', 'Patient,Observation'],
      ],
      options,
    );
    expect(both.issues).toEqual([]);
    expect(both.query.total).toBe('none');
    expect(both.used).toHaveLength(2);
    for (const name of ['birthdate', 'gender', 'code']) {
      const { issues } = parseSearch(['Patient', 'Observation'], [[name, '2013']], options);
      expect(issues).toMatchObject([{ code: 'search-parameter' }]);
    }
    expect(
      parseSearch(['Patient', 'Observation'], [['_sort', 'birthdate']], options).issues,
    ).toMatchObject([{ code: 'search-parameter' }]);
  });
});
