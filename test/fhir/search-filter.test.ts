import { describe, expect, it } from 'vitest';
import type { SearchNode } from '../../src/fhir/search-ast.ts';
import { parseSearch, type ParsedSearch } from '../../src/fhir/search-parse.ts';
import { limits } from '../../src/limits.ts';

type Types = readonly [string, ...string[]];

function parse(types: Types, name: string, value: string, strict = false): ParsedSearch {
  return parseSearch(types, [[name, value]], { strict, now: 0 });
}

/** The tree of one parameter. */
function where(type: string, name: string, value: string): SearchNode {
  const { query, issues, used } = parse([type], name, value, true);
  expect(issues).toEqual([]);
  expect(used).toEqual([[name, value]]);
  return query.where;
}

const ann = { op: 'string', param: 'name', match: 'prefix', value: 'ann' } as const;
const chain = (param: string, type: string, inner: SearchNode): SearchNode => {
  return { op: 'chain', param, type, where: inner };
};

describe('chains', () => {
  it('lead to the type that is named', () => {
    const node = chain('subject', 'Patient', ann);
    expect(where('Observation', 'subject:Patient.name', 'Ann')).toEqual(node);
  });

  it('lead to the only type that there is, or that has the parameter', () => {
    expect(where('Observation', 'patient.name', 'Ann')).toEqual(chain('patient', 'Patient', ann));
    const gender = { op: 'token', param: 'gender', code: 'male' } as const;
    expect(where('Observation', 'subject.gender', 'male')).toEqual(
      chain('subject', 'Patient', gender),
    );
  });

  it('lead to every type that has the parameter', () => {
    const node = where('Observation', 'performer.identifier', 'a');
    const types =
      node.op === 'or' ? node.nodes.map((each) => each.op === 'chain' && each.type) : [];
    expect(types).toEqual(expect.arrayContaining(['Practitioner', 'Organization', 'Patient']));
    expect(types).not.toContain('Observation');
  });

  it('go on over several links, each with its own modifier', () => {
    const inner = chain('organization', 'Organization', {
      ...{ op: 'string', param: 'name', match: 'exact', value: 'Ann' },
    });
    expect(where('Observation', 'patient.organization.name:exact', 'Ann')).toEqual(
      chain('patient', 'Patient', inner),
    );
    expect(
      where('Observation', 'patient:Patient.organization:Organization.name:exact', 'Ann'),
    ).toEqual(chain('patient', 'Patient', inner));
  });

  it('take every kind of condition at their end', () => {
    const ends: readonly (readonly [string, string, SearchNode])[] = [
      ['_id', 'a,b', { op: 'id', ids: ['a', 'b'] }],
      ['name:missing', 'true', { op: 'missing', param: 'name', missing: true }],
      ['gender:not', 'male', { op: 'not', node: { op: 'token', param: 'gender', code: 'male' } }],
      [
        '_has:Encounter:patient:status',
        'planned',
        {
          op: 'has',
          type: 'Encounter',
          param: 'patient',
          where: { op: 'token', param: 'status', code: 'planned' },
        },
      ],
    ];
    for (const [name, value, node] of ends) {
      expect(where('Observation', `patient.${name}`, value)).toEqual(
        chain('patient', 'Patient', node),
      );
    }
  });
});

describe('reverse chains', () => {
  const observed = (inner: SearchNode): SearchNode => {
    return { op: 'has', type: 'Observation', param: 'patient', where: inner };
  };

  it.each<readonly [string, string, SearchNode]>([
    ['code', '1234-5', { op: 'token', param: 'code', code: '1234-5' }],
    ['_id', 'o1', { op: 'id', ids: ['o1'] }],
    ['code:missing', 'true', { op: 'missing', param: 'code', missing: true }],
    ['patient.name', 'Ann', chain('patient', 'Patient', ann)],
    [
      '_has:Provenance:target:agent',
      'a',
      {
        op: 'has',
        type: 'Provenance',
        param: 'target',
        where: { op: 'reference', param: 'agent', id: 'a' },
      },
    ],
  ])('_has:Observation:patient:%s=%s', (name, value, inner) => {
    expect(where('Patient', `_has:Observation:patient:${name}`, value)).toEqual(observed(inner));
  });

  it('may be asked of several types', () => {
    const name = '_has:Observation:subject:code';
    expect(parse(['Patient', 'Group'], name, 'a', true).issues).toEqual([]);
  });
});

describe('composites', () => {
  it('read a value of each component', () => {
    expect(where('Observation', 'code-value-quantity', 'http://loinc.org|8480-6$gt140')).toEqual({
      op: 'composite',
      param: 'code-value-quantity',
      parts: [
        { op: 'token', system: 'http://loinc.org', code: '8480-6' },
        { op: 'quantity', prefix: 'gt', value: 140, lo: 139.5, hi: 140.5 },
      ],
    });
  });

  it('take alternatives, escapes and three parts', () => {
    const either = where('Observation', 'code-value-string', String.raw`a\$b$x\,y,c$z`);
    expect(either).toMatchObject({
      op: 'or',
      nodes: [
        { parts: [{ code: 'a$b' }, { value: 'x,y' }] },
        { parts: [{ code: 'c' }, { value: 'z' }] },
      ],
    });
    const three = where('MolecularSequence', 'chromosome-variant-coordinate', '7$ge10$lt20');
    expect(three).toMatchObject({ parts: [{ code: '7' }, { prefix: 'ge' }, { prefix: 'lt' }] });
    expect(where('Observation', 'code-value-quantity:missing', 'true')).toMatchObject({
      op: 'missing',
    });
  });
});

describe('near, units, texts, identifier types and value sets', () => {
  it.each<readonly [string, number]>([
    ['48.2|16.4|5', 5_000],
    ['48.2|16.4|5|km', 5_000],
    ['48.2|16.4|500|m', 500],
    ['48.2|16.4|1|[mi_i]', 1609.344],
    ['48.2|16.4|1|[mi_us]', 1609.34721869],
    ['48.2|16.4', 50_000],
    ['48.2|16.4|0', 0],
  ])('near=%s', (value, meters) => {
    const node = { op: 'near', param: 'near', latitude: 48.2, longitude: 16.4, meters };
    expect(where('Location', 'near', value)).toEqual(node);
  });

  it('compares UCUM in canonical units', () => {
    const node = { op: 'ucum', param: 'value-quantity', prefix: 'ge', unit: 'g.m-3' };
    expect(where('Observation', 'value-quantity', 'ge100|http://unitsofmeasure.org|mg/dL')).toEqual(
      {
        ...node,
        value: 1000,
        lo: 995,
        hi: 1005,
      },
    );
    expect(where('Observation', 'value-quantity', 'ge1|http://unitsofmeasure.org|g/L')).toEqual({
      ...node,
      value: 1000,
      lo: 500,
      hi: 1500,
    });
  });

  it('searches texts of codes, and identifiers by type', () => {
    const text = { op: 'string', param: 'code', match: 'prefix', value: 'blood p' };
    expect(where('Observation', 'code:text', 'Blood P')).toEqual(text);
    const typed = { op: 'token', param: 'identifier:of-type', system: 'http://v2|MR', code: '1' };
    expect(where('Patient', 'identifier:of-type', 'http://v2|MR|1')).toEqual(typed);
  });

  it('knows the value sets of required bindings', () => {
    const genders = 'http://hl7.org/fhir/ValueSet/administrative-gender';
    const node = where('Patient', 'gender:in', genders);
    expect(node).toMatchObject({ op: 'or', nodes: [{ op: 'token', param: 'gender' }, {}, {}, {}] });
    expect(where('Patient', 'gender:not-in', `${genders}|4.0.1`)).toEqual({ op: 'not', node });
  });
});

describe('what is refused', () => {
  it.each<readonly [type: string, name: string, value: string, code: string]>([
    ['Observation', 'code.name', 'a', 'search-parameter'],
    ['Observation', 'subject:Medication.name', 'a', 'search-modifier'],
    ['Observation', 'subject:Martian.name', 'a', 'search-modifier'],
    ['Observation', 'patient.birthdate', 'soon', 'search-value'],
    ['Observation', 'patient.name:foo', 'a', 'search-modifier'],
    ['Observation', 'patient.shoe-size', 'a', 'search-parameter'],
    ['Observation', 'patient._query', 'a', 'not-supported'],
    ['Observation', 'patient.', 'a', 'search-parameter'],
    ['Patient', '_has:Observation', 'a', 'search-parameter'],
    ['Patient', '_has:Martian:patient:code', 'a', 'search-parameter'],
    ['Patient', '_has:Observation:code:code', 'a', 'search-parameter'],
    ['Patient', '_has:Observation:patient', 'a', 'search-parameter'],
    ['Patient', '_has:Observation:encounter:code', 'a', 'search-parameter'],
    ['Patient', '_has:Observation:patient:shoe', 'a', 'search-parameter'],
    ['Patient', '_has:Observation:patient:date', 'soon', 'search-value'],
    ['Observation', 'code-value-quantity', '8480-6', 'search-value'],
    ['Observation', 'code-value-quantity', '8480-6$high', 'search-value'],
    ['Observation', 'code-value-quantity', '8480-6$1$2', 'search-value'],
    ['Observation', 'code-value-quantity:exact', 'a$1', 'search-modifier'],
    ['Location', 'near', '91|0', 'search-value'],
    ['Location', 'near', '1|181|5', 'search-value'],
    ['Location', 'near', '1|1|-5', 'search-value'],
    ['Location', 'near', '1|1|5|kg', 'search-value'],
    ['Location', 'near', '1', 'search-value'],
    ['Location', 'near', '1|1|5|km|x', 'search-value'],
    ['Patient', 'identifier:of-type', 'a|b', 'search-value'],
    ['Patient', 'identifier:of-type', '|b|c', 'search-value'],
    ['Patient', 'gender:of-type', 'a|b|c', 'search-modifier'],
    ['Patient', 'gender:in', 'http://unknown', 'not-supported'],
    ['Patient', 'gender:in', 'constructor', 'not-supported'],
    ['Observation', 'code:below', 'a', 'not-supported'],
    ['Observation', 'subject:above', 'a', 'not-supported'],
    ['Patient', `${'link.'.repeat(limits.searchChainMax + 1)}name`, 'a', 'limit'],
  ])('%s?%s=%s: %s', (type, name, value, code) => {
    const { issues } = parse([type], name, value, true);
    expect(issues.map((issue) => [issue.code, issue.severity])).toEqual([[code, 'error']]);
  });

  it('only when strict, if the parameter at the end of a chain does not exist', () => {
    const { issues, used } = parse(['Observation'], 'patient.shoe-size', '42');
    expect(issues).toMatchObject([{ code: 'search-parameter', severity: 'warning' }]);
    expect(used).toEqual([]);
  });

  it('a chain through everything, before it grows, and once', () => {
    const chains = ['a', 'b', 'c'].map((id) => ['item.item.item.item.item._id', id] as const);
    const { issues } = parseSearch(['List'], chains, { strict: true, now: 0 });
    expect(issues).toMatchObject([{ code: 'limit', severity: 'error' }]);
  });
});

describe('includes', () => {
  it('of everything', () => {
    const { includes, issues } = parseSearch(
      ['Observation'],
      [
        ['_include', '*'],
        ['_revinclude', 'Provenance:*'],
        ['_include:iterate', 'Observation:*:Patient'],
      ],
      { strict: true, now: 0 },
    );
    expect(issues).toEqual([]);
    expect(includes).toEqual([
      { sourceType: '*', param: '*', iterate: false, reverse: false },
      { sourceType: 'Provenance', param: '*', iterate: false, reverse: true },
      {
        sourceType: 'Observation',
        param: '*',
        targetType: 'Patient',
        iterate: true,
        reverse: false,
      },
    ]);
  });

  it.each(['*:subject', 'Martian:*', '*:*', 'Observation'])('%s is none', (value) => {
    expect(parse(['Observation'], '_include', value).issues).toMatchObject([
      { code: 'search-parameter', severity: 'error' },
    ]);
  });
});
