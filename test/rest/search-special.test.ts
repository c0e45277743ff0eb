import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';
import { idsOf, linkOf } from './shown.ts';

const xhtml = 'http://www.w3.org/1999/xhtml';

const world: readonly { readonly resourceType: string; readonly id: string }[] = [
  told('ada', '<p>Heart <b>at</b>tack, <i>m&uuml;de</i> &#233;t&eacute;</p><p>Straße</p>'),
  told('bob', '<table><tr><td>heart</td><td>failure</td></tr></table>', 'Rose'),
  told('eva', 'fine &amp; well, 5 mg', 'Rosen'),
  { resourceType: 'Patient', id: 'nil' },
  list('l1', ['Patient/ada', 'Patient/bob', 'Observation/o1']),
  list('l2', ['Patient/eva'], ['Patient/bob']),
  list('l3', []),
  observed('o1'),
];

function told(id: string, text: string, family = '') {
  const div = `<div xmlns="${xhtml}">${text}</div>`;
  const name = family === '' ? {} : { name: [{ family }] };
  return { resourceType: 'Patient', id, text: { status: 'generated', div }, ...name };
}

function observed(id: string) {
  const subject = { reference: 'Patient/bob' };
  return { resourceType: 'Observation', id, status: 'final', code: { text: 'x' }, subject };
}

function list(id: string, items: readonly string[], deleted: readonly string[] = []) {
  const entry = [
    ...items.map((reference) => ({ item: { reference } })),
    ...deleted.map((reference) => ({ deleted: true, item: { reference } })),
  ];
  const entries = entry.length === 0 ? {} : { entry };
  return { resourceType: 'List', id, status: 'current', mode: 'changes', ...entries };
}

/** Search, ids. */
const found: readonly (readonly [url: string, ids: string])[] = [
  ['/Patient?_text=heart', 'ada bob'],
  ['/Patient?_text=HEART attack', 'ada'],
  ['/Patient?_text=attack heart', 'ada'],
  ['/Patient?_text=failure,well', 'bob eva'],
  ['/Patient?_text=heartfailure', ''],
  ['/Patient?_text=at', ''],
  ['/Patient?_text=att*', 'ada'],
  ['/Patient?_text=mude ete strasse', 'ada'],
  ['/Patient?_text=5', 'eva'],
  ['/Patient?_text=amp', ''],
  ['/Patient?_text=xmlns', ''],
  ['/Patient?_text=heart&_text=attack', 'ada'],
  ['/Patient?_text:missing=true', 'nil'],
  ['/Observation?subject:Patient._text=failure', 'o1'],
  ['/Patient?_filter=_text co "heart attack" or _text co well', 'ada eva'],
  ['/Patient?_list=l1', 'ada bob'],
  ['/Patient?_list=l2', 'eva'],
  ['/Patient?_list=l1&_text=attack', 'ada'],
  ['/Patient?_list=l1,l2', 'ada bob eva'],
  ['/Patient?_list=l1&_list=l2', ''],
  ['/Patient?_list=l3', ''],
  ['/Patient?_list=nothing', ''],
  ['/?_list=l1', 'ada bob o1'],
  ['/?_type=Observation,Patient&_list=l2', 'eva'],
  ['/Patient?_contained=false&_containedType=container&_id=ada', 'ada'],
  ['/Patient?_total=estimate&_id=ada', 'ada'],
];

const refused = [
  '/Patient?_text=-',
  '/Patient?_text:exact=heart',
  '/Patient?_content=-',
  '/Patient?_content:missing=true',
  '/Patient?_sort=_content',
  '/Patient?_sort=_text',
  '/Patient?_list=$current-problems',
  '/Patient?_list=a b',
  '/Patient?_containedType=all',
  '/Patient?_query=mine',
];

/** Where there is no index, the bodies are read: not on MongoDB. */
const anywhere: readonly (readonly [url: string, ids: string])[] = [
  ['/Patient?_content=heart', 'ada bob'],
  ['/Patient?_content=failure ROSE', 'bob'],
  ['/Patient?_content=rose*', 'bob eva'],
  ['/Patient?_content=muede,well', 'eva'],
  ['/Patient?_content=mude', 'ada'],
  ['/Patient?_content=resourceType', ''],
  ['/Patient?_content=xmlns', ''],
  ['/Patient?_content=heart&_text=attack', 'ada'],
  ['/Patient?_content=heart&_id=bob', 'bob'],
  ['/Observation?subject:Patient._content=rose', 'o1'],
  ['/Observation?_content=bob', 'o1'],
  ['/Patient?_filter=not (_content co heart)', 'eva nil'],
];

describe.each(stores)('parameters of every type on %s', (name, open) => {
  let fhir: FhirApp;
  beforeAll(async () => {
    fhir = await openFhirApp(open);
    for (const body of world) {
      const answer = await fhir.call('PUT', `/${body.resourceType}/${body.id}`, { body });
      expect([body.id, answer.status, answer.status === 201 ? '' : answer.text]).toEqual([
        body.id,
        201,
        '',
      ]);
    }
  });
  afterAll(() => fhir.close());

  const search = async (url: string, token = 'admin') => {
    const { status, json } = await fhir.call('GET', encodeURI(url), { token });
    return status === 200 ? idsOf(json).toSorted().join(' ') : JSON.stringify(json);
  };

  it('_text finds by the words of the narrative, _list by what a List has now', async () => {
    for (const [url, ids] of found) expect([url, await search(url)]).toEqual([url, ids]);
  });

  it('_content finds by any text, or is refused where the store cannot', async () => {
    for (const [url, ids] of anywhere) {
      const { status, json } = await fhir.call('GET', encodeURI(url));
      if (name === 'mongodb') {
        expect([url, status, json.issue[0]?.diagnostics]).toEqual([
          url,
          400,
          '_content is not offered on MongoDB; _text is',
        ]);
      } else expect([url, status, idsOf(json).toSorted().join(' ')]).toEqual([url, 200, ids]);
    }
  });

  it('what is not offered is refused by name', async () => {
    for (const url of refused) {
      const { status, json } = await fhir.call('GET', encodeURI(url));
      expect([url, status]).toEqual([url, 400]);
      expect(json.issue[0]?.diagnostics).toMatch(/_text|_content|_list|_contained|_query|_sort/);
    }
  });

  it('_list shows no more than the caller may read of Lists', async () => {
    expect(await search('/Patient?_list=l1', 'billing')).toContain('forbidden');
    expect(await search('/Patient?_list=l1', 'app:ada')).toBe('');
  });

  it('B52 what is changed or deleted is found by its words and Lists no more', async () => {
    const body = told('gone', 'ephemeral words');
    await fhir.call('PUT', '/Patient/gone', { body });
    expect(await search('/Patient?_text=ephemeral')).toBe('gone');
    await fhir.call('PUT', '/Patient/gone', { body: told('gone', 'other words') });
    expect(await search('/Patient?_text=ephemeral')).toBe('');
    expect(await search('/Patient?_text=other')).toBe('gone');
    await fhir.call('PUT', '/List/l4', { body: list('l4', ['Patient/gone']) });
    expect(await search('/Patient?_list=l4')).toBe('gone');
    await fhir.call('DELETE', '/Patient/gone');
    expect(await search('/Patient?_text=words')).toBe('');
    expect(await search('/Patient?_list=l4')).toBe('');
    await fhir.call('PUT', '/List/l4', { body: list('l4', ['Patient/ada']) });
    expect(await search('/Patient?_list=l4')).toBe('ada');
    await fhir.call('DELETE', '/List/l4');
    expect(await search('/Patient?_list=l4')).toBe('');
  });

  it('B55 a page that is larger than offered is cut, which self and a warning say', async () => {
    const { json } = await fhir.call('GET', '/Patient?_count=99999&_id=ada');
    expect(linkOf(json, 'self')).toMatch(/_count=1000&_id=ada$/);
    expect(json.entry.map((entry) => entry.search.mode)).toEqual(['match', 'outcome']);
    const { json: fitting } = await fhir.call('GET', '/Patient?_count=1000&_id=ada');
    expect(fitting.entry).toHaveLength(1);
  });
});
