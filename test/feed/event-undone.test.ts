import { fileURLToPath } from 'node:url';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Pipeline } from '../../src/feed/pipeline.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { openSite } from '../../src/site.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { codeOf, processorOn, text } from './pipeline-fixture.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let site: Pick<Pipeline, 'feeds' | 'map'>;
beforeAll(async () => {
  site = (await openSite({ root, folder: '', zone: 'UTC' })).feeding;
});

/** Fixtures one after the other, each an hour later than the one before, as one sender sends them. */
async function played(names: readonly string[]): Promise<Store> {
  const store = openMemoryStore();
  const { processor } = processorOn(store, {
    ...site,
    clock: () => new Date('2030-01-01T00:00:00Z'),
  });
  for (const [index, name] of names.entries()) {
    const message = readFileSync(join(root, 'fixtures', name, 'message.hl7'), 'utf8');
    const ack = await processor.onFrame({ bytes: Buffer.from(later(message, index)), peer: 'p' });
    expect([name, codeOf(text(ack))]).toEqual([name, 'AA']);
  }
  return store;
}

function later(message: string, index: number): string {
  const hour = String(index).padStart(2, '0');
  return message
    .trim()
    .split('\n')
    .map((line) => {
      const fields = line.split('|');
      if (fields[0] === 'MSH') fields[6] = `20270101${hour}0000+0100`;
      if (fields[0] === 'MSH') fields[9] = `${fields[9] ?? ''}-${hour}`;
      if (fields[0] === 'EVN') fields[2] = `20270101${hour}0000+0100`;
      return fields.join('|');
    })
    .join('\r');
}

async function stored(store: Store, type: string): Promise<Resource[]> {
  const { versions } = await store.history({ type, count: 100 });
  const newest = new Map<string, Resource>();
  for (const { id, body } of versions) {
    if (!newest.has(id)) newest.set(id, JSON.parse(body) as Resource);
  }
  return [...newest.values()];
}

const first = async (names: readonly string[], type: string): Promise<Record<string, unknown>> => ({
  ...(await stored(await played(names), type))[0],
});

interface Place {
  readonly status?: string;
  readonly location?: { readonly display?: string };
  readonly period?: object;
}

const placesOf = ({ location }: Record<string, unknown>): string[] =>
  ((location ?? []) as Place[]).map(
    ({ status, location: place }) => `${place?.display ?? ''}: ${status ?? ''}`,
  );

describe('what an event of a visit undoes', () => {
  it.each([
    ['in-progress', ['ADT_A15/pending-transfer', 'ADT_A26/transfer-no-longer-pending']],
    ['in-progress', ['ADT_A09/departing', 'ADT_A33/departure-cancelled']],
    ['in-progress', ['ADT_A21/goes-on-leave', 'ADT_A52/leave-cancelled']],
    ['in-progress', ['ADT_A21/goes-on-leave', 'ADT_A22/back-from-leave']],
  ])('is %s in its one place after %j', async (status, names) => {
    const visit = await first(names, 'Encounter');
    expect(visit['status']).toBe(status);
    expect(placesOf(visit)).toEqual(['4W, 412, A, NORTHGATE: active']);
  });

  it.each([
    ['onleave', ['ADT_A21/goes-on-leave', 'ADT_A22/back-from-leave', 'ADT_A53/return-cancelled']],
    ['cancelled', ['ADT_A14/pending-admission', 'ADT_A27/admission-no-longer-pending']],
    ['cancelled', ['ADT_A14/pending-admission', 'ADT_A38/pre-admission-cancelled']],
    ['in-progress', ['ADT_A22/back-from-leave', 'ADT_A54/another-attending-doctor']],
    ['in-progress', ['ADT_A10/arriving', 'ADT_A32/arrival-cancelled']],
  ])('is %s after %j', async (status, names) => {
    expect((await first(names, 'Encounter'))['status']).toBe(status);
  });

  it('has no planned end once the discharge is no longer pending', async () => {
    const pending = ['ADT_A16/pending-discharge'];
    expect(JSON.stringify(await first(pending, 'Encounter'))).toContain('plannedEndDate');
    const names = [...pending, 'ADT_A25/discharge-no-longer-pending'];
    expect(JSON.stringify(await first(names, 'Encounter'))).not.toContain('plannedEndDate');
  });

  it('swaps two patients, each with their own visit', async () => {
    const store = await played(['ADT_A17/two-patients-swap-beds']);
    const visits = await stored(store, 'Encounter');
    expect((await stored(store, 'Patient')).length).toBe(2);
    expect(new Set(visits.map((visit) => JSON.stringify(visit['subject']))).size).toBe(2);
    expect(visits.map((visit) => placesOf(visit)[0]).sort()).toEqual([
      '4W, 412, A, NORTHGATE: active',
      '4W, 414, B, NORTHGATE: active',
    ]);
  });
});

describe('a document', () => {
  const dataOf = ({ content }: Record<string, unknown>): unknown =>
    (content as { attachment: { data?: string } }[]).map(
      ({ attachment }) => attachment.data !== undefined,
    );

  it('keeps its content when only a notice of it comes, and when it is cancelled', async () => {
    const came = 'MDM_T04/status-with-content';
    const noticed = await first([came, 'MDM_T03/authenticated'], 'DocumentReference');
    expect(dataOf(noticed)).toEqual([true]);
    const cancelled = await first([came, 'MDM_T11/cancelled'], 'DocumentReference');
    expect([cancelled['status'], dataOf(cancelled)]).toEqual(['entered-in-error', [true]]);
  });

  it('is superseded with its content by the one that replaces it', async () => {
    const store = await played(['MDM_T04/status-with-content', 'MDM_T10/replacement']);
    const documents = await stored(store, 'DocumentReference');
    const older = documents.find(({ status }) => status === 'superseded');
    const newer = documents.find(({ status }) => status === 'current');
    expect([documents.length, dataOf({ ...older })]).toEqual([2, [true]]);
    expect(newer?.['relatesTo']).toEqual([
      { code: 'replaces', target: { reference: `DocumentReference/${String(older?.id)}` } },
    ]);
  });
});

describe('a problem', () => {
  const statusOf = ({ clinicalStatus }: Record<string, unknown>): unknown =>
    (clinicalStatus as { coding: { code: string }[] } | undefined)?.coding[0]?.code;

  it('that comes back has no end, and one that was a mistake no status', async () => {
    const [found, over, mistake] = [
      'PPR_PC1/problem-with-goal-and-pathway',
      'PPR_PC2/resolved',
      'PPR_PC3/deleted',
    ] as const;
    const ended = await first([found, over], 'Condition');
    expect([statusOf(ended), ended['abatementDateTime']]).toEqual(['resolved', '2026-06-01']);
    const back = await first([found, over, found], 'Condition');
    expect([statusOf(back), back['abatementDateTime']]).toEqual(['active', undefined]);
    const gone = await first([found, over, mistake], 'Condition');
    expect([statusOf(gone), gone['abatementDateTime']]).toEqual([undefined, undefined]);
    expect(JSON.stringify(gone['verificationStatus'])).toContain('entered-in-error');
  });

  it('and an allergy too, which has no clinical status once it is deleted', async () => {
    const store = await played(['ADT_A60/added-with-reactions', 'ADT_A60/deleted']);
    const all = await stored(store, 'AllergyIntolerance');
    const [deleted, other] = ['entered-in-error', 'unconfirmed'].map((code) =>
      all.find((one) => JSON.stringify(one['verificationStatus']).includes(code)),
    );
    expect([all.length, statusOf({ ...deleted }), statusOf({ ...other })]).toEqual([
      2,
      undefined,
      'active',
    ]);
  });
});

describe('an account and a member of the staff', () => {
  it('are closed and opened by the event', async () => {
    const account = ['BAR_P01/account-with-guarantors', 'BAR_P06/account-ended'];
    expect((await first(account, 'Account'))['status']).toBe('inactive');
    const charged = [...account, 'BAR_P12/procedure-taken-back'];
    expect((await first(charged, 'Account'))['status']).toBe('inactive');
    const staff = ['MFN_M02/nurse-added', 'MFN_M02/nurse-deactivated'];
    expect((await first(staff, 'Practitioner'))['active']).toBe(false);
  });
});
