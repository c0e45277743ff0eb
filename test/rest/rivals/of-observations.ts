import { bundle, entry } from './bundle.ts';
import { added, asPatch } from './patches.ts';
import type { Requests } from './world.ts';

/** What may be asked of observations, by those who are confined to one patient and by others. */
export const ofObservations: Requests = {
  'an update by the patient': (w) => ({
    method: 'PUT',
    url: `/Observation/${w.id('o')}`,
    body: { id: w.id('o'), ...w.observation('o', w.of('a'), { status: 'amended' }) },
    token: `app:${w.id('a')}`,
  }),
  'a patch by the patient': (w) => ({
    method: 'PATCH',
    url: `/Observation/${w.id('o')}`,
    body: added('/note', [{ text: 'mine' }]),
    headers: asPatch,
    token: `app:${w.id('a')}`,
  }),
  'a deletion by the patient': (w) => ({
    method: 'DELETE',
    url: `/Observation/${w.id('o')}`,
    token: `integration:${w.id('a')}`,
  }),
  'a conditional update by the patient': (w) => ({
    method: 'PUT',
    url: `/Observation?identifier=urn:o|${w.id('o')}`,
    body: w.observation('o', w.of('a'), { status: 'amended' }),
    token: `app:${w.id('a')}`,
  }),
  'a conditional patch by the patient': (w) => ({
    method: 'PATCH',
    url: `/Observation?identifier=urn:o|${w.id('o')}`,
    body: added('/note', [{ text: 'mine' }]),
    headers: asPatch,
    token: `app:${w.id('a')}`,
  }),
  'a conditional delete by the patient': (w) => ({
    method: 'DELETE',
    url: `/Observation?identifier=urn:o|${w.id('o')}`,
    token: `integration:${w.id('a')}`,
  }),
  'a conditional create by the patient': (w) => ({
    method: 'POST',
    url: '/Observation',
    body: w.observation('n', w.of('a')),
    headers: { 'if-none-exist': `identifier=urn:o|${w.id('n')}` },
    token: `app:${w.id('a')}`,
  }),
  'a creation by update by the patient': (w) => ({
    method: 'PUT',
    url: `/Observation/${w.id('n')}`,
    body: { id: w.id('n'), ...w.observation('n', w.of('a')) },
    headers: { 'if-none-match': '*' },
    token: `app:${w.id('a')}`,
  }),
  'a transaction by the patient': (w) => ({
    ...bundle(
      'transaction',
      entry('PUT', `Observation/${w.id('o')}`, {
        id: w.id('o'),
        ...w.observation('o', w.of('a'), { status: 'amended' }),
      }),
    ),
    token: `app:${w.id('a')}`,
  }),
  'a transaction with a deletion by the patient': (w) => ({
    ...bundle('transaction', entry('DELETE', `Observation/${w.id('o')}`)),
    token: `integration:${w.id('a')}`,
  }),
  'a conditional create by another': (w) => ({
    method: 'POST',
    url: '/Observation',
    body: w.observation('n', w.of('a'), { status: 'amended' }),
    headers: { 'if-none-exist': `identifier=urn:o|${w.id('n')}` },
  }),
  'a conditional create about another': (w) => ({
    method: 'POST',
    url: '/Observation',
    body: w.observation('n', w.of('b')),
    headers: { 'if-none-exist': `identifier=urn:o|${w.id('n')}` },
    token: `app:${w.id('b')}`,
  }),
  'an update that gives it to another': (w) => ({
    method: 'PUT',
    url: `/Observation/${w.id('o')}`,
    body: { id: w.id('o'), ...w.observation('o', w.of('b')) },
  }),
  'a patch that gives it to another': (w) => ({
    method: 'PATCH',
    url: `/Observation/${w.id('o')}`,
    body: [{ op: 'replace', path: '/subject/reference', value: w.of('b') }],
    headers: asPatch,
  }),
  'a creation by update about another': (w) => ({
    method: 'PUT',
    url: `/Observation/${w.id('n')}`,
    body: { id: w.id('n'), ...w.observation('n', w.of('b')) },
  }),
  'a deletion': (w) => ({ method: 'DELETE', url: `/Observation/${w.id('o')}` }),
};
