import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Resource } from '../../src/fhir/resource.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { folders, storesUnderTest } from '../property/stores-under-test.ts';
import { Sender } from './hard-places.ts';

/** OBR with number and code (OBR-3, OBR-4), status (OBR-25). */
const obr = (number: string, code: string, status: string): string =>
  `OBR|1|P-${number}^EHR|${number}^LAB|${code}|||20260501080000|||||||||||||||||LAB|${status}`;

interface Result {
  readonly type?: string;
  readonly code: string;
  readonly subId?: string;
  readonly value: string;
  readonly unit?: string;
  readonly flag?: string;
  readonly status: string;
}
const obx = ({ type = 'NM', code, subId = '', value, unit = '', flag = '', status }: Result) =>
  `OBX|1|${type}|${code}|${subId}|${value}|${unit}||${flag}|||${status}|||20260501080000`;

/** Of one order with one result, sent again and again: each time an hour later. */
type Life = readonly (Omit<Result, 'code'> & { readonly report?: string })[];

for (const { name, open, ...rest } of [
  { name: 'memory', open: async (): Promise<Store> => openMemoryStore() },
  ...storesUnderTest,
]) {
  describe(`hard places, on ${name}`, () => {
    if (open === undefined) {
      it.skip('absent' in rest ? String(rest.absent) : 'absent', () => undefined);
      return;
    }
    let sender: Sender;
    beforeAll(async () => {
      sender = new Sender(await open());
    });
    afterAll(async () => {
      await sender.store.close();
      folders.remove();
    });

    let lives = 0;
    /** The Observation and the report after a life of one result; each message is taken. */
    async function after(life: Life) {
      const number = `L${String((lives += 1))}`;
      const code = `T-${number}^Test^LN`;
      for (const [hour, { report, ...result }] of life.entries()) {
        const at = `${String(9 + hour).padStart(2, '0')}00`;
        const segments = [
          obr(number, `B-${number}^Battery^LN`, report ?? result.status),
          obx({ ...result, code }),
        ];
        expect(await sender.send({ type: 'ORU^R01', at, segments })).toBe('AA');
      }
      const observation = await sender.one('Observation', `"T-${number}"`);
      return { observation, report: await sender.one('DiagnosticReport', `"B-${number}"`) };
    }

    describe('a result that changes', () => {
      it('preliminary, final, corrected: one Observation, of which nothing old is left', async () => {
        const { observation, report } = await after([
          { value: '<5', unit: 'mg/dL', flag: 'L', status: 'P' },
          { value: '6.10', unit: 'mg/dL', status: 'F' },
          { value: '61', unit: 'mg/L', status: 'C' },
        ]);
        expect(observation).toMatchObject({ status: 'corrected', meta: { versionId: '3' } });
        expect(observation['valueQuantity']).toEqual({
          value: 61,
          unit: 'mg/L',
          system: 'http://unitsofmeasure.org',
          code: 'mg/L',
        });
        expect(observation['interpretation']).toBeUndefined();
        expect(report).toMatchObject({ status: 'corrected', meta: { versionId: '3' } });
        expect(report['result']).toEqual([{ reference: `Observation/${observation.id}` }]);
      });

      it('a value of another type takes the place of the old one', async () => {
        const { observation } = await after([
          { type: 'ST', value: 'pending', status: 'P' },
          { type: 'CWE', value: 'A^First^L~B^Second^L', status: 'P' },
          { value: '5', status: 'F' },
        ]);
        const values = Object.keys(observation).filter((key) => /^value|component/.test(key));
        expect(values).toEqual(['valueQuantity']);
      });

      it('U: now final, the value is not sent again and stays', async () => {
        const { observation } = await after([
          { value: '5', unit: 'mg/dL', status: 'P' },
          { value: '', status: 'U', report: 'F' },
        ]);
        expect(observation).toMatchObject({ status: 'final', valueQuantity: { value: 5 } });
      });

      it.each([
        ['W', 'entered-in-error'],
        ['D', 'entered-in-error'],
      ])(
        '%s without a value: taken back, and what it said can still be seen',
        async (status, said) => {
          const { observation } = await after([
            { value: '5', status: 'F' },
            { value: '', status, report: 'C' },
          ]);
          expect(observation).toMatchObject({ status: said, valueQuantity: { value: 5 } });
        },
      );

      it('X: cannot be obtained; the old value goes, and comes with the next result', async () => {
        const first = { value: '5', status: 'P' };
        const gone = await after([first, { value: '', status: 'X' }]);
        expect(gone.observation).toMatchObject({ status: 'cancelled' });
        expect(gone.observation).toHaveProperty('dataAbsentReason');
        expect(gone.observation).not.toHaveProperty('valueQuantity');
        expect(gone.report).toMatchObject({ status: 'cancelled' });
        const back = await after([first, { value: '', status: 'X' }, { value: '7', status: 'C' }]);
        expect(back.observation).toMatchObject({
          status: 'corrected',
          valueQuantity: { value: 7 },
        });
        expect(back.observation).not.toHaveProperty('dataAbsentReason');
      });

      it('wrong and right in one message: the right one is the result', async () => {
        const order = obr('WC', 'BWC^Battery^L', 'F');
        const result = (value: string, status: string) => obx({ code: 'WCX', value, status });
        await sender.send({ type: 'ORU^R01', at: '0900', segments: [order, result('5', 'F')] });
        for (const [at, results] of [
          ['1000', [result('5', 'W'), result('7', 'C')]],
          ['1100', [result('8', 'C'), result('7', 'W')]],
        ] as const) {
          const segments = [order.replace(/F$/, 'C'), ...results];
          expect(await sender.send({ type: 'ORU^R01', at, segments })).toBe('AA');
          const value = at === '1000' ? 7 : 8;
          expect(await sender.one('Observation', '"WCX"')).toMatchObject({
            status: 'corrected',
            valueQuantity: { value },
          });
          expect((await sender.one('DiagnosticReport', '"BWC"'))['result']).toHaveLength(1);
        }
      });

      it('`""` as value: deleted', async () => {
        const { observation } = await after([
          { value: '5', unit: 'mg/dL', status: 'F' },
          { value: '""', status: 'C' },
        ]);
        expect(observation).toMatchObject({ status: 'corrected' });
        expect(observation).not.toHaveProperty('valueQuantity');
      });

      it('text that is sent again replaces the old lines, it is not added to them', async () => {
        const lines = (...texts: string[]) =>
          texts.map((value) =>
            obx({ type: 'TX', code: 'TXT^Text^L', subId: '1', value, status: 'F' }),
          );
        const order = obr('TX1', 'BTX^Battery^L', 'F');
        const first = [order, ...lines('one', 'two~three')];
        const second = [order, ...lines('one', '2')];
        expect(await sender.send({ type: 'ORU^R01', at: '0900', segments: first })).toBe('AA');
        expect((await sender.one('Observation', '"TXT"'))['valueString']).toBe('one\ntwo\nthree');
        expect(await sender.send({ type: 'ORU^R01', at: '1000', segments: second })).toBe('AA');
        expect((await sender.one('Observation', '"TXT"'))['valueString']).toBe('one\n2');
      });

      it('a correction of one result leaves the others in the report', async () => {
        const order = obr('PART', 'BPART^Battery^L', 'F');
        const both = ['PA', 'PB'].map((code) => obx({ code, value: '1', status: 'F' }));
        const one = obx({ code: 'PB', value: '2', status: 'C' });
        await sender.send({ type: 'ORU^R01', at: '0900', segments: [order, ...both] });
        const segments = [order.replace(/F$/, 'C'), one];
        expect(await sender.send({ type: 'ORU^R01', at: '1000', segments })).toBe('AA');
        const report = await sender.one('DiagnosticReport', '"BPART"');
        expect(report['result']).toHaveLength(2);
        expect(report).toMatchObject({ status: 'corrected' });
      });

      it('a result without PV1 leaves the visit that an earlier one named', async () => {
        const order = obr('VIS', 'BVIS^Battery^L', 'P');
        const visit = 'PV1|1|I|||||||||||||||||V9^^^H^VN';
        const result = obx({ code: 'VISX', value: '1', status: 'P' });
        await sender.send({ type: 'ORU^R01', at: '0900', segments: [visit, order, result] });
        const segments = [order.replace(/P$/, 'F'), result.replace('|P|', '|F|')];
        expect(await sender.send({ type: 'ORU^R01', at: '1000', segments })).toBe('AA');
        expect(await sender.one('Observation', '"VISX"')).toMatchObject({
          status: 'final',
          encounter: { reference: expect.stringMatching(/^Encounter\//) as string },
        });
      });
    });

    describe('an order', () => {
      const order = async (
        control: string,
        at: string,
        more: { status?: string; numbers?: string } = {},
      ) => {
        const numbers = more.numbers ?? 'ORD-H^EHR|FIL-H^LAB';
        const segments = [
          `ORC|${control}|${numbers}||${more.status ?? ''}`,
          `OBR|1|${numbers}|HOLD^Held^L`,
        ];
        expect(await sender.send({ type: 'OML^O21', at, segments })).toBe('AA');
        const found = await sender.one('ServiceRequest', '"HOLD"');
        return found['status'];
      };

      it('is held, released, discontinued; results say no more that it is alive', async () => {
        expect(await order('NW', '0900', { numbers: 'ORD-H^EHR|' })).toBe('active');
        expect(await order('HD', '0910')).toBe('on-hold');
        expect(await order('RL', '0920')).toBe('active');
        expect(await order('XO', '0930')).toBe('active');
        expect(await order('DC', '0940')).toBe('revoked');
        expect(await order('SC', '0950')).toBe('revoked');
        const found = await sender.one('ServiceRequest', '"HOLD"');
        const numbers = (found['identifier'] as { value: string }[]).map(({ value }) => value);
        expect(numbers.toSorted()).toEqual(['FIL-H', 'ORD-H']);
      });

      it('a cancel that the laboratory cannot carry out changes nothing', async () => {
        const segments = (control: string, status: string) => [
          `ORC|${control}|ORD-U^EHR|FIL-U^LAB||${status}`,
          'OBR|1|ORD-U^EHR|FIL-U^LAB|UNABLE^Unable^L',
        ];
        await sender.send({ type: 'OML^O21', at: '0900', segments: segments('NW', '') });
        await sender.send({ type: 'OML^O21', at: '0910', segments: segments('UC', '') });
        expect(await sender.one('ServiceRequest', '"UNABLE"')).toMatchObject({ status: 'active' });
        await sender.send({ type: 'OML^O21', at: '0920', segments: segments('CA', 'CA') });
        expect(await sender.one('ServiceRequest', '"UNABLE"')).toMatchObject({ status: 'revoked' });
      });
    });

    describe('events that undo others', () => {
      const visit = async (
        event: string,
        at: string,
        pv1: { place: string; prior?: string; more?: string },
      ) => {
        const { place, prior = '', more = '' } = pv1;
        const segments = [`PV1|1|I|${place}|||${prior}|||||||||||||V-UNDO^^^H^VN${more}`];
        expect(await sender.send({ type: `ADT^${event}`, at, segments })).toBe('AA');
        return sender.one('Encounter', '"V-UNDO"');
      };
      const discharge = `${'|'.repeat(17)}01|${'|'.repeat(8)}20260501100000`;
      type Place = { status: string; location: { display: string }; period?: object };
      const places = ({ location }: Resource) =>
        (location as Place[]).map(({ status, location: { display }, period }) => [
          display.split(',')[0],
          status,
          ...(period ? Object.keys(period) : []),
        ]);

      it('A12 takes the transfer back', async () => {
        await visit('A01', '0800', { place: '4W^1^A^H' });
        const moved = await visit('A02', '0810', { place: 'ICU^2^B^H', prior: '4W^1^A^H' });
        expect(places(moved)).toEqual(
          expect.arrayContaining([
            ['4W', 'completed', 'end'],
            ['ICU', 'active', 'start'],
          ]),
        );
        const back = await visit('A12', '0820', { place: '4W^1^A^H', prior: 'ICU^2^B^H' });
        expect(back).toMatchObject({ status: 'in-progress' });
        expect(places(back).filter(([, status]) => status === 'active')).toEqual([
          ['4W', 'active'],
        ]);
      });

      it('A13 takes the discharge back, with all that it said', async () => {
        const gone = await visit('A03', '1000', { place: '4W^1^A^H', more: discharge });
        expect(gone).toMatchObject({
          status: 'finished',
          period: { end: expect.stringContaining('2026-05-01T10:00') as string },
          hospitalization: { dischargeDisposition: expect.anything() as object },
        });
        const back = await visit('A13', '1010', { place: '4W^1^A^H', more: discharge });
        expect(back).toMatchObject({ status: 'in-progress' });
        expect(JSON.stringify(back)).not.toMatch(/dischargeDisposition|"end":"2026-05-01T10:00/);
        expect(places(back)).toContainEqual(['4W', 'active']);
        const again = await visit('A03', '1100', { place: '4W^1^A^H', more: discharge });
        expect(again).toMatchObject({
          status: 'finished',
          period: { end: expect.any(String) as string },
        });
      });

      it('A11 takes the admission back; the next one stands', async () => {
        expect(await visit('A11', '1200', { place: '4W^1^A^H' })).toMatchObject({
          status: 'cancelled',
        });
        expect(await visit('A01', '1300', { place: '4W^1^A^H' })).toMatchObject({
          status: 'in-progress',
        });
      });
    });

    it('`""` deletes what this sender said, and only that', async () => {
      const patient = 'MNULL^^^H^MR';
      const pid = (phone: string, married: string) =>
        `PID|1||${patient}||Null^Nora||19620417|F|||||${phone}|||${married}`;
      await sender.send({
        type: 'ADT^A08',
        at: '0900',
        segments: [pid('^PRN^PH^^1^518^5550002', 'M')],
      });
      expect(JSON.stringify(await sender.one('Patient', 'MNULL'))).toContain('5550002');
      await sender.send({ type: 'ADT^A08', at: '0910', segments: [pid('', '')] });
      expect(JSON.stringify(await sender.one('Patient', 'MNULL'))).toContain('5550002');
      await sender.send({ type: 'ADT^A08', at: '0920', segments: [pid('""', '""')] });
      const left = await sender.one('Patient', 'MNULL');
      expect(left).not.toHaveProperty('telecom');
      expect(left).not.toHaveProperty('maritalStatus');
      expect(left).toMatchObject({ name: [{ family: 'Null' }] });
    });

    it('an attachment of 10 MB is kept to the byte', { timeout: 120_000 }, async () => {
      const data = Buffer.alloc(10 * 1024 * 1024, 'weir').toString('base64');
      const segments = [
        obr('BIG', 'BBIG^Pathology^L', 'F'),
        `OBX|1|ED|BIGX^Report^L||^application^pdf^Base64^${data}||||||F`,
      ];
      expect(await sender.send({ type: 'ORU^R01', at: '0900', segments })).toBe('AA');
      const observation = await sender.one('Observation', '"BIGX"');
      const [{ valueAttachment } = { valueAttachment: undefined }] = observation['extension'] as {
        valueAttachment: { data: string };
      }[];
      expect(valueAttachment?.data.length).toBe(data.length);
      expect(valueAttachment?.data === data).toBe(true);
    });
  });
}
