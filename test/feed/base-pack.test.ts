import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Pipeline } from '../../src/feed/pipeline.ts';
import { describeMessage } from '../../src/feed/describe.ts';
import { validateResource } from '../../src/fhir/validate.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';
import { personClaimKey } from '../../src/record/identity.ts';
import { openSite } from '../../src/site.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { codeOf, patientOf, processorOn, text, unstamped } from './pipeline-fixture.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const key = personClaimKey({ system: 'urn:weir:authority:MERCY', value: 'M77' });
let site: Pick<Pipeline, 'feeds' | 'map'>;
beforeAll(async () => {
  site = (await openSite({ root, folder: '', zone: 'UTC' })).feeding;
});

const registration = (id: string, minute: string, phone: string): string =>
  [
    `MSH|^~\\&|EHR|MERCY|WEIR|HUB|2026050110${minute}||ADT^A08^ADT_A01|${id}|P|2.5.1`,
    `EVN|A08|2026050110${minute}`,
    `PID|1||M77^^^MERCY^MR||Alvarez^Maria||19620417|F|||||${phone}`,
    'PV1|1|I|WARD^1^A^MERCY||||||||||||||||V9^^^MERCY^VN',
    'ZPI|1|something of their own',
  ].join('\r');
const result = (id: string, minute: string, status: string, value: string): string =>
  [
    `MSH|^~\\&|LAB|LABCO|WEIR|HUB|2026050111${minute}||ORU^R01^ORU_R01|${id}|P|2.5.1`,
    'PID|1||L5^^^LABCO^MR~M77^^^MERCY^MR||Alvarez^Maria||19620417|F',
    'ORC|RE|P1^MERCY|F1^LABCO',
    `OBR|1|P1^MERCY|F1^LABCO|718-7^Hemoglobin^LN|||20260501110000|||||||||||||||2026050111${minute}||LAB|${status}`,
    `OBX|1|NM|718-7^Hemoglobin^LN||${value}|g/dL|12.0-16.0|${value < '12' ? 'L' : ''}|||${status}|||20260501110000`,
  ].join('\r');

function play(store: Store) {
  const { processor } = processorOn(store, site);
  return async (message: string): Promise<string> =>
    text(await processor.onFrame({ bytes: Buffer.from(message), peer: 'p' }));
}

describe('the way of real messages with the base pack, from senders never seen before', () => {
  it('gives one person from two feeds, and keeps the corrected phone', async () => {
    const store = openMemoryStore();
    const send = play(store);
    expect(codeOf(await send(registration('1', '00', '^PRN^PH^^1^518^5550141')))).toBe('AA');
    expect(codeOf(await send(result('2', '05', 'P', '11.9')))).toBe('AA');
    expect((await store.counts()).get('Patient')).toBe(1);
    const patient = await patientOf(store, key);
    const [phone] = patient['telecom'] as readonly Record<string, unknown>[];
    const telecom = [{ ...phone, value: 'new' }];
    const resource = { ...unstamped(patient), id: patient.id, telecom };
    await store.commit({
      now: new Date('2026-05-01T12:00:00Z'),
      origin: 'rest',
      changes: [{ op: 'put', resource, index: [] }],
    });
    await send(registration('3', '10', '^PRN^PH^^1^518^5550141'));
    expect(await patientOf(store, key)).toMatchObject({ telecom: [{ value: 'new' }] });
    expect(codeOf(await send(registration('4', '20', '^PRN^PH^^1^518^5550199')))).toBe('AA');
    expect(JSON.stringify((await patientOf(store, key))['telecom'])).toContain('5550199');
  });

  it('books a cancelled visit again, or deletes it, without the reason of the cancellation', async () => {
    const store = openMemoryStore();
    const send = play(store);
    const visit = (id: string, event: string, reason = ''): string =>
      [
        `MSH|^~\\&|SCHED|MERCY|WEIR|HUB|2026050110${id}||SIU^${event}^SIU_S12|${id}|P|2.5.1`,
        `SCH||F9^SCHED||||${reason}|CHECKUP`,
        'PID|1||M77^^^MERCY^MR||Alvarez^Maria||19620417|F',
        'RGS|1',
        'AIS|1||394802001^General medicine^SCT|202605200800|||20|min',
      ].join('\r');
    const stored: unknown[] = [];
    for (const [id, event, reason] of [
      ['10', 'S12'],
      ['11', 'S15', 'PTREQ^Asked by the patient'],
      ['12', 'S13'],
      ['13', 'S15', 'PTREQ^Asked by the patient'],
      ['14', 'S17'],
    ] as const) {
      expect([event, codeOf(await send(visit(id, event, reason)))]).toEqual([event, 'AA']);
      const [version] = (await store.history({ type: 'Appointment', count: 1 })).versions;
      const { status, cancelationReason } = JSON.parse(version?.body ?? '{}') as Resource;
      stored.push([status, cancelationReason !== undefined]);
    }
    expect(stored).toEqual([
      ['booked', false],
      ['cancelled', true],
      ['booked', false],
      ['cancelled', true],
      ['entered-in-error', false],
    ]);
  });

  it('corrects a result in place, and takes back the flag that the correction does not repeat', async () => {
    const store = openMemoryStore();
    const send = play(store);
    for (const [id, status, value] of [
      ['1', 'P', '11.9'],
      ['2', 'F', '11.8'],
      ['3', 'C', '13.0'],
    ] as const) {
      expect(codeOf(await send(result(id, `0${id}`, status, value)))).toBe('AA');
    }
    const { versions } = await store.history({ type: 'Observation', count: 10 });
    expect(new Set(versions.map(({ id }) => id)).size).toBe(1);
    const bodies = versions.map(({ body }) => JSON.parse(body) as Resource);
    expect(bodies.map(({ status }) => status)).toEqual(['corrected', 'final', 'preliminary']);
    expect(bodies.map(({ interpretation }) => interpretation !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
    expect(versions[0]?.body).toContain('"value":13.0');
  });

  it('keeps a repeated result and a single one of the same test, which may not be one Observation', async () => {
    const store = openMemoryStore();
    const send = play(store);
    const twice = result('R1', '00', 'F', '13.1~13.4');
    const again = 'OBX|2|NM|718-7^Hemoglobin^LN||14.2|g/dL|||||F|||20260501110000';
    expect(codeOf(await send(`${twice}\r${again}`))).toBe('AA');
    expect((await store.counts()).get('Observation')).toBe(2);
  });

  it('writes nothing that our own validation refuses, and tells what no rule read', async () => {
    const store = openMemoryStore();
    await play(store)(registration('1', '00', ''));
    const { versions } = await store.history({ count: 100 });
    const faults = versions.flatMap(({ body }) => validateResource(JSON.parse(body) as Resource));
    expect(faults.filter(({ severity }) => severity === 'error')).toEqual([]);
    const message = await describeMessage(store, '1');
    expect(message?.loss.map(({ position }) => position)).toContain('ZPI-2');
    expect(message?.map).toMatch(/^adt-.*@\d/);
  });

  it.each([
    ['QQQ^Q99', '200', 'No map takes QQQ messages of event Q99'],
    ['ADT^A99', '201', 'No map takes ADT messages of event A99'],
    ['QQQ', '200', 'No map takes QQQ messages'],
    ['', '200', 'MSH-9 is empty'],
    ['Alvarez^Maria', '200', 'MSH-9 is no message type of HL7'],
  ])('refuses a message of type `%s` by name, and keeps it', async (type, code, sentence) => {
    const store = openMemoryStore();
    const ack = await play(store)(`MSH|^~\\&|A|B|||20260501||${type}|9|P|2.5.1\r`);
    expect(codeOf(ack)).toBe('AR');
    expect(ack).toContain(`MSA|AR|9|${sentence}\r`);
    expect(ack).toContain(`|${code}^`);
    expect((await describeMessage(store, '9'))?.entry.state).toBe('failed');
  });

  it('takes an answer that nothing is made of, and refuses a question with a word about it', async () => {
    const store = openMemoryStore();
    const send = play(store);
    const header = (type: string, id: string): string =>
      `MSH|^~\\&|LIS|LABCO|WEIR|HUB|20260501||${type}|${id}|P|2.5.1`;
    expect(codeOf(await send([header('ORR^O02', '1'), 'MSA|AA|7', 'ZZZ|own'].join('\r')))).toBe(
      'AA',
    );
    const answer = await describeMessage(store, '1');
    expect(answer?.entry.state).toBe('ignored');
    expect(JSON.stringify(answer?.issues)).toContain('An answer to a message of another system');
    expect(answer?.loss).toEqual([{ position: 'ZZZ-1', count: 1 }]);
    const ack = await send([header('QBP^Q22', '2'), 'QPD|Q22|1|@PID.5.1^X', 'RCP|I'].join('\r'));
    expect(ack).toContain('MSA|AR|2|Queries are not answered over HL7 v2;');
    expect((await describeMessage(store, '2'))?.entry.state).toBe('failed');
    expect((await store.counts()).size).toBe(0);
  });

  it.each([
    ['no PID', 'PV1|1|I'],
    ['a PID without PID-3', 'PID|1||||Alvarez^Maria||19620417|F'],
    ['a deleted PID-3', 'PID|1||""||Alvarez^Maria||19620417|F'],
    ['only a social security number', 'PID|1||123456789^^^USSSA^SS||Alvarez^Maria'],
  ])('refuses a message with %s, which nobody could find again', async (_, segment) => {
    const store = openMemoryStore();
    const [header = ''] = registration('9', '00', '').split('\r');
    const ack = await play(store)([header, segment].join('\r'));
    expect(codeOf(ack)).toBe('AE');
    expect(ack).toContain('ERR||PID^1^3|101^');
    expect((await describeMessage(store, '9'))?.entry.state).toBe('failed');
    expect((await store.counts()).size).toBe(0);
  });

  it('refuses results whose PID comes after them: they would be nobody’s', async () => {
    const store = openMemoryStore();
    const [header = '', pid = '', ...results] = result('9', '00', 'F', '11.9').split('\r');
    const ack = await play(store)([header, ...results, pid].join('\r'));
    expect(codeOf(ack)).toBe('AE');
    expect(ack).toContain('Observation was not made: its required subject has no value');
    expect((await store.counts()).size).toBe(0);
  });

  it('empties the ethnicity that PID-22 deletes, and no other extension', async () => {
    const store = openMemoryStore();
    const pid = (ethnicity: string): string =>
      `PID|1||M77^^^MERCY^MR||Alvarez^Maria||19620417|F||2106-3^White${'|'.repeat(12)}${ethnicity}`;
    const [header = '', event = ''] = registration('1', '00', '').split('\r');
    await play(store)([header, event, pid('N^Not Hispanic')].join('\r'));
    const later = [header, event].map((line) =>
      line.replace('|1|P', '|2|P').replace('1000', '1005'),
    );
    await play(store)([...later, pid('""')].join('\r'));
    const { versions } = await store.history({ type: 'Patient', count: 5 });
    const races = versions.map(({ body }) => /White/.test(body));
    const ethnicities = versions.map(({ body }) => /Hispanic/.test(body));
    expect([races, ethnicities]).toEqual([
      [true, true],
      [false, true],
    ]);
  });

  it('names the rule behind a value by its place in the pack, not on the machine', () => {
    const { message } = parseMessage(registration('1', '00', ''));
    const [feed] = site.feeds();
    if (!message || !feed) throw new Error('no message or feed');
    const context = { feed: feed.name, receivedAt: '', authority: () => 'urn:a', settings: {} };
    const files = site.map(message, feed, context).trace.map(({ rule }) => rule);
    expect(files.filter((rule) => !rule.startsWith('mappings/'))).toEqual([]);
    expect(files.join()).toContain('mappings/segments/pid-patient.map.yaml:');
  });
});
