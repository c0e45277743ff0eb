import { afterEach, describe, expect, it } from 'vitest';
import { searchParameters } from '../../src/fhir/definitions.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { extractIndex } from '../../src/fhir/search-extract.ts';
import { parseSearch } from '../../src/fhir/search-parse.ts';
import {
  compileSearchParameters,
  customSearchParameters,
  registerSearchParameters,
} from '../../src/fhir/search-registry.ts';

afterEach(() => registerSearchParameters([]));

const race = 'http://example.org/StructureDefinition/race';

function parameter(changes: Record<string, unknown> = {}): Resource {
  return {
    resourceType: 'SearchParameter',
    url: 'http://example.org/SearchParameter/race',
    code: 'race',
    type: 'token',
    base: ['Patient'],
    expression: `Patient.extension.where(url='${race}').extension.value.code`,
    ...changes,
  };
}

describe('a registered search parameter', () => {
  it('is extracted, searched and sorted by until others take its place', () => {
    const { parameters, issues } = compileSearchParameters([parameter()]);
    expect(issues).toEqual([]);
    registerSearchParameters(parameters);
    expect(customSearchParameters()).toEqual(parameters);
    const valueCoding = { system: 'urn:oid:2.16.840.1.113883.6.238', code: '2106-3' };
    const patient = {
      resourceType: 'Patient',
      extension: [{ url: race, extension: [{ url: 'ombCategory', valueCoding }] }],
    };
    const entry = { kind: 'token', param: 'race', system: null, code: '2106-3' };
    expect(extractIndex(patient)).toContainEqual(entry);
    const asked = [
      ['race', '2106-3'],
      ['_sort', '-race'],
    ] as const;
    const { query, issues: none } = parseSearch(['Patient'], asked, { strict: true, now: 0 });
    expect(none).toEqual([]);
    expect(query.where).toEqual({ op: 'token', param: 'race', code: '2106-3' });
    expect(query.sort).toEqual([{ param: 'race', kind: 'token', descending: true }]);

    registerSearchParameters([]);
    expect(extractIndex(patient)).not.toContainEqual(entry);
    expect(searchParameters('Patient').has('race')).toBe(false);
  });

  it.each([
    ['single()', 'Patient.name.single().family'],
    ['an argument too few', "Patient.name.family.substring('a')"],
  ])('finds nothing where its expression fails: %s', (_, expression) => {
    const { parameters } = compileSearchParameters([parameter({ type: 'string', expression })]);
    expect(parameters).toHaveLength(1);
    registerSearchParameters(parameters);
    const patient = { resourceType: 'Patient', name: [{ family: 'Lang' }, { family: 'Meyer' }] };
    const entries = extractIndex(patient);
    expect(entries.filter(({ param }) => param === 'race')).toEqual([]);
    expect(entries.filter(({ param }) => param === 'family')).toHaveLength(2);
  });

  it('may speak of all types, and of several in a union', () => {
    const source = parameter({ base: ['DomainResource'], expression: 'DomainResource.language' });
    const union = parameter({
      url: 'http://example.org/SearchParameter/who',
      code: 'who-name',
      type: 'string',
      base: ['Patient', 'Practitioner'],
      expression: 'Patient.name.text | Practitioner.name.family',
    });
    const { parameters, issues } = compileSearchParameters([source, union]);
    expect(issues).toEqual([]);
    registerSearchParameters(parameters);
    const name = [{ text: 'A', family: 'B' }];
    const found = (resourceType: string) =>
      extractIndex({ resourceType, name, language: 'de' }).flatMap((entry) =>
        entry.param === 'who-name' && entry.kind === 'string' ? [entry.exact] : [],
      );
    expect(found('Patient')).toEqual(['A']);
    expect(found('Practitioner')).toEqual(['B']);
    expect(extractIndex({ resourceType: 'Basic', language: 'de' })).toContainEqual(
      expect.objectContaining({ param: 'race', code: 'de' }),
    );
  });

  it('may name a choice with its type, and an extension by its function', () => {
    const url = 'http://example.org/StructureDefinition/asserted';
    for (const expression of [
      `Condition.extension.where(url='${url}').valueDateTime`,
      `Condition.extension('${url}').value`,
    ]) {
      const source = parameter({ code: 'asserted', type: 'date', base: ['Condition'], expression });
      const { parameters, issues } = compileSearchParameters([source]);
      expect(issues).toEqual([]);
      registerSearchParameters(parameters);
      const extension = [
        { url, valueDateTime: '2020' },
        { url: 'http://other', valueDateTime: '1' },
      ];
      const entries = extractIndex({ resourceType: 'Condition', extension });
      expect(entries.filter(({ param }) => param === 'asserted')).toMatchObject([{ kind: 'date' }]);
    }
  });

  it('may be a composite of known ones', () => {
    const composite = parameter({
      code: 'name-parts',
      type: 'composite',
      expression: 'Patient.name',
      component: [
        {
          definition: 'http://hl7.org/fhir/SearchParameter/individual-family',
          expression: 'family',
        },
        { definition: 'http://hl7.org/fhir/SearchParameter/individual-given', expression: 'given' },
      ],
    });
    const { parameters, issues } = compileSearchParameters([composite]);
    expect(issues).toEqual([]);
    expect(parameters[0]?.component).toEqual([
      ['family', 'family'],
      ['given', 'given'],
    ]);
  });

  it('that says what FHIR R4 says already is passed over', () => {
    const same = parameter({ code: 'family', type: 'string', expression: 'Patient.name.family' });
    expect(compileSearchParameters([same])).toEqual({ parameters: [], issues: [] });
  });
});

describe('a faulty search parameter', () => {
  it.each<readonly [string, Record<string, unknown>, string, string]>([
    ['without a url', { url: undefined }, '[0].url', 'a url is needed'],
    ['with a code that the grammar cannot hold', { code: 'a.b' }, '[0].code', 'a code is letters'],
    ['of a reserved code', { code: '_count' }, '[0].code', 'beginning with a letter'],
    ['of a special type', { type: 'special' }, '[0].type', 'cannot be indexed'],
    ['of an unknown type', { type: 'constructor' }, '[0].type', 'cannot be indexed'],
    ['of an unknown base', { base: ['Person', 'Pacient'] }, '[0].base', 'has not'],
    ['of no base', { base: [] }, '[0].base', 'has not'],
    ['without expression', { expression: '' }, '[0].expression', 'an expression is needed'],
    ['of an unknown element', { expression: 'Patient.nmae' }, '[0].expression', 'Patient.nmae'],
    ['that is no FHIRPath', { expression: 'Patient.name..x(' }, '[0].expression', 'no FHIRPath'],
    [
      'of an unknown function',
      { expression: 'Patient.name.foo()' },
      '[0].expression',
      'no FHIRPath',
    ],
    ['of another type', { expression: 'Group.name' }, '[0].expression', 'says nothing of Patient'],
    ['with a code of R4', { code: 'family' }, '[0].code', 'already, with another meaning'],
    [
      'with a code of every type',
      { code: 'family', base: ['DomainResource'] },
      '[0].code',
      'already',
    ],
    [
      'composed of what is not known',
      { type: 'composite', component: [{ definition: 'http://x', expression: 'y' }] },
      '[0].component',
      'no parameter of every base',
    ],
  ])('%s is named', (_, changes, place, text) => {
    const { parameters, issues } = compileSearchParameters([parameter(changes)]);
    expect(parameters).toEqual([]);
    expect(issues.map(({ expression }) => expression)).toContainEqual([place]);
    expect(issues.map(({ diagnostics }) => diagnostics).join()).toContain(text);
  });

  it('that clashes with another is the second', () => {
    const again = parameter({ url: 'http://example.org/SearchParameter/other' });
    const { parameters, issues } = compileSearchParameters([parameter(), again]);
    expect(parameters).toHaveLength(1);
    expect(issues[0]?.expression).toEqual(['[1].code']);
    expect(issues[0]?.diagnostics).toContain(
      'http://example.org/SearchParameter/race has the code',
    );
  });
});
