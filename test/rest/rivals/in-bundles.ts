import { bundle, entry } from './bundle.ts';
import { born, phone } from './patches.ts';
import type { Requests } from './world.ts';

const man = { gender: 'male' };
/** How a JSON Patch comes in a Bundle. */
function binary(patch: unknown): object {
  const data = Buffer.from(JSON.stringify(patch)).toString('base64');
  return { resourceType: 'Binary', contentType: 'application/json-patch+json', data };
}

const urn = 'urn:uuid:00000000-0000-4000-8000-000000000001';
const pinned = `${urn}/_history/1`;

/** The same in Bundles. */
export const inBundles: Requests = {
  'a batch with a conditional update': (w) =>
    bundle('batch', entry('PUT', `Patient?${w.having('1')}`, w.patient('1', man))),
  'a transaction with an update': (w) =>
    bundle(
      'transaction',
      entry('PUT', w.of('a'), { id: w.id('a'), ...w.patient('1', man) }, { fullUrl: urn }),
      entry('POST', 'Observation', w.observation('n', urn)),
    ),
  'a transaction with an update with If-Match, pinned': (w) =>
    bundle(
      'transaction',
      entry(
        'PUT',
        w.of('a'),
        { id: w.id('a'), ...w.patient('1', man) },
        { fullUrl: urn, ifMatch: 'W/"1"' },
      ),
      entry('POST', 'Observation', w.observation('n', pinned)),
    ),
  'a transaction with an update with If-Match of any': (w) =>
    bundle(
      'transaction',
      entry('PUT', w.of('a'), { id: w.id('a'), ...w.patient('1', man) }, { ifMatch: '*' }),
    ),
  'a transaction with an update, pinned': (w) =>
    bundle(
      'transaction',
      entry('PUT', w.of('a'), { id: w.id('a'), ...w.patient('1', man) }, { fullUrl: urn }),
      entry('POST', 'Observation', w.observation('n', pinned)),
    ),
  'a transaction with a creation by update with If-None-Match, pinned': (w) =>
    bundle(
      'transaction',
      entry(
        'PUT',
        w.of('c'),
        { id: w.id('c'), ...w.patient('3') },
        { fullUrl: urn, ifNoneMatch: '*' },
      ),
      entry('POST', 'Observation', w.observation('n', pinned)),
    ),
  'a transaction with a patch': (w) =>
    bundle(
      'transaction',
      entry('PATCH', w.of('a'), binary(phone)),
      entry('POST', 'Observation', w.observation('n', w.of('a'))),
    ),
  'a transaction with a patch, pinned': (w) =>
    bundle(
      'transaction',
      entry('PATCH', w.of('a'), binary(phone), { fullUrl: urn }),
      entry('POST', 'Observation', w.observation('n', pinned)),
    ),
  'a transaction with a conditional patch': (w) =>
    bundle('transaction', entry('PATCH', `Patient?${w.having('1')}`, born)),
  'a transaction with a conditional patch with If-Match': (w) =>
    bundle('transaction', entry('PATCH', `Patient?${w.having('1')}`, born, { ifMatch: 'W/"2"' })),
  'a transaction with a deletion': (w) =>
    bundle(
      'transaction',
      entry('DELETE', w.of('a')),
      entry('PUT', w.of('b'), { id: w.id('b'), ...w.patient('1') }),
    ),
  'a transaction with a conditional delete': (w) =>
    bundle(
      'transaction',
      entry('DELETE', `Patient?${w.having('1')}`),
      entry('POST', 'Observation', w.observation('n', w.of('b'))),
    ),
  'a transaction with a conditional delete with If-Match': (w) =>
    bundle(
      'transaction',
      entry('DELETE', `Patient?${w.having('1')}`, undefined, { ifMatch: 'W/"1"' }),
    ),
  'a transaction with a conditional create': (w) =>
    bundle(
      'transaction',
      entry('POST', 'Patient', w.patient('3', man), { fullUrl: urn, ifNoneExist: w.having('3') }),
      entry('POST', 'Observation', w.observation('n', urn)),
    ),
  'a transaction with a conditional create that finds': (w) =>
    bundle(
      'transaction',
      entry('POST', 'Patient', w.patient('1', man), { fullUrl: urn, ifNoneExist: w.having('1') }),
      entry('POST', 'Observation', w.observation('n', urn)),
    ),
  'a transaction with a conditional update': (w) =>
    bundle(
      'transaction',
      entry('PUT', `Patient?${w.having('1')}`, w.patient('1', man), { fullUrl: urn }),
      entry('POST', 'Observation', w.observation('n', pinned)),
    ),
  'a transaction with a conditional update with If-Match, pinned': (w) =>
    bundle(
      'transaction',
      entry('PUT', `Patient?${w.having('1')}`, w.patient('1', man), {
        fullUrl: urn,
        ifMatch: 'W/"1"',
      }),
      entry('POST', 'Observation', w.observation('n', pinned)),
    ),
  'a transaction with a conditional update that creates': (w) =>
    bundle(
      'transaction',
      entry('PUT', `Patient?${w.having('3')}`, w.patient('3', man), { fullUrl: urn }),
      entry('POST', 'Observation', w.observation('n', urn)),
    ),
  'a transaction with a conditional update that creates under an id, pinned': (w) =>
    bundle(
      'transaction',
      entry(
        'PUT',
        `Patient?${w.having('3')}`,
        { id: w.id('c'), ...w.patient('3', man) },
        { fullUrl: urn },
      ),
      entry('POST', 'Observation', w.observation('n', pinned)),
    ),
  'a transaction with a conditional reference': (w) =>
    bundle(
      'transaction',
      entry('POST', 'Observation', w.observation('n', `Patient?${w.having('1')}`)),
    ),
};
