import { describe, expect, it } from 'vitest';
import type { IndexEntry, SearchNode, SortKey } from '../../src/fhir/search-ast.ts';
import {
  compareCodePoints,
  matches,
  sortValue,
  type Matchable,
  type MatchWorld,
} from '../../src/fhir/search-match.ts';
import { extractIndex } from '../../src/fhir/search-extract.ts';
import { parseSearch } from '../../src/fhir/search-parse.ts';

const target = { type: 'Patient', id: 'p1', lastUpdated: 1000 };

function found(type: string, resource: object, name: string, value: string): boolean {
  const { query, issues } = parseSearch([type], [[name, value]], { strict: true, now: 0 });
  expect(issues).toEqual([]);
  const entries = extractIndex({ resourceType: type, ...resource });
  return matches(entries, { ...target, type }, query.where);
}

describe('the tree', () => {
  const yes: SearchNode = { op: 'and', nodes: [] };
  const no: SearchNode = { op: 'or', nodes: [] };
  it.each<readonly [SearchNode, boolean]>([
    [yes, true],
    [no, false],
    [{ op: 'not', node: no }, true],
    [{ op: 'and', nodes: [yes, no] }, false],
    [{ op: 'or', nodes: [no, yes] }, true],
    [{ op: 'id', ids: ['p0', 'p1'] }, true],
    [{ op: 'id', ids: ['P1'] }, false],
    [{ op: 'missing', param: 'name', missing: true }, true],
    [{ op: 'missing', param: 'name', missing: false }, false],
    [{ op: 'lastUpdated', prefix: 'eq', lo: 1000, hi: 1001 }, true],
    [{ op: 'lastUpdated', prefix: 'sa', lo: 999, hi: 1000 }, true],
  ])('%j is %s', (node, expected) => {
    expect(matches([], target, node)).toBe(expected);
  });
});

describe('number and quantity search', () => {
  /** Value in the resource, search, whether it is found. */
  it.each<readonly [number, string, boolean]>([
    [100, '100', true],
    [99.5, '100', true],
    [99.49, '100', false],
    [100.49, '100', true],
    [100.5, '100', false],
    [100.004, '100.00', true],
    [100.005, '100.00', false],
    [104.9, '1e2', true],
    [105, '1e2', false],
    [95, '1e2', true],
    [5.4, '5.4', true],
    [5.36, '5.4', true],
    [5.36, '5.40', false],
    [5.404, '5.40', true],
    [100.2, 'ne100', false],
    [100.7, 'ne100', true],
    [100.2, 'gt100', true],
    [100, 'gt100', false],
    [99.9, 'lt100', true],
    [100, 'lt100', false],
    [100, 'ge100', true],
    [99.9, 'ge100', false],
    [100, 'le100', true],
    [100.1, 'le100', false],
    [100.1, 'sa100', true],
    [100, 'sa100', false],
    [99.9, 'eb100', true],
    [100, 'eb100', false],
    [109, 'ap100', true],
    [111, 'ap100', false],
    [-5.2, '-5', true],
    [-5.5, '-5', true],
    [-4.5, '-5', false],
    [-5.2, 'lt-5', true],
    [0.2, '0', true],
    [0.002, '2e-3', true],
    [0, 'ge0', true],
  ])('%d is found by %s: %s', (value, search, expected) => {
    const quantity = { valueQuantity: { value, unit: 'mg' } };
    expect(found('Observation', quantity, 'value-quantity', search)).toBe(expected);
    const risk = { prediction: [{ probabilityDecimal: value }] };
    expect(found('RiskAssessment', risk, 'probability', search)).toBe(expected);
  });

  it.each<readonly [object, string, boolean]>([
    [{ comparator: '<', value: 5 }, 'lt4', true],
    [{ comparator: '<', value: 5 }, '5', false],
    [{ comparator: '<', value: 5 }, 'gt5', false],
    [{ comparator: '>=', value: 5 }, 'gt9', true],
    [{ comparator: '>=', value: 5 }, 'eb5', false],
    [{ comparator: '>=', value: 5 }, 'sa4', true],
    [{ value: 5, unit: 'mg' }, '5||mg', true],
    [{ value: 5, system: 'u', code: 'mg', unit: 'milligram' }, '5||mg', true],
    [{ value: 5, system: 'u', code: 'mg', unit: 'milligram' }, '5||milligram', true],
    [{ value: 5, system: 'u', code: 'mg', unit: 'milligram' }, '5|u|milligram', false],
    [{ value: 5, system: 'u', code: 'mg' }, '5|u|mg', true],
    [{ value: 5, system: 'u', code: 'mg' }, '5|u|', true],
    [{ value: 5, system: 'u', code: 'mg' }, '5|v|mg', false],
    [{ value: 5, system: 'u', code: 'mg' }, '5|u|g', false],
    [{ value: 5, system: 'u', code: 'mg' }, '5||g', false],
  ])('%j is found by %s: %s', (valueQuantity, search, expected) => {
    expect(found('Observation', { valueQuantity }, 'value-quantity', search)).toBe(expected);
  });
});

describe('strings, tokens, uris, references', () => {
  const patient = {
    name: [{ family: 'Müller', given: ['Anna-Maria'] }],
    gender: 'female',
    active: true,
    identifier: [{ system: 's', value: 'A1' }, { value: 'B2' }],
    managingOrganization: { reference: 'Organization/o1/_history/3', identifier: { value: 'x' } },
    generalPractitioner: [{ reference: 'http://other/fhir/Practitioner/9' }],
  };

  it.each([
    ['name', 'muller', true],
    ['name', 'MÜL', true],
    ['name', 'ller', false],
    ['name:contains', 'LLER', true],
    ['name:exact', 'Müller', true],
    ['name:exact', 'müller', false],
    ['name:exact', 'Mül', false],
    ['family', 'anna', false],
    ['given', 'anna', true],
    ['gender', 'female', true],
    ['gender', 'Female', false],
    ['gender', 'http://hl7.org/fhir/administrative-gender|female', true],
    ['gender:not', 'male,other', true],
    ['gender:not', 'male,female', false],
    ['active', 'true', true],
    ['active', 'false', false],
    ['deceased', 'false', true],
    ['phone:not', 'x', true],
    ['identifier', 'A1', true],
    ['identifier', 'a1', false],
    ['identifier', 's|A1', true],
    ['identifier', 's|B2', false],
    ['identifier', '|B2', true],
    ['identifier', '|A1', false],
    ['identifier', 's|', true],
    ['identifier', 't|', false],
    ['organization', 'o1', true],
    ['organization', 'Organization/o1', true],
    ['organization', 'Organization/o1/_history/3', true],
    ['organization', 'Organization/o1/_history/2', false],
    ['organization:Organization', 'o1', true],
    ['organization:identifier', 'x', true],
    ['organization:identifier', 's|x', false],
    ['general-practitioner', 'http://other/fhir/Practitioner/9', true],
    ['general-practitioner', 'Practitioner/9', false],
    ['general-practitioner', '9', false],
  ] as const)('%s=%s: %s', (name, value, expected) => {
    expect(found('Patient', patient, name, value)).toBe(expected);
  });

  it.each([
    ['url', 'http://a/b', true],
    ['url', 'http://a/b/', false],
    ['url', 'http://A/b', false],
    ['url:below', 'http://a', true],
    ['url:below', 'http://a/', true],
    ['url:below', 'http://a/b', true],
    ['url:below', 'http://a/bb', false],
    ['url:above', 'http://a/b/c', true],
    ['url:above', 'http://a/bc', false],
    ['url:above', 'http://a', false],
  ] as const)('ValueSet?%s=%s: %s', (name, value, expected) => {
    expect(found('ValueSet', { url: 'http://a/b' }, name, value)).toBe(expected);
  });

  it('takes a URN as a whole', () => {
    const node: SearchNode = { op: 'uri', param: 'url', match: 'below', value: 'urn:a' };
    expect(matches([{ kind: 'uri', param: 'url', value: 'urn:a/b' }], target, node)).toBe(false);
  });
});

describe('chains', () => {
  const reference = (id: string): IndexEntry => {
    return { kind: 'reference', param: 'gp', type: 'Patient', id, version: null, url: null };
  };
  const ada: Matchable = {
    entries: [{ kind: 'token', param: 'code', system: null, code: 'x' }],
    resource: { type: 'Patient', id: 'ada', lastUpdated: 0 },
  };
  const world: MatchWorld = {
    target: (type, id) => (type === 'Patient' && id === 'ada' ? ada : undefined),
    referrers: (type, param, to) =>
      type === 'Patient' && param === 'gp' && to.id === 'p1' ? [ada] : [],
  };
  const where: SearchNode = { op: 'token', param: 'code', code: 'x' };
  const chain: SearchNode = { op: 'chain', param: 'gp', type: 'Patient', where };
  const has: SearchNode = { op: 'has', param: 'gp', type: 'Patient', where };

  it('look into the resource that a reference names', () => {
    expect(matches([reference('ada')], target, chain, world)).toBe(true);
    expect(matches([reference('bob')], target, chain, world)).toBe(false);
    expect(matches([], target, { op: 'not', node: chain }, world)).toBe(true);
  });

  it('look into the resources that name this one', () => {
    expect(matches([], target, has, world)).toBe(true);
    expect(matches([], { ...target, id: 'p2' }, has, world)).toBe(false);
  });

  it('cannot be judged by one resource alone', () => {
    expect(() => matches([reference('ada')], target, chain)).toThrow('one resource alone');
    expect(() => matches([], target, { op: 'not', node: has })).toThrow('one resource alone');
  });
});

describe('sortValue', () => {
  const entries: readonly IndexEntry[] = [
    { kind: 'string', param: 'name', folded: 'b', exact: 'B' },
    { kind: 'string', param: 'name', folded: 'a', exact: 'A' },
    { kind: 'date', param: 'date', lo: 10, hi: 20 },
    { kind: 'date', param: 'date', lo: 15, hi: 16 },
    { kind: 'number', param: 'n', lo: 1, hi: 9, value: 5 },
    { kind: 'token', param: 'code', system: null, code: 'x' },
    { kind: 'uri', param: 'url', value: 'u' },
    { kind: 'reference', param: 'r1', type: 'Patient', id: '1', version: null, url: null },
    { kind: 'reference', param: 'r2', type: null, id: null, version: null, url: 'urn:x' },
    { kind: 'referenceIdentifier', param: 'r1', system: null, code: 'z' },
    { kind: 'ucum', param: 'n', lo: 0, hi: 0, value: 0, unit: 'g' },
    { kind: 'composite', param: 'code', parts: [{ kind: 'token', system: null, code: 'a' }] },
    { kind: 'position', param: 'n', latitude: 0, longitude: 0 },
  ];

  it.each<readonly [string, SortKey['kind'], boolean, string | number | null]>([
    ['name', 'string', false, 'a'],
    ['name', 'string', true, 'b'],
    ['date', 'date', false, 10],
    ['date', 'date', true, 15],
    ['n', 'number', false, 5],
    ['code', 'token', false, 'x'],
    ['url', 'uri', false, 'u'],
    ['r1', 'reference', true, 'Patient/1'],
    ['r2', 'reference', false, 'urn:x'],
    ['none', 'string', false, null],
    ['_id', 'id', false, 'p1'],
    ['_lastUpdated', 'lastUpdated', true, 1000],
  ])('%s as %s, descending %s, is %s', (param, kind, descending, expected) => {
    expect(sortValue(entries, target, { param, kind, descending })).toBe(expected);
  });
});

describe('compareCodePoints', () => {
  it('orders as UTF-8 bytes do', () => {
    const texts = ['', 'a', 'ab', 'b', 'é', '\uffee', '\u{1f600}', '\u{1f601}a'];
    const byBytes = texts.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(texts.toReversed().toSorted(compareCodePoints)).toEqual(byBytes);
  });
});
