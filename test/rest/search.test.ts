import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { baseUrl, openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';
import { idsOf, linkOf } from './shown.ts';
import type { Shown } from './shown.ts';

const form = { 'content-type': 'application/x-www-form-urlencoded' };
const strict = { prefer: 'handling=strict' };

describe.each(stores)('search on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open);
    await Promise.all(people.map((body) => fhir.call('PUT', `/Patient/${body.id}`, { body })));
    for (const [i, subject] of ['ada', 'ada', 'bob'].entries()) {
      const id = `o${String(i)}`;
      const body = {
        resourceType: 'Observation',
        id,
        status: 'final',
        code: { coding: [{ system: 'http://loinc.org', code: `c${String(i)}` }] },
        subject: { reference: `Patient/${subject}` },
      };
      await fhir.call('PUT', `/Observation/${id}`, { body });
    }
  });
  afterEach(() => fhir.close());

  const find = (url: string, headers: Record<string, string> = {}) =>
    fhir.call('GET', url, { headers });
  const ids = async (url: string) => idsOf((await find(url)).json).toSorted();
  const followed = (url: string): string => url.slice(baseUrl.length);

  it('B37 repeats are AND, commas OR, an empty value is no condition', async () => {
    expect(await ids('/Patient?given=ada&given=augusta')).toEqual(['ada']);
    expect(await ids('/Patient?given=ada,bob')).toEqual(['ada', 'bob']);
    expect(await ids('/Patient?given=')).toHaveLength(3);
  });

  it('B38 an unknown parameter is ignored and not in self; strict is 400; modifiers always', async () => {
    const lenient = await find('/Patient?nonsense=1&gender=female');
    expect(lenient.status).toBe(200);
    expect(linkOf(lenient.json, 'self')).toBe(`${baseUrl}/Patient?gender=female&_count=20`);
    expect(await find('/Patient?nonsense=1', strict)).toMatchObject({ status: 400 });
    expect(await find('/Patient?gender:near=1')).toMatchObject({ status: 400 });
    expect(await find('/Patient', { prefer: 'handling=maybe' })).toMatchObject({ status: 400 });
  });

  it('B39 B42 B43 B44 tokens, strings, references and dates find what they should', async () => {
    expect(await ids('/Patient?identifier=urn:mrn|1')).toEqual(['ada']);
    expect(await ids('/Patient?identifier=|1')).toEqual([]);
    expect(await ids('/Patient?family=muller')).toEqual(['eva']);
    expect(await ids('/Observation?subject=ada')).toEqual(['o0', 'o1']);
    expect(await ids(`/Observation?subject=${baseUrl}/Patient/bob`)).toEqual(['o2']);
    expect(await ids('/Patient?birthdate=ge1990')).toEqual(['bob', 'eva']);
  });

  it('B52 a deleted resource is found no more', async () => {
    await fhir.call('DELETE', '/Patient/ada');
    expect(await ids('/Patient')).toEqual(['bob', 'eva']);
    expect(await ids('/Patient?gender:not=male')).toEqual(['eva']);
  });

  it('B53 POST _search is the same search; self is its GET form', async () => {
    const answer = await fhir.call('POST', '/Patient/_search', {
      body: 'family=M%C3%BCller&_count=5',
      headers: form,
    });
    expect(idsOf(answer.json)).toEqual(['eva']);
    expect(linkOf(answer.json, 'self')).toBe(`${baseUrl}/Patient?family=M%C3%BCller&_count=5`);
  });

  it('B53 next links are sealed: no search value in clear, no change taken', async () => {
    const first = await find('/Patient?birthdate=gt1800-01-01&_count=1&_sort=family');
    const next = linkOf(first.json, 'next') ?? '';
    expect(next).toMatch(/\/Patient\?_page=[\w-]+$/);
    const token = next.split('_page=')[1] ?? '';
    expect(Buffer.from(token, 'base64url').toString('latin1')).not.toMatch(/1800|lovelace|birth/);
    for (const bad of [`${token.slice(0, -2)}AA`, 'x', '', token.slice(20)]) {
      expect(await find(`/Patient?_page=${bad}`)).toMatchObject({ status: 400 });
    }
    expect(await find(`/Observation?_page=${token}`)).toMatchObject({ status: 400 });
    expect(await find(followed(next))).toMatchObject({ status: 200 });
  });

  it('B54 total counts matches, the same on every page; _total=none leaves it out', async () => {
    const totals: number[] = [];
    let url: string | undefined = '/Observation?_count=1&_include=Observation:subject';
    while (url !== undefined) {
      const { json } = await find(url);
      totals.push(json.total);
      const next = linkOf(json, 'next');
      url = next === undefined ? undefined : followed(next);
    }
    expect(totals).toEqual([3, 3, 3]);
    expect((await find('/Patient?_total=none')).json.total).toBeUndefined();
    expect(await find('/Patient?_total=bogus')).toMatchObject({ status: 400 });
  });

  it('B55 _count=0 is _summary=count; too many is cut and said; nonsense is 400', async () => {
    for (const url of ['/Patient?_count=0', '/Patient?_summary=count']) {
      const { json } = await find(url);
      expect([json.total, json.entry, linkOf(json, 'next')]).toEqual([3, undefined, undefined]);
    }
    const { json } = await find('/Patient?_count=5000');
    expect(linkOf(json, 'self')).toBe(`${baseUrl}/Patient?_count=1000`);
    for (const count of ['-1', 'NaN', '1.5', 'x']) {
      expect(await find(`/Patient?_count=${count}`)).toMatchObject({ status: 400 });
    }
  });

  it('B56 includes come once, as include, matches as match; dangling ones are passed over', async () => {
    await fhir.call('DELETE', '/Patient/bob');
    const { json } = await find('/Observation?_include=Observation:subject');
    const modes = json.entry.map((entry) => [entry.resource.id, entry.search.mode]);
    expect(modes).toEqual([
      ['o0', 'match'],
      ['o1', 'match'],
      ['o2', 'match'],
      ['ada', 'include'],
    ]);
    const back = await find('/Patient?_id=ada&_revinclude=Observation:subject');
    expect(idsOf(back.json).toSorted()).toEqual(['ada', 'o0', 'o1']);
    expect(back.json.total).toBe(1);
  });

  it('B57 _include=* takes every reference, an iterated include ends on cycles', async () => {
    const all = await find('/Observation?_id=o2&_include=*');
    expect(idsOf(all.json)).toEqual(['o2', 'bob']);
    const cycle = (id: string, other: string) =>
      fhir.call('PUT', `/Patient/${id}`, {
        body: {
          resourceType: 'Patient',
          id,
          link: [{ other: { reference: `Patient/${other}` }, type: 'seealso' }],
        },
      });
    await cycle('x', 'y');
    await cycle('y', 'z');
    await cycle('z', 'x');
    const { json } = await find('/Patient?_id=x&_include:iterate=Patient:link');
    expect(idsOf(json).toSorted()).toEqual(['x', 'y', 'z']);
    const once = await find('/Patient?_id=x&_include=Patient:link');
    expect(idsOf(once.json).toSorted()).toEqual(['x', 'y']);
  });

  it('B58 sorts by an indexed parameter, both ways', async () => {
    const names = async (sort: string) => idsOf((await find(`/Patient?_sort=${sort}`)).json);
    expect(await names('birthdate')).toEqual(['ada', 'bob', 'eva']);
    expect(await names('-birthdate')).toEqual(['eva', 'bob', 'ada']);
  });

  it('B59 _elements and _summary answer a part, tagged SUBSETTED', async () => {
    const shown = async (url: string): Promise<Partial<Shown>> =>
      (await find(url)).json.entry[0]?.resource ?? {};
    const part = await shown('/Observation?_id=o0&_elements=subject');
    const kept = ['code', 'id', 'meta', 'resourceType', 'status', 'subject'];
    expect(Object.keys(part).sort()).toEqual(kept);
    expect(part.meta?.tag[0]?.code).toBe('SUBSETTED');
    const text = await shown('/Patient?_id=ada&_summary=text');
    expect([text.name, text.text?.div]).toEqual([undefined, expect.stringContaining('Ada')]);
    const data = await shown('/Patient?_id=ada&_summary=data');
    expect([data.text, data.name?.[0]?.family]).toEqual([undefined, 'Lovelace']);
    const summary = await shown('/Patient?_id=ada&_summary=true');
    expect([summary.text, summary.maritalStatus]).toEqual([undefined, undefined]);
    expect(summary.name?.[0]?.family).toBe('Lovelace');
  });

  it('B60 a page walk sees what existed throughout exactly once', async () => {
    const seen: string[] = [];
    let url: string | undefined = '/Patient?_count=1';
    while (url !== undefined) {
      const { json } = await find(url);
      seen.push(...idsOf(json));
      const id = `late-${String(seen.length)}`;
      await fhir.call('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id } });
      const next = linkOf(json, 'next');
      url = next === undefined || seen.length > 9 ? undefined : followed(next);
    }
    expect(seen.filter((id) => !id.startsWith('late')).sort()).toEqual(['ada', 'bob', 'eva']);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('B61 no match is an empty searchset, a bad value 400', async () => {
    const { status, json } = await find('/Patient?family=nobody');
    expect([status, json.type, json.total, json.entry]).toEqual([200, 'searchset', 0, undefined]);
    expect(await find('/Patient?birthdate=notadate')).toMatchObject({ status: 400 });
  });

  it('B62 a compartment search stays inside; a type that is in none is 404', async () => {
    expect(await ids('/Patient/ada/Observation')).toEqual(['o0', 'o1']);
    expect(await ids('/Patient/ada/Observation?code=c1')).toEqual(['o1']);
    expect(await find('/Patient/ada/Organization')).toMatchObject({ status: 404 });
    expect(await find('/Patient/nobody/Observation')).toMatchObject({ status: 404 });
    const { json } = await find('/Patient/ada/Observation?_count=1');
    const next = followed(linkOf(json, 'next') ?? '');
    expect(await ids(next)).toHaveLength(1);
  });

  it('searches several types by _type, and asks for it', async () => {
    expect(await ids('/?_type=Patient,Observation&_count=50')).toHaveLength(6);
    expect(await find('/')).toMatchObject({ status: 400 });
    expect(await find('/?_type=Nonsense')).toMatchObject({ status: 400 });
  });

  it('entries are the stored text, with absolute fullUrl', async () => {
    const { json } = await find('/Patient?_id=ada');
    expect(json.entry[0]?.fullUrl).toBe(`${baseUrl}/Patient/ada`);
    expect(json.entry[0]?.resource).toEqual((await find('/Patient/ada')).json);
  });
});

const people = [
  {
    resourceType: 'Patient',
    id: 'ada',
    text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">Ada</div>' },
    identifier: [{ system: 'urn:mrn', value: '1' }],
    name: [{ family: 'Lovelace', given: ['Ada', 'Augusta'] }],
    gender: 'female',
    birthDate: '1815-12-10',
    maritalStatus: { text: 'married' },
  },
  {
    resourceType: 'Patient',
    id: 'bob',
    name: [{ family: 'Stone', given: ['Bob'] }],
    gender: 'male',
    birthDate: '1990-01-01',
  },
  {
    resourceType: 'Patient',
    id: 'eva',
    name: [{ family: 'Müller', given: ['Eva'] }],
    gender: 'female',
    birthDate: '2001-02-03',
  },
];
