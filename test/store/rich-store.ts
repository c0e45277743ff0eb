import { extractIndex } from '../../src/fhir/search-extract.ts';
import { parseJson } from '../../src/fhir/json.ts';
import type { IdentifiedResource } from '../../src/fhir/resource.ts';
import { indexStateKey, writeIndexState } from '../../src/store/index-state.ts';
import { registeredIndexing } from '../../src/store/reindex.ts';
import type { Change, Store } from '../../src/store/store.ts';
import { at, commit, journalEntry, remove } from '../contract/store-fixture.ts';

/** Some of everything that a store can hold, as a site would have written it. */
export async function fillStore(store: Store): Promise<void> {
  for (let n = 0; n < 12; n++) {
    await commit(store, [putText(patient(n, 1)), putText(observation(n))], {
      now: at(n),
      origin: n % 2 === 0 ? 'feed:ehr' : 'rest',
      claims: [{ key: `mrn|${n}\u{1F600}`, owner: `Patient/p${n}` }],
      audit: [{ event: `{"n":${n}}` }, { event: '{"text":"Ärztin 漢"}' }],
    });
  }
  await store.journal.append(
    journalEntry('j1', {
      ...{ bytes: bytesOf(70_000), receivedAt: at(20) },
      ...{ fields: ['PID-3=1', 'MSH-4=MERCY'], notes: '[]' },
    }),
  );
  await commit(store, [putText(patient(3, 2)), remove('p4')], {
    now: at(30),
    origin: 'rule:x',
    sources: [view('ehr', 'p3', 1), view('lab', 'p3', 2), view('lab', 'p5', 3)],
    journal: [worked('j1'), worked('j2')],
    jobs: [job('remind:1', 40), job('remind:2', 50)],
    state: [{ key: 'cursor', value: '7' }],
  });
  await commit(store, [putText(patient(4, 3))], { now: at(31), releases: ['mrn|2\u{1F600}'] });
  await store.jobs.lease(at(45), 1_000, 10);
  await store.journal.append(journalEntry('j3', { controlId: '', messageType: '' }));
  const done = await store.outbox.pending(9);
  await commit(store, [], { now: at(32), outboxDone: done.map(({ position }) => ({ position })) });
  const { parametersOf } = registeredIndexing();
  const sound = ['Patient', 'Observation'].map((type) => ({
    key: indexStateKey(type),
    value: writeIndexState({ sound: parametersOf(type) }),
  }));
  await commit(store, [], { now: at(33), state: [{ key: 'feed:ehr', value: '{}' }, ...sound] });
}

/** The resource of a text, numbers to the digit, with what it is found by. */
export function putText(text: string): Change {
  const resource = parseJson(text).value as unknown as IdentifiedResource;
  return { op: 'put', resource, index: extractIndex(resource) };
}

function patient(n: number, version: number): string {
  return `{"resourceType":"Patient","id":"p${n}","meta":{"source":"urn:weir:feed:ehr"},
    "identifier":[{"system":"urn:mrn","value":"${n}"}],
    "name":[{"family":"Müller ${n}","given":["V${version}"]}],"birthDate":"19${60 + n}-02-03"}`;
}

function observation(n: number): string {
  return `{"resourceType":"Observation","id":"o${n}","status":"final",
    "code":{"coding":[{"system":"http://loinc.org","code":"${n % 3}-1"}]},
    "subject":{"reference":"Patient/p${n}"},"effectiveDateTime":"2026-01-0${(n % 9) + 1}",
    "valueQuantity":{"value":${n}.00,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}}`;
}

function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, n) => (n * 7) % 256);
}

function worked(id: string) {
  return journalEntry(id, {
    ...{ state: 'failed', attempts: 2, lastError: 'x', nextRetryAt: at(60), ackCode: 'AE' },
    ...{ ack: bytesOf(20), written: ['Patient/p3/_history/2'], patient: 'Patient/p3' },
    ...{ report: '{"loss":[]}', fields: ['PID-3=1', 'MSH-4=MERCY'], notes: '[]' },
  });
}

function view(source: string, id: string, second: number) {
  return {
    ...{ source, type: 'Patient', id, controlId: `C${second}`, view: `{"id":"${id}"}` },
    ...{ eventTime: at(second), receivedAt: at(second + 1) },
  };
}

function job(key: string, due: number) {
  return {
    op: 'put',
    job: { key, kind: 'remind', dueAt: at(due), payload: '{"n":1}', attempts: 1 },
  } as const;
}
