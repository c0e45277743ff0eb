import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFhirApp, stores } from './fhir-app.ts';
import type { CallAnswer, FhirApp } from './fhir-app.ts';
import { idsOf, linkOf } from './shown.ts';

const glucose = { system: 'http://loinc.org', code: '2339-0' };
const local = { system: 'urn:lab', code: 'GLU' };

function observation(id: string, day: number, code: object, more: object = {}) {
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    code,
    subject: { reference: 'Patient/ada' },
    effectiveDateTime: `2026-02-0${day}T08:00:00Z`,
    ...more,
  };
}

const visit = { encounter: { reference: 'Encounter/visit' } };
const stored = [
  { resourceType: 'Practitioner', id: 'doc' },
  { resourceType: 'Patient', id: 'ada', generalPractitioner: [{ reference: 'Practitioner/doc' }] },
  { resourceType: 'Patient', id: 'bob' },
  {
    resourceType: 'Encounter',
    id: 'visit',
    status: 'finished',
    class: { code: 'AMB' },
    subject: { reference: 'Patient/ada' },
    period: { start: '2026-02-02', end: '2026-02-02' },
  },
  observation('g1', 1, { coding: [glucose] }),
  observation('g2', 2, { coding: [glucose, local] }, visit),
  observation('g3', 3, { coding: [local] }),
  observation('t1', 4, { text: 'Mood' }),
  observation('t2', 5, { text: 'mood' }, { performer: [{ reference: 'Practitioner/doc' }] }),
  observation('b1', 6, { coding: [glucose] }, { subject: { reference: 'Patient/bob' } }),
];

describe.each(stores)('operations over compartments on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open);
    for (const body of stored) {
      const { status } = await fhir.call('PUT', `/${body.resourceType}/${body.id}`, { body });
      expect(status).toBe(201);
    }
  });
  afterEach(() => fhir.close());

  const get = (url: string, token = 'admin'): Promise<CallAnswer> =>
    fhir.call('GET', url, { token });
  const idsAt = async (url: string, token?: string): Promise<unknown> => {
    const answer = await get(url, token);
    return answer.status === 200 ? idsOf(answer.json) : answer.status;
  };

  it('$lastn is the newest of each code, where codes with a coding in common are one', async () => {
    expect(await idsAt('/Observation/$lastn?patient=ada')).toEqual(['t2', 'g3']);
    expect(await idsAt('/Observation/$lastn?subject=Patient/ada&max=2')).toEqual([
      't2',
      't1',
      'g3',
      'g2',
    ]);
    expect(await idsAt('/Observation/$lastn?patient=ada&code=2339-0')).toEqual(['g2']);
    expect(await idsAt('/Observation/$lastn?patient=ada&category=none')).toEqual([]);
    const body = {
      resourceType: 'Parameters',
      parameter: [
        { name: 'patient', valueString: 'bob' },
        { name: 'max', valuePositiveInt: 3 },
      ],
    };
    expect(idsOf((await fhir.call('POST', '/Observation/$lastn', { body })).json)).toEqual(['b1']);
  });

  it('$lastn shows no more than a search, and refuses what it does not understand', async () => {
    expect(await idsAt('/Observation/$lastn?patient=ada', 'app:bob')).toEqual([]);
    expect(await idsAt('/Observation/$lastn?patient=bob', 'app:bob')).toEqual(['b1']);
    expect(await idsAt('/Observation/$lastn?patient=ada', 'frontdesk')).toBe(403);
    expect(await idsAt('/Observation/$lastn')).toBe(400);
    for (const query of ['max=0', 'max=-1', 'max=a', 'colour=red']) {
      expect([query, await idsAt(`/Observation/$lastn?patient=ada&${query}`)]).toEqual([
        query,
        400,
      ]);
    }
  });

  it('Patient/$everything takes start and end, and includes what lies outside of the compartment', async () => {
    const all = await get('/Patient/ada/$everything');
    expect([...idsOf(all.json)].sort()).toEqual([
      'ada',
      'doc',
      'g1',
      'g2',
      'g3',
      't1',
      't2',
      'visit',
    ]);
    const modes = all.json.entry.map(({ resource, search }) => `${resource.id} ${search.mode}`);
    expect(modes).toContain('doc include');
    expect(all.json.total).toBe(7);
    expect(await idsAt('/Patient/ada/$everything?start=2026-02-04&_type=Observation')).toEqual([
      'ada',
      't2',
      't1',
      'doc',
    ]);
    expect(await idsAt('/Patient/ada/$everything?end=2026-02-01&_type=Observation')).toEqual([
      'ada',
      'g1',
      'doc',
    ]);
    expect(await idsAt('/Patient/ada/$everything?start=soon')).toBe(400);
    expect(await idsAt('/Patient/ada/$everything?_count=0')).toBe(400);
    expect(await idsAt('/Patient/ada/$everything', 'app:bob')).toBe(404);
    expect(await idsAt('/Patient/ada/$everything?_type=Observation', 'frontdesk')).toEqual([
      'ada',
      'doc',
    ]);
  });

  it('Patient/$everything is walked by sealed links, each resource once', async () => {
    const seen: string[] = [];
    let url: string | undefined = '/Patient/ada/$everything?_count=2';
    let pages = 0;
    while (url !== undefined) {
      const page: CallAnswer = await get(url);
      expect(page.status).toBe(200);
      for (const { resource, search } of page.json.entry) {
        if (search.mode === 'match') seen.push(resource.id);
      }
      const next = linkOf(page.json, 'next');
      expect(next ?? '').not.toContain('_count');
      url = next?.replace('http://weir.test/fhir', '');
      pages++;
    }
    expect(seen.toSorted()).toEqual(['ada', 'g1', 'g2', 'g3', 't1', 't2', 'visit']);
    expect(pages).toBe(4);
    const first = await get('/Patient/ada/$everything?_count=2');
    const link = linkOf(first.json, 'next')?.split('?')[1] ?? '';
    expect((await get(`/Patient/bob/$everything?${link}`)).status).toBe(400);
    expect((await get(`/Patient/ada/$everything?${link}`, 'app:bob')).status).toBe(404);
  });

  it('Patient/$everything of the type is that of all Patients, as far as the caller may see them', async () => {
    const matches = async (query: string, token = 'admin') => {
      const seen: string[] = [];
      for (let url: string | undefined = `/Patient/$everything?${query}`; url !== undefined;) {
        const page: CallAnswer = await get(url, token);
        expect([url, page.status]).toEqual([url, 200]);
        const matched = page.json.entry?.filter(({ search }) => search.mode === 'match') ?? [];
        seen.push(...matched.map(({ resource }) => resource.id));
        url = linkOf(page.json, 'next')?.replace('http://weir.test/fhir', '');
      }
      return seen.toSorted();
    };
    const all = ['ada', 'b1', 'bob', 'g1', 'g2', 'g3', 't1', 't2', 'visit'];
    expect(await matches('')).toEqual(all);
    expect(await matches('_count=2')).toEqual(all);
    expect(await matches('_type=Observation&start=2026-02-04')).toEqual(['b1', 't1', 't2']);
    expect(await matches('', 'app:bob')).toEqual(['b1', 'bob']);
    expect(await matches('', 'frontdesk')).toEqual(['ada', 'bob', 'visit']);
    expect(await idsAt('/Patient/$everything?start=soon')).toBe(400);
    expect((await fhir.call('GET', '/Encounter/$everything')).status).toBe(404);
  });

  it('Encounter/$everything is its compartment, and what that refers to', async () => {
    const all = await get('/Encounter/visit/$everything');
    expect([...idsOf(all.json)].sort()).toEqual(['ada', 'g2', 'visit']);
    expect(await idsAt('/Encounter/visit/$everything', 'app:bob')).toBe(404);
    expect(await idsAt('/Encounter/never/$everything')).toBe(404);
  });
});

const tag = (code: string): object => ({ system: 'urn:t', code });

describe.each(stores)('$meta on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open);
    const meta = { tag: [tag('a')], security: [{ system: 'urn:s', code: 'x' }] };
    await fhir.call('PUT', '/Patient/ada', { body: { resourceType: 'Patient', id: 'ada', meta } });
    const other = { profile: ['urn:p'] };
    await fhir.call('PUT', '/Observation/o', {
      body: observation('o', 1, { text: 'a' }, { meta: other }),
    });
  });
  afterEach(() => fhir.close());

  const valueOf = ({ json }: CallAnswer): unknown =>
    (json.parameter as readonly { valueMeta?: unknown }[] | undefined)?.[0]?.valueMeta;
  const change = (name: string, meta: unknown, options: object = {}) =>
    fhir.call('POST', `/Patient/ada/$meta-${name}`, {
      body: { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: meta }] },
      ...options,
    });

  it('tells the labels of a resource, a type, and the system', async () => {
    expect(valueOf(await fhir.call('GET', '/Patient/ada/$meta'))).toMatchObject({
      versionId: '1',
      tag: [tag('a')],
    });
    expect(valueOf(await fhir.call('GET', '/Patient/$meta'))).toEqual({
      security: [{ system: 'urn:s', code: 'x' }],
      tag: [tag('a')],
    });
    const system = valueOf(await fhir.call('GET', '/$meta'));
    expect(system).toMatchObject({ profile: ['urn:p'], tag: [tag('a')] });
    const desk = valueOf(await fhir.call('GET', '/$meta', { token: 'frontdesk' }));
    expect(desk).not.toHaveProperty('profile');
    expect(valueOf(await fhir.call('GET', '/Patient/$meta', { token: 'app:bob' }))).toBeUndefined();
    expect((await fhir.call('GET', '/Patient/never/$meta')).status).toBe(404);
  });

  it('$meta-add and $meta-delete change the labels alone, as a version', async () => {
    const added = await change('add', { tag: [tag('a'), tag('b')], profile: ['urn:q'] });
    expect([added.status, valueOf(added)]).toMatchObject([
      200,
      { versionId: '2', tag: [tag('a'), tag('b')], profile: ['urn:q'] },
    ]);
    const less = await change('delete', { tag: [tag('a'), tag('z')], profile: ['urn:q'] });
    expect(valueOf(less)).toMatchObject({ versionId: '3', tag: [tag('b')] });
    expect(valueOf(less)).not.toHaveProperty('profile');
    const { json } = await fhir.call('GET', '/Patient/ada');
    expect(json.meta).toMatchObject({ security: [{ code: 'x' }] });
    expect((await fhir.call('GET', '/Patient?_tag=b')).json.total).toBe(1);
    expect((await fhir.call('GET', '/Patient?_tag=a')).json.total).toBe(0);
  });

  it('refuses what is no Meta, other versions, and those who may not write', async () => {
    expect((await change('add', undefined)).status).toBe(422);
    expect((await change('add', { tag: 'a' })).status).toBe(400);
    expect((await change('add', { tag: [] })).status).toBe(400);
    expect((await change('add', { colour: 'a' })).status).toBe(400);
    const stale = { headers: { 'if-match': 'W/"9"' } };
    expect((await change('add', { tag: [tag('b')] }, stale)).status).toBe(412);
    expect((await change('add', { tag: [tag('b')] }, { token: 'analyst' })).status).toBe(403);
    expect((await change('add', { tag: [tag('b')] }, { token: 'app:bob' })).status).toBe(404);
    expect((await fhir.call('GET', '/Patient/ada')).json.meta.versionId).toBe('1');
  });
});
