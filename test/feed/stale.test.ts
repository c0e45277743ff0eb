import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Pipeline } from '../../src/feed/pipeline.ts';
import { splitBatch } from '../../src/hl7v2/batch.ts';
import { openSite } from '../../src/site.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { folders, storesUnderTest } from '../property/stores-under-test.ts';
import { codeOf, processorOn, text } from './pipeline-fixture.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let site: Pick<Pipeline, 'feeds' | 'map'>;
beforeAll(async () => {
  site = (await openSite({ root, folder: '', zone: 'UTC' })).feeding;
});

/** Every fixture that is one message which the base pack takes. */
const fixtures = globSync('*/*/message.hl7', { cwd: join(root, 'fixtures') })
  .filter((file) => !file.startsWith('demo-site'))
  .sort()
  .map((file) => {
    const whole = readFileSync(join(root, 'fixtures', file), 'latin1');
    return [file, splitBatch(whole).messages.at(-1)?.replaceAll(/\r?\n/g, '\r') ?? ''] as const;
  });

/** What another message of the same thing says otherwise; keys stay as they are. */
const otherWords: Readonly<Record<string, string>> = {
  'PID-5': 'STALE^STALE',
  'PV1-3': 'STALE^9^9',
  'OBX-8': 'AA',
  'OBX-5': '99999',
  'OBR-13': 'STALE',
  'OBR-31': 'S^STALE^L',
  'ORC-7': '',
  'SCH-7': 'S^STALE^L',
  'SCH-11': '^^99^202501010800^202501010900',
  'RXE-7': 'S^STALE^L',
  'RXO-6': 'S^STALE^L',
  'RXD-9': 'STALE',
  'RXA-9': 'S^STALE^L',
  'RXA-15': 'STALE',
  'TXA-12': '',
  'TXA-16': 'STALE.txt',
  'FT1-8': 'STALE',
  'FT1-10': '99',
  'AL1-5': 'STALE',
  'DG1-6': 'W',
  'NK1-2': 'STALE^STALE',
  'IN1-9': 'STALE',
  'GT1-3': 'STALE^STALE',
  'PR1-4': 'STALE',
  'NTE-3': 'STALE',
  'SPM-14': 'STALE',
};

/** The message of the same thing, said so many years later (or before), in other words. */
function said(message: string, years: number, controlId: string): string {
  const shift = (time: string): string =>
    time.replace(/^\d{4}/, (year) => String(Number(year) + years));
  return message
    .split('\r')
    .map((segment) => {
      const fields = segment.split('|');
      const [name = ''] = fields;
      const offset = name === 'MSH' ? 1 : 0;
      const times: Readonly<Record<string, number>> = { MSH: 7, EVN: 2 };
      const at = times[name];
      return fields
        .map((field, index) => {
          const number = index + offset;
          if (number === at) return shift(field);
          if (name === 'MSH' && number === 10) return controlId;
          const other = otherWords[`${name}-${String(number)}`];
          return other === undefined || other === '' || field === '' ? field : other;
        })
        .join('|');
    })
    .join('\r');
}

/** Everything but who said what when, at its newest version. */
async function stored(store: Store): Promise<ReadonlyMap<string, string>> {
  const { versions } = await store.history({ count: 2000 });
  const newest = new Map<string, string>();
  for (const { type, id, versionId } of versions) {
    const key = `${type}/${id}`;
    if (type !== 'Provenance' && !newest.has(key)) newest.set(key, versionId);
  }
  return newest;
}

function play(store: Store) {
  const { processor } = processorOn(store, {
    ...site,
    clock: () => new Date('2030-01-01T00:00:00Z'),
  });
  return async (message: string): Promise<string> =>
    codeOf(text(await processor.onFrame({ bytes: Buffer.from(message, 'latin1'), peer: 'p' })));
}

/** Types whose resources a later message changed, which an older one must not. */
const proven = new Set<string>();

describe('an older event changes nothing of what a newer one said', () => {
  it.each(fixtures)('%s', async (_, message) => {
    const control = openMemoryStore();
    const sendControl = play(control);
    if ((await sendControl(message)) !== 'AA') return;
    const before = await stored(control);
    await sendControl(said(message, 1, 'LATER'));
    for (const [key, version] of await stored(control)) {
      const was = before.get(key);
      if (was !== undefined && was !== version) proven.add(key.split('/')[0] ?? '');
    }

    const store = openMemoryStore();
    const send = play(store);
    await send(message);
    const first = await stored(store);
    const { entries } = await store.journal.list({ count: 1 });
    expect(await send(said(message, -1, 'OLDER'))).toBe('AA');
    const after = await stored(store);
    for (const [key, version] of first) expect([key, after.get(key)]).toEqual([key, version]);
    const [row] = (await store.journal.list({ count: 1 })).entries;
    expect(row?.id).not.toBe(entries[0]?.id);
    expect(row?.state).toBe(entries[0]?.state);
    if (first.size > 0) expect(row?.report).toContain('stale-event');
  });

  it('which is shown of every kind of resource that messages bring again', () => {
    expect([...proven].sort()).toEqual(
      expect.arrayContaining([
        'Appointment',
        'ChargeItem',
        'DiagnosticReport',
        'Encounter',
        'Immunization',
        'MedicationRequest',
        'Observation',
        'Patient',
        'ServiceRequest',
      ]),
    );
  });
});

const head = (sender: string, time: string, type: string, id: string): string =>
  `MSH|^~\\&|${sender}|H|W|H|${time}||${type}|${id}|P|2.5.1`;
const adt = (event: string, time: string, rest: { phone?: string; pv1?: string } = {}): string =>
  [
    head('EHR', time, `ADT^${event}`, `${event}-${time}`),
    `EVN|${event}|${time}`,
    `PID|1||M1^^^H^MR||Alvarez^Maria||19620417|F|||||${rest.phone ?? ''}`,
    `PV1|1|I|WARD^1^A^H||||||||||||||||V1^^^H^VN${rest.pv1 ?? ''}`,
    '',
  ].join('\r');
const oru = (time: string, status: string, value: string): string =>
  [
    head('LAB', time, 'ORU^R01', `R-${time}`),
    'PID|1||M1^^^H^MR||Alvarez^Maria',
    `OBR|1|P1^H|F1^L|718-7^Hemoglobin^LN|||20260501080000|||||||||||||||${time}||LAB|${status}`,
    `OBX|1|NM|718-7^Hemoglobin^LN||${value}|g/dL|12-16||||${status}|||20260501080000`,
    '',
  ].join('\r');
const siu = (event: string, time: string, start: string, status: string): string =>
  [
    head('SCHED', time, `SIU^${event}`, `${event}-${time}`),
    `SCH|PL-1^H|FL-1^H|||||CHECKUP||30|min|^^30^${start}||||||||||||||${status}`,
    'PID|1||M1^^^H^MR||Alvarez^Maria',
    'RGS|1|A',
    'AIL|1|A|ROOM1^^^H',
    '',
  ].join('\r');

for (const { name, open, ...rest } of [
  { name: 'memory', open: async (): Promise<Store> => openMemoryStore() },
  ...storesUnderTest,
]) {
  describe(`in the wrong order, on ${name}`, () => {
    if (open === undefined) {
      it.skip('absent' in rest ? String(rest.absent) : 'absent', () => undefined);
      return;
    }
    const play_ = async (messages: readonly string[]) => {
      const store = await open();
      const send = play(store);
      for (const message of messages) expect(await send(message)).toBe('AA');
      const { versions } = await store.history({ count: 200 });
      await store.close();
      folders.remove();
      const newest = (type: string): Record<string, unknown> =>
        JSON.parse(versions.find((each) => each.type === type)?.body ?? '{}') as never;
      return newest;
    };

    it('a late A08 brings no old phone back', async () => {
      const newest = await play_([
        adt('A08', '20260501100000', { phone: '^PRN^PH^^1^518^5550002' }),
        adt('A08', '20260501090000', { phone: '^PRN^PH^^1^518^5550001' }),
      ]);
      expect(JSON.stringify(newest('Patient')['telecom'])).toMatch(/555.?0002/);
      expect(JSON.stringify(newest('Patient')['telecom'])).not.toMatch(/555.?0001/);
    });

    it('a late preliminary result leaves the final one', async () => {
      const newest = await play_([
        oru('20260501120000', 'F', '13.5'),
        oru('20260501100000', 'P', '12.0'),
      ]);
      expect(newest('Observation')).toMatchObject({
        status: 'final',
        valueQuantity: { value: 13.5 },
      });
      expect(newest('DiagnosticReport')).toMatchObject({ status: 'final' });
    });

    it('A11 before the A01 that it cancels: the visit stays cancelled', async () => {
      const newest = await play_([adt('A11', '20260501110000'), adt('A01', '20260501100000')]);
      expect(newest('Encounter')).toMatchObject({ status: 'cancelled' });
    });

    it('A03 before A01: the visit stays finished', async () => {
      const newest = await play_([adt('A03', '20260501110000'), adt('A01', '20260501100000')]);
      expect(newest('Encounter')).toMatchObject({ status: 'finished' });
    });

    it('S15 before the S12 that it cancels: the appointment stays cancelled', async () => {
      const newest = await play_([
        siu('S15', '20260501110000', '20260601090000', 'Cancelled'),
        siu('S12', '20260501100000', '20260601090000', 'Booked'),
      ]);
      expect(newest('Appointment')).toMatchObject({ status: 'cancelled' });
    });

    it('an old S12 does not move the appointment back that S13 moved', async () => {
      const newest = await play_([
        siu('S13', '20260501110000', '20260701090000', 'Booked'),
        siu('S12', '20260501100000', '20260601090000', 'Booked'),
      ]);
      expect(String(newest('Appointment')['start'])).toMatch(/^2026-07-01T09/);
    });

    it('one from the future holds up nothing: it counts as of its arrival', async () => {
      const newest = await play_([
        adt('A08', '20990101000000', { phone: '^PRN^PH^^1^518^5550001' }),
        adt('A08', '20300101000000', { phone: '^PRN^PH^^1^518^5550002' }),
      ]);
      expect(JSON.stringify(newest('Patient')['telecom'])).toMatch(/555.?0002/);
    });
  });
}

it('what was deleted meanwhile is not brought back by an older event', async () => {
  const store = openMemoryStore();
  const send = play(store);
  await send(adt('A08', '20260501100000'));
  const { versions } = await store.history({ type: 'Encounter', count: 1 });
  const id = versions[0]?.id ?? '';
  const now = new Date('2030-01-01T00:00:00Z');
  await store.commit({ now, origin: 'rest', changes: [{ op: 'delete', type: 'Encounter', id }] });
  await send(adt('A08', '20260501090000'));
  expect((await store.read('Encounter', id))?.deleted).toBe(true);
  await send(adt('A08', '20260501110000'));
  expect((await store.read('Encounter', id))?.deleted).toBe(false);
});
