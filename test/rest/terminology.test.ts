import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFhirApp, stores } from './fhir-app.ts';
import type { CallAnswer, FhirApp } from './fhir-app.ts';
import { outOf, parameters } from './out-parameters.ts';
import { idsOf } from './shown.ts';

const gender = 'http://hl7.org/fhir/administrative-gender';
const genderSet = 'http://hl7.org/fhir/ValueSet/administrative-gender';
const actCode = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const maritalMap = 'https://weir.test/ConceptMap/marital';

const colors = {
  resourceType: 'CodeSystem',
  id: 'colors',
  url: 'urn:colors',
  version: '2',
  name: 'Colors',
  status: 'active',
  content: 'complete',
  caseSensitive: true,
  property: [{ code: 'warmth', type: 'string' }],
  concept: [
    {
      code: 'red',
      display: 'Red',
      definition: 'As blood',
      designation: [{ language: 'de', value: 'Rot' }],
      property: [{ code: 'warmth', valueString: 'warm' }],
      concept: [
        { code: 'crimson', display: 'Crimson' },
        { code: 'scarlet', display: 'Écarlate scarlet', concept: [{ code: 'flame' }] },
      ],
    },
    { code: 'blue', display: 'Blue', property: [{ code: 'warmth', valueString: 'cold' }] },
    { code: 'teal', display: 'Teal', property: [{ code: 'inactive', valueBoolean: true }] },
  ],
};

function codesOf({ json }: CallAnswer): unknown {
  const { expansion } = json as unknown as { expansion: { contains?: { code: string }[] } };
  return expansion.contains?.map(({ code }) => code) ?? [];
}

function composed(include: object, more: object = {}): object {
  return { resourceType: 'ValueSet', status: 'active', compose: { include: [include], ...more } };
}

describe.each(stores)('terminology on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open, {
      conformance: [
        {
          resourceType: 'ConceptMap',
          url: maritalMap,
          status: 'active',
          group: [
            {
              source: 'urn:a',
              target: 'urn:b',
              element: [
                { code: 'M', target: [{ code: 'married', equivalence: 'wider' }] },
                { code: 'X', target: [{ equivalence: 'unmatched' }] },
              ],
              unmapped: { mode: 'fixed', code: 'other' },
            },
          ],
        },
      ],
    });
    await fhir.call('PUT', '/CodeSystem/colors', { body: colors });
  });
  afterEach(() => fhir.close());

  const get = (url: string): Promise<CallAnswer> => fhir.call('GET', url);
  const expand = (valueSet: object, more: Readonly<Record<string, unknown>> = {}) =>
    fhir.call('POST', '/ValueSet/$expand', { body: parameters({ valueSet, ...more }) });

  it('$expand gives R4 value sets, by GET, POST, and a bare ValueSet', async () => {
    const byGet = await get(`/ValueSet/$expand?url=${genderSet}`);
    expect(byGet.status).toBe(200);
    expect(byGet.json).toMatchObject({
      resourceType: 'ValueSet',
      url: genderSet,
      expansion: {
        total: 4,
        contains: [{ system: gender, code: 'male', display: 'Male' }, {}, {}, {}],
      },
    });
    const body = parameters({ 'url valueUri': genderSet });
    expect(codesOf(await fhir.call('POST', '/ValueSet/$expand', { body }))).toHaveLength(4);
    const bare = await fhir.call('POST', '/ValueSet/$expand', {
      body: composed({ system: 'urn:colors' }),
    });
    expect(codesOf(bare)).toEqual(['red', 'crimson', 'scarlet', 'flame', 'blue', 'teal']);
    const v2 = await get('/ValueSet/$expand?url=http://terminology.hl7.org/ValueSet/v2-0001');
    expect(codesOf(v2)).toContain('F');
  });

  it('$expand by id of a stored value set, also of its latest content', async () => {
    const url = 'urn:warm';
    const put = (code: string) =>
      fhir.call('PUT', '/ValueSet/warm', {
        body: { ...composed({ system: 'urn:colors', concept: [{ code }] }), id: 'warm', url },
      });
    await put('red');
    expect(codesOf(await get('/ValueSet/warm/$expand'))).toEqual(['red']);
    await put('blue');
    expect(codesOf(await get('/ValueSet/warm/$expand'))).toEqual(['blue']);
    expect(codesOf(await get(`/ValueSet/$expand?url=${url}`))).toEqual(['blue']);
    await fhir.call('DELETE', '/ValueSet/warm');
    expect((await get('/ValueSet/warm/$expand')).status).toBe(410);
    expect((await get(`/ValueSet/$expand?url=${url}`)).status).toBe(404);
  });

  it.each([
    [{ property: 'concept', op: 'is-a', value: 'red' }, ['red', 'crimson', 'scarlet', 'flame']],
    [{ property: 'concept', op: 'descendent-of', value: 'red' }, ['crimson', 'scarlet', 'flame']],
    [{ property: 'concept', op: 'is-not-a', value: 'red' }, ['blue', 'teal']],
    [{ property: 'concept', op: 'generalizes', value: 'flame' }, ['red', 'scarlet', 'flame']],
    [{ property: 'code', op: 'regex', value: '[a-z]*l(ue|ame)' }, ['flame', 'blue']],
    [{ property: 'code', op: 'in', value: 'blue,teal' }, ['blue', 'teal']],
    [{ property: 'code', op: 'not-in', value: 'red,crimson,scarlet,flame' }, ['blue', 'teal']],
    [{ property: 'warmth', op: '=', value: 'warm' }, ['red']],
    [{ property: 'warmth', op: 'exists', value: 'true' }, ['red', 'blue']],
    [{ property: 'warmth', op: 'exists', value: 'false' }, ['crimson', 'scarlet', 'flame', 'teal']],
    [{ property: 'parent', op: '=', value: 'scarlet' }, ['flame']],
  ])('an expansion filters by %j', async (filter, codes) => {
    const answer = await expand(composed({ system: 'urn:colors', filter: [filter] }));
    expect(codesOf(answer)).toEqual(codes);
  });

  it.each([
    [{ property: 'code', op: 'regex', value: '(a+)+\\1' }, 400],
    [{ property: 'code', op: 'regex', value: 'a{1000}{1000}' }, 400],
    [{ property: 'hue', op: '=', value: '1' }, 400],
    [{ property: 'code', op: 'near', value: '1' }, 400],
    [{ property: 'code', op: '=' }, 400],
  ])('an expansion refuses the filter %j', async (filter, status) => {
    const answer = await expand(composed({ system: 'urn:colors', filter: [filter] }));
    expect([answer.status, answer.json.resourceType]).toEqual([status, 'OperationOutcome']);
  });

  it('$expand excludes, nests, filters by text, pages, and speaks other languages', async () => {
    const all = composed({ system: 'urn:colors' });
    const some = composed(
      { system: 'urn:colors' },
      {
        exclude: [
          { system: 'urn:colors', filter: [{ property: 'concept', op: 'is-a', value: 'scarlet' }] },
        ],
      },
    );
    expect(codesOf(await expand(some))).toEqual(['red', 'crimson', 'blue', 'teal']);
    expect(codesOf(await expand(all, { 'filter valueString': 'ecar sc' }))).toEqual(['scarlet']);
    expect(codesOf(await expand(all, { 'activeOnly valueBoolean': true }))).not.toContain('teal');
    const page = await expand(all, { 'offset valueInteger': 1, 'count valueInteger': 2 });
    expect(page.json).toMatchObject({ expansion: { total: 6, offset: 1 } });
    expect(codesOf(page)).toEqual(['crimson', 'scarlet']);
    expect(codesOf(await expand(all, { 'count valueInteger': 0 }))).toEqual([]);
    const german = await expand(all, {
      'displayLanguage valueCode': 'de-AT',
      'includeDesignations valueBoolean': true,
      'excludeNested valueBoolean': false,
    });
    expect(german.json).toMatchObject({
      expansion: {
        contains: [
          {
            display: 'Rot',
            designation: [{ language: 'de', value: 'Rot' }],
            contains: [{ code: 'crimson' }, { code: 'scarlet', contains: [{ code: 'flame' }] }],
          },
          { code: 'blue' },
          { code: 'teal', inactive: true },
        ],
      },
    });
  });

  it('$expand follows value sets that others name, and refuses those in a circle', async () => {
    const put = (id: string, include: object) =>
      fhir.call('PUT', `/ValueSet/${id}`, { body: { ...composed(include), id, url: `urn:${id}` } });
    await put('warm', {
      system: 'urn:colors',
      filter: [{ property: 'concept', op: 'is-a', value: 'red' }],
    });
    await put('leaf', { system: 'urn:colors', concept: [{ code: 'flame' }, { code: 'blue' }] });
    expect(codesOf(await expand(composed({ valueSet: ['urn:warm', 'urn:leaf'] })))).toEqual([
      'flame',
    ]);
    expect(
      codesOf(await expand(composed({ system: 'urn:colors', valueSet: ['urn:leaf'] }))),
    ).toEqual(['flame', 'blue']);
    await put('one', { valueSet: ['urn:two'] });
    await put('two', { valueSet: ['urn:one'] });
    const circle = await get('/ValueSet/one/$expand');
    expect([circle.status, circle.json.issue[0]?.diagnostics]).toEqual([
      422,
      expect.stringContaining('urn:one'),
    ]);
  });

  it('what is not loaded is 404 and named; what is not given is 400 and named', async () => {
    const rows: [string, number, string][] = [
      ['/CodeSystem/$lookup?system=http://loinc.org&code=1-8', 404, 'http://loinc.org'],
      ['/CodeSystem/$lookup?system=http://snomed.info/sct&code=1', 404, 'http://snomed.info/sct'],
      [`/CodeSystem/$lookup?system=${gender}&code=zzz`, 404, gender],
      [`/CodeSystem/$lookup?system=${gender}`, 400, 'code'],
      ['/CodeSystem/$lookup?code=x', 400, 'system'],
      ['/ValueSet/$expand', 400, 'url'],
      ['/ValueSet/$expand?url=urn:none', 404, 'urn:none'],
      [`/ValueSet/$expand?url=${genderSet}&count=-1`, 400, 'count'],
      [`/ValueSet/$expand?url=${genderSet}&activeOnly=perhaps`, 400, 'activeOnly'],
      ['/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/observation-codes', 404, 'loinc'],
      [`/ValueSet/$validate-code?url=${genderSet}`, 400, 'code'],
      ['/ConceptMap/$translate?code=M', 400, 'system'],
      ['/ConceptMap/$translate?url=urn:none&system=a&code=M', 404, 'urn:none'],
      [`/CodeSystem/$subsumes?system=${gender}&codeA=male`, 400, 'codeB'],
      ['/ValueSet/nobody/$expand', 404, 'nobody'],
    ];
    for (const [url, status, name] of rows) {
      const answer = await get(url);
      expect([url, answer.status]).toEqual([url, status]);
      expect(answer.json.issue[0]?.diagnostics).toContain(name);
    }
    const bad = await fhir.call('POST', '/ValueSet/$expand', { body: '{' });
    expect(bad.status).toBe(400);
  });

  it('$lookup gives name, version, display, designations and properties', async () => {
    expect(outOf(await get(`/CodeSystem/$lookup?system=${gender}&code=male`))).toMatchObject({
      name: 'AdministrativeGender',
      version: '4.0.1',
      display: 'Male',
    });
    const body = parameters({ 'coding valueCoding': { system: 'urn:colors', code: 'red' } });
    const out = outOf(await fhir.call('POST', '/CodeSystem/$lookup', { body }));
    expect(out).toMatchObject({
      name: 'Colors',
      version: '2',
      display: 'Red',
      designation: { language: 'de', value: 'Rot' },
    });
    expect(out['property']).toContainEqual({
      code: 'child',
      value: 'crimson',
      description: 'Crimson',
    });
    const few = await get('/CodeSystem/$lookup?system=urn:colors&code=crimson&property=parent');
    expect(outOf(few)['property']).toEqual({ code: 'parent', value: 'red', description: 'Red' });
    const v2 = 'http://terminology.hl7.org/CodeSystem/v2-0203';
    expect(outOf(await get(`/CodeSystem/$lookup?system=${v2}&code=MR`))).toMatchObject({
      display: 'Medical record number',
    });
  });

  it('$validate-code of a value set takes code, coding and codeableConcept', async () => {
    const at = '/ValueSet/$validate-code';
    const male = await get(`${at}?url=${genderSet}&system=${gender}&code=male`);
    expect(outOf(male)).toEqual({ result: true, display: 'Male' });
    const check = async (values: Readonly<Record<string, unknown>>) => {
      const body = parameters({ 'url valueUri': genderSet, ...values });
      return outOf(await fhir.call('POST', at, { body }))['result'];
    };
    expect(await check({ 'code valueCode': 'zzz', 'system valueUri': gender })).toBe(false);
    expect(await check({ 'code valueCode': 'male' })).toBe(true);
    expect(await check({ 'coding valueCoding': { system: 'urn:x', code: 'male' } })).toBe(false);
    expect(
      await check({ 'coding valueCoding': { system: gender, code: 'male', display: 'Man' } }),
    ).toBe(false);
    const coding = [
      { system: 'urn:x', code: '1' },
      { system: gender, code: 'male' },
    ];
    expect(await check({ 'codeableConcept valueCodeableConcept': { coding } })).toBe(true);
    const wrong = await get(`${at}?url=${genderSet}&system=${gender}&code=zzz`);
    expect(outOf(wrong)['result']).toBe(false);
    expect(outOf(wrong)['message']).toContain(genderSet);
  });

  it('$validate-code and $subsumes of a code system, by url and by id', async () => {
    const check = async (url: string) => outOf(await get(url))['result'];
    expect(await check(`/CodeSystem/$validate-code?url=${gender}&code=male`)).toBe(true);
    expect(await check('/CodeSystem/colors/$validate-code?code=red')).toBe(true);
    expect(await check('/CodeSystem/colors/$validate-code?code=RED')).toBe(false);
    const relate = async (a: string, b: string) =>
      outOf(await get(`/CodeSystem/colors/$subsumes?codeA=${a}&codeB=${b}`))['outcome'];
    expect(await relate('red', 'flame')).toBe('subsumes');
    expect(await relate('flame', 'red')).toBe('subsumed-by');
    expect(await relate('red', 'red')).toBe('equivalent');
    expect(await relate('red', 'blue')).toBe('not-subsumed');
    const v3 = await get(
      `/CodeSystem/$subsumes?system=${actCode}&codeA=_ActEncounterCode&codeB=IMP`,
    );
    expect(outOf(v3)).toEqual({ outcome: 'subsumes' });
  });

  it('units, languages, media types and currencies are told by their grammar, and not listed', async () => {
    const rows: [string, string, string, boolean][] = [
      ['http://unitsofmeasure.org', 'ucum-units', 'mm[Hg]', true],
      ['http://unitsofmeasure.org', 'ucum-units', 'mmHgg', false],
      ['urn:ietf:bcp:47', 'all-languages', 'de-AT', true],
      ['urn:ietf:bcp:47', 'all-languages', 'de_AT', false],
      ['urn:ietf:bcp:13', 'mimetypes', 'text/plain; charset=UTF-8', true],
      ['urn:ietf:bcp:13', 'mimetypes', 'text', false],
      ['urn:iso:std:iso:4217', 'currencies', 'EUR', true],
      ['urn:iso:std:iso:4217', 'currencies', 'XYZ', false],
    ];
    for (const [system, set, code, result] of rows) {
      const query = `system=${system}&code=${encodeURIComponent(code)}`;
      const url = `http://hl7.org/fhir/ValueSet/${set}`;
      const bySet = await get(`/ValueSet/$validate-code?url=${url}&${query}`);
      const found = (await get(`/CodeSystem/$lookup?${query}`)).status;
      expect([code, outOf(bySet)['result'], found]).toEqual([code, result, result ? 200 : 404]);
      expect((await get(`/ValueSet/$expand?url=${url}`)).json.issue[0]?.code).toBe('too-costly');
    }
  });

  it('$translate goes both ways, says when there is nothing, and falls back as the map says', async () => {
    const at = `/ConceptMap/$translate?url=${maritalMap}`;
    expect(outOf(await get(`${at}&system=urn:a&code=M`))).toEqual({
      result: true,
      match: {
        equivalence: 'wider',
        concept: { system: 'urn:b', code: 'married' },
        source: maritalMap,
      },
    });
    expect(outOf(await get(`${at}&system=urn:b&code=married&reverse=true`))).toMatchObject({
      result: true,
      match: { equivalence: 'narrower', concept: { system: 'urn:a', code: 'M' } },
    });
    expect(outOf(await get(`${at}&system=urn:a&code=X`))).toMatchObject({ result: false });
    expect(outOf(await get(`${at}&system=urn:a&code=Q`))).toMatchObject({
      match: { concept: { code: 'other' }, equivalence: 'inexact' },
    });
    expect(outOf(await get('/ConceptMap/$translate?system=urn:a&code=M'))).toMatchObject({
      result: true,
    });
    const own = await get(
      '/ConceptMap/$translate?url=http://hl7.org/fhir/ConceptMap/cm-administrative-gender-v2' +
        `&system=${gender}&code=female`,
    );
    expect(outOf(own)).toMatchObject({ result: true, match: { concept: { code: 'F' } } });
  });

  it('search takes :in, :not-in, :above and :below of what can be expanded', async () => {
    const observation = (id: string, code: string) =>
      fhir.call('PUT', `/Observation/${id}`, {
        body: {
          resourceType: 'Observation',
          id,
          status: 'final',
          code: { coding: [{ system: 'urn:colors', code }] },
        },
      });
    for (const code of ['red', 'flame', 'blue']) await observation(code, code);
    const warm = {
      ...composed({ system: 'urn:colors', concept: [{ code: 'red' }] }),
      url: 'urn:w',
    };
    await fhir.call('POST', '/ValueSet', { body: warm });
    const search = async (query: string) => {
      const answer = await get(`/Observation?${query}`);
      return answer.status === 200 ? [...idsOf(answer.json)].sort() : answer.status;
    };
    expect(await search('code:in=urn:w')).toEqual(['red']);
    expect(await search('code:not-in=urn:w')).toEqual(['blue', 'flame']);
    expect(await search('code:below=urn:colors|red')).toEqual(['flame', 'red']);
    expect(await search('code:above=urn:colors|flame')).toEqual(['flame', 'red']);
    expect(await search('code:above=urn:colors|blue,urn:colors|red')).toEqual(['blue', 'red']);
    expect(await search('code:below=urn:colors|zzz')).toBe(400);
    expect(await search('code:below=red')).toBe(400);
    expect(await search('code:in=urn:none')).toBe(400);
    expect(await search('code:in=http://hl7.org/fhir/ValueSet/observation-codes')).toBe(400);
  });

  it('is answered within a batch too', async () => {
    const entry = [
      { request: { method: 'GET', url: `ValueSet/$expand?url=${genderSet}&count=1` } },
      { request: { method: 'GET', url: 'CodeSystem/$lookup?system=http://loinc.org&code=1' } },
    ];
    const body = { resourceType: 'Bundle', type: 'batch', entry };
    const { json } = await fhir.call('POST', '/', { body });
    expect(json.entry.map(({ response }) => response.status.slice(0, 3))).toEqual(['200', '404']);
    expect(json.entry[0]?.resource).toMatchObject({ expansion: { contains: [{ code: 'male' }] } });
  });

  it('needs a token, and a role that may read definitions; patients may', async () => {
    const url = `/CodeSystem/$lookup?system=${gender}&code=male`;
    expect((await fhir.call('GET', url, { token: '' })).status).toBe(401);
    for (const token of ['nurse', 'billing', 'app:p1']) {
      expect((await fhir.call('GET', url, { token })).status).toBe(200);
    }
  });
});
