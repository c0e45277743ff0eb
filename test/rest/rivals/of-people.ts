import { asPatch, born, phone } from './patches.ts';
import type { Requests, World } from './world.ts';

const man = { gender: 'male' };
const renumbered = (world: World) => [
  { op: 'replace', path: '/identifier/0/value', value: world.id('9') },
];
const labels = (code: string) => ({
  resourceType: 'Parameters',
  parameter: [{ name: 'meta', valueMeta: { tag: [{ code }] } }],
});
const ifMatch = (tag: string) => ({ 'if-match': tag });
const first = ifMatch('W/"1"');

/** What may be asked of people, by what it is. */
export const ofPeople: Requests = {
  'an update': (w) => ({
    method: 'PUT',
    url: `/${w.of('a')}`,
    body: { id: w.id('a'), ...w.patient('1', man) },
  }),
  'an update that gives another number': (w) => ({
    method: 'PUT',
    url: `/${w.of('a')}`,
    body: { id: w.id('a'), ...w.patient('9') },
  }),
  'an update with If-Match': (w) => ({
    method: 'PUT',
    url: `/${w.of('a')}`,
    body: { id: w.id('a'), ...w.patient('1', man) },
    headers: first,
  }),
  'an update with If-Match of a list': (w) => ({
    method: 'PUT',
    url: `/${w.of('a')}`,
    body: { id: w.id('a'), ...w.patient('1', man) },
    headers: ifMatch('W/"1", W/"2"'),
  }),
  'an update with If-None-Match of a version': (w) => ({
    method: 'PUT',
    url: `/${w.of('a')}`,
    body: { id: w.id('a'), ...w.patient('1', man) },
    headers: { 'if-none-match': 'W/"2"' },
  }),
  'a creation by update': (w) => ({
    method: 'PUT',
    url: `/${w.of('c')}`,
    body: { id: w.id('c'), ...w.patient('3') },
  }),
  'a creation by update with If-None-Match': (w) => ({
    method: 'PUT',
    url: `/${w.of('c')}`,
    body: { id: w.id('c'), ...w.patient('3', man) },
    headers: { 'if-none-match': '*' },
  }),
  'a JSON Patch': (w) => ({ method: 'PATCH', url: `/${w.of('a')}`, body: phone, headers: asPatch }),
  'a JSON Patch that gives another number': (w) => ({
    method: 'PATCH',
    url: `/${w.of('a')}`,
    body: renumbered(w),
    headers: asPatch,
  }),
  'a JSON Patch with If-Match': (w) => ({
    method: 'PATCH',
    url: `/${w.of('a')}`,
    body: phone,
    headers: { ...asPatch, ...first },
  }),
  'a JSON Patch with If-Match of any': (w) => ({
    method: 'PATCH',
    url: `/${w.of('a')}`,
    body: phone,
    headers: { ...asPatch, ...ifMatch('*') },
  }),
  'a FHIRPath Patch': (w) => ({ method: 'PATCH', url: `/${w.of('a')}`, body: born }),
  'a deletion': (w) => ({ method: 'DELETE', url: `/${w.of('a')}` }),
  'a deletion with If-Match': (w) => ({ method: 'DELETE', url: `/${w.of('a')}`, headers: first }),
  'a creation with the same number': (w) => ({
    method: 'POST',
    url: '/Patient',
    body: w.patient('1'),
  }),
  'a creation with a new number': (w) => ({
    method: 'POST',
    url: '/Patient',
    body: w.patient('3'),
  }),
  'a conditional create that finds': (w) => ({
    method: 'POST',
    url: '/Patient',
    body: w.patient('1', man),
    headers: { 'if-none-exist': w.having('1') },
  }),
  'a conditional create': (w) => ({
    method: 'POST',
    url: '/Patient',
    body: w.patient('3', man),
    headers: { 'if-none-exist': w.having('3') },
  }),
  'a conditional update that finds': (w) => ({
    method: 'PUT',
    url: `/Patient?${w.having('1')}`,
    body: w.patient('1', man),
  }),
  'a conditional update that finds, with If-Match': (w) => ({
    method: 'PUT',
    url: `/Patient?${w.having('1')}`,
    body: w.patient('1', man),
    headers: ifMatch('W/"2"'),
  }),
  'a conditional update that creates': (w) => ({
    method: 'PUT',
    url: `/Patient?${w.having('3')}`,
    body: w.patient('3', man),
  }),
  'a conditional update that creates under an id': (w) => ({
    method: 'PUT',
    url: `/Patient?${w.having('3')}`,
    body: { id: w.id('c'), ...w.patient('3', { active: true }) },
  }),
  'a conditional patch': (w) => ({
    method: 'PATCH',
    url: `/Patient?${w.having('1')}`,
    body: phone,
    headers: asPatch,
  }),
  'a conditional patch with If-Match': (w) => ({
    method: 'PATCH',
    url: `/Patient?${w.having('1')}`,
    body: phone,
    headers: { ...asPatch, ...ifMatch('W/"2"') },
  }),
  'a conditional delete': (w) => ({ method: 'DELETE', url: `/Patient?${w.having('1')}` }),
  'a conditional delete with If-Match': (w) => ({
    method: 'DELETE',
    url: `/Patient?${w.having('1')}`,
    headers: first,
  }),
  'labels given': (w) => ({ method: 'POST', url: `/${w.of('a')}/$meta-add`, body: labels('new') }),
  'labels taken': (w) => ({
    method: 'POST',
    url: `/${w.of('a')}/$meta-delete`,
    body: labels('old'),
  }),
};
