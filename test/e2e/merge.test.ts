import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runApp, type RunningApp } from './running-app.ts';

const head = (type: string, id: string, minute: string, sender = 'EHR|NORTHGATE'): string =>
  `MSH|^~\\&|${sender}|WEIR|HUB|202605010800${minute}||${type}|${id}|P|2.5.1`;
const pid = (number: string): string =>
  `PID|1||${number}^^^NORTHGATE^MR||Hoffmann^Lena||19840715|F`;
const pv1 = (visit: string): string =>
  `PV1|1|I|ICU^2^B^NORTHGATE||||||||||||||||${visit}^^^NORTHGATE^VN|||||||||||||||||||||||||20260501080000`;
const result = (number: string, id: string, minute: string): string =>
  [
    head('ORU^R01', id, minute, 'LIS|LABCO'),
    pid(number),
    `OBR|1|O-${id}^NORTHGATE|F-${id}^LABCO|718-7^Hemoglobin^LN|||20260501080000|||||||||||||||20260501090000||LAB|F`,
    'OBX|1|NM|718-7^Hemoglobin^LN||13.5|g/dL|12-16||||F|||20260501080000',
    '',
  ].join('\r');

interface Bundle {
  readonly entry?: readonly { readonly resource: Readonly<Record<string, unknown>> }[];
}

let running: RunningApp;
let survivor = '';
let prior = '';

const found = async (path: string): Promise<readonly Readonly<Record<string, unknown>>[]> => {
  const answer = await running.call(`/fhir/${path}`);
  expect([path, answer.status]).toEqual([path, 200]);
  return ((await answer.json()) as Bundle).entry?.map(({ resource }) => resource) ?? [];
};

beforeAll(async () => {
  running = await runApp({ store: 'memory' });
  const admission = (number: string, visit: string): string =>
    [
      head('ADT^A01', `A-${visit}`, '01'),
      'EVN|A01|20260501080001',
      pid(number),
      pv1(visit),
      '',
    ].join('\r');
  const codes = await running.send(
    admission('M1', 'V1'),
    admission('M2', 'V2'),
    result('M2', 'R2', '02'),
  );
  const [one] = await found('Patient?identifier=M1');
  const [two] = await found('Patient?identifier=M2');
  survivor = String(one?.['id']);
  prior = String(two?.['id']);
  const merge = [
    head('ADT^A40^ADT_A39', 'MERGE', '03'),
    'EVN|A40|20260501080003',
    pid('M1'),
    'MRG|M2^^^NORTHGATE^MR',
    '',
  ];
  const after = await running.send(merge.join('\r'), result('M2', 'R3', '04'));
  expect([...codes, ...after]).toEqual(['AA', 'AA', 'AA', 'AA', 'AA']);
});
afterAll(() => running.close());

describe('an app, after a merge by HL7', () => {
  it('finds the survivor by both numbers, and the prior by the old one, inactive', async () => {
    expect(await found('Patient?identifier=M1')).toMatchObject([{ id: survivor }]);
    const both = await found('Patient?identifier=M2');
    expect(new Set(both.map(({ id }) => id))).toEqual(new Set([survivor, prior]));
    expect(await found('Patient?identifier=M2&active=true')).toMatchObject([{ id: survivor }]);
    const links = await found(`Patient?link=Patient/${survivor}`);
    expect(links).toMatchObject([{ id: prior, link: [{ type: 'replaced-by' }] }]);
  });

  it('finds all that was the prior’s with the survivor, and what came since', async () => {
    expect(await found(`Observation?patient=${survivor}`)).toHaveLength(2);
    expect(await found(`Patient/${survivor}/Encounter`)).toHaveLength(2);
    expect(await found(`Patient/${prior}/Observation`)).toEqual([]);
    const everything = await found(`Patient/${survivor}/$everything`);
    const types = everything.map(({ resourceType }) => resourceType);
    expect(types.filter((type) => type === 'Observation')).toHaveLength(2);
    const record = JSON.stringify(await found(`Patient/${survivor}/$crm-record`));
    const observations = await found(`Observation?patient=${survivor}`);
    for (const { id } of observations) expect(record).toContain(`Observation/${String(id)}`);
  });

  it('reads the prior by its id, and what it was', async () => {
    const answer = await running.call(`/fhir/Patient/${prior}`);
    expect(await answer.json()).toMatchObject({
      active: false,
      link: [{ other: { reference: `Patient/${survivor}` }, type: 'replaced-by' }],
    });
    const before = await running.call(`/fhir/Patient/${prior}/_history/1`);
    expect(await before.json()).toMatchObject({ active: true });
  });
});
