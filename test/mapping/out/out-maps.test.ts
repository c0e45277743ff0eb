import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../../src/hl7v2/charset.ts';
import { groupSegments } from '../../../src/hl7v2/grammar.ts';
import type { IdentifiedResource } from '../../../src/fhir/resource.ts';
import { composer, Uncomposed } from '../../../src/feed/destination/compose.ts';
import { readOutMaps } from '../../../src/mapping/out/read-out-maps.ts';
import { openMemoryStore } from '../../../src/store/memory.ts';
import { destinationTo } from '../../feed/destination/destination-fixture.ts';
import { compose, linesOf, outFiles, parse } from './out-fixture.ts';

const patient: IdentifiedResource = {
  resourceType: 'Patient',
  id: 'p1',
  identifier: [
    { system: 'urn:smh', value: '77', type: coded('v2-0203', 'MR') },
    { system: 'urn:oid:2.16.840.1', value: 'X1' },
    { system: 'https://ssn.example', value: '9', period: { end: '2030-01-01' } },
  ],
  name: [
    { use: 'official', family: 'Doe', given: ['Jo', 'A.'], suffix: ['Jr.', 'MD'], prefix: ['Dr.'] },
  ],
  gender: 'female',
  birthDate: '1980',
  address: [
    {
      use: 'home',
      line: ['1 Main St', 'Apt 2'],
      city: 'Rome',
      postalCode: '00100',
      country: 'ITA',
    },
  ],
  telecom: [
    { system: 'phone', use: 'mobile', value: '555' },
    { system: 'email', value: 'jo@example.org' },
    { system: 'phone', use: 'work', value: '556' },
  ],
  maritalStatus: {
    coding: [
      { system: 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus', code: 'M' },
      { system: 'http://terminology.hl7.org/CodeSystem/v2-0002', code: 'M', display: 'Married' },
    ],
  },
  deceasedBoolean: false,
};

function coded(table: string, code: string): object {
  return { coding: [{ system: `http://terminology.hl7.org/CodeSystem/${table}`, code }] };
}

async function valueOf(value: object, version = '2.5.1'): Promise<readonly string[]> {
  const others: IdentifiedResource[] = [
    patient,
    {
      resourceType: 'Observation',
      id: 'o1',
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '1-8', display: 'Test' }] },
      ...value,
    },
  ];
  const report = {
    resourceType: 'DiagnosticReport',
    id: 'r1',
    status: 'final',
    code: { text: 'Panel' },
    subject: { reference: 'Patient/p1' },
    result: [{ reference: 'Observation/o1' }],
  };
  const composed = await compose('oru', report, { others, destination: { version } });
  return (linesOf(composed).find((line) => line.startsWith('OBX')) ?? '').split('|');
}

describe('the value of a result', () => {
  const mg = { unit: 'mg/dL', system: 'http://unitsofmeasure.org', code: 'mg/dL' };
  it.each([
    [{ valueQuantity: { value: 1.5, ...mg } }, 'NM', '1.5', 'mg/dL^mg/dL^UCUM'],
    [{ valueQuantity: { value: 5, comparator: '<', unit: 'U' } }, 'SN', '<^5', 'U'],
    [
      { valueRange: { low: { value: 2, ...mg }, high: { value: 5, ...mg } } },
      'SN',
      '^2^-^5',
      'mg/dL^mg/dL^UCUM',
    ],
    [
      { valueRatio: { numerator: { value: 1 }, denominator: { value: 128 } } },
      'SN',
      '^1^:^128',
      '',
    ],
    [{ valueInteger: 7 }, 'NM', '7', undefined],
    [{ valueBoolean: true }, 'ID', 'Y', undefined],
    [{ valueString: 'a|b^c' }, 'ST', 'a\\F\\b\\S\\c', undefined],
    [{ valueString: 'one\ntwo' }, 'TX', 'one~two', undefined],
    [{ valueCodeableConcept: coded('v2-0136', 'Y') }, 'CWE', 'Y^^HL70136', undefined],
    [{ valueDateTime: '2026-03' }, 'DT', '202603', undefined],
    [{ valueDateTime: '2026-03-04T05:06:07.25+01:00' }, 'TS', '20260304050607.25+0100', undefined],
    [{ valueTime: '10:15:00' }, 'TM', '101500', undefined],
    [
      { valuePeriod: { start: '2026-03-04', end: '2026-03-05' } },
      'DR',
      '20260304^20260305',
      undefined,
    ],
  ] as const)('%j', async (value, type, text, unit) => {
    const obx = await valueOf(value);
    expect([obx[2], obx[5], obx[6]]).toEqual([type, text, unit ?? '']);
  });

  it('goes by the version of the receiver', async () => {
    const value = { valueCodeableConcept: coded('v2-0136', 'Y') };
    expect((await valueOf(value, '2.4'))[2]).toBe('CE');
    expect((await valueOf({ valueDateTime: '2026-03-04T05:06:07Z' }, '2.7'))[2]).toBe('DTM');
  });

  it('has flags, range, status, and a note of its own', async () => {
    const obx = await valueOf({
      status: 'corrected',
      valueQuantity: { value: 6.9 },
      interpretation: [coded('v2-0078', 'HH')],
      referenceRange: [{ low: { value: 3.5 }, high: { value: 5.1 } }],
      effectiveDateTime: '2026-03-04T08:10:00+01:00',
    });
    expect([obx[7], obx[8], obx[11], obx[14]]).toEqual([
      '3.5-5.1',
      'HH',
      'C',
      '20260304081000+0100',
    ]);
  });
});

it('a person, with every identifier and its authority', async () => {
  const composed = await compose('adt', patient, {
    destination: { authorities: new Map([['SMH', 'urn:smh']]) },
  });
  expect(linesOf(composed)[1]).toBe(
    'PID|1||77^^^SMH^MR~X1^^^&2.16.840.1&ISO~9^^^&https://ssn.example&URI^^^^20300101||' +
      'Doe^Jo^A.^Jr.^Dr.^MD^L||1980|F|||1 Main St^Apt 2^Rome^^00100^ITA^H||' +
      '555^PRN^CP^^^^^^^^^555~^NET^Internet^jo@example.org|556^WPN^PH^^^^^^^^^556||' +
      'M^Married^HL70002^M^^http://terminology.hl7.org/CodeSystem/v3-MaritalStatus||||||||||||||N',
  );
});

it('a document: a segment for each line, a file as ED, an address as RP', async () => {
  const attachment = (change: object) => ({ attachment: change });
  const document = {
    resourceType: 'DocumentReference',
    id: 'd1',
    status: 'current',
    docStatus: 'final',
    masterIdentifier: { system: 'urn:weir:authority:NG', value: 'DOC-1' },
    type: {
      coding: [{ system: 'http://loinc.org', code: '18842-5', display: 'Discharge summary' }],
    },
    content: [
      attachment({
        contentType: 'text/plain',
        data: Buffer.from('Grüße\nEnde').toString('base64'),
      }),
      attachment({ contentType: 'application/pdf', data: 'JVBERi0=' }),
      attachment({ contentType: 'application/pdf', url: 'https://docs.example/1.pdf' }),
    ],
  };
  const lines = linesOf(await compose('mdm', document));
  expect(lines.slice(2)).toEqual([
    'TXA|1|18842-5|TX|||||||||DOC-1^NG|||||AU||AV',
    'OBX|1|TX|18842-5^Discharge summary^LN||Grüße||||||F',
    'OBX|2|TX|18842-5^Discharge summary^LN||Ende||||||F',
    'OBX|3|ED|18842-5^Discharge summary^LN||^application^pdf^Base64^JVBERi0=||||||F',
    'OBX|4|RP|18842-5^Discharge summary^LN||https://docs.example/1.pdf^^application^pdf||||||F',
  ]);
});

it('an appointment with a doctor, a room and a device', async () => {
  const others: IdentifiedResource[] = [
    patient,
    {
      resourceType: 'Practitioner',
      id: 'd',
      identifier: [{ value: '7', system: 'urn:weir:authority:NG' }],
      name: [{ family: 'Ito', given: ['Ken'] }],
    },
    { resourceType: 'Location', id: 'l', name: 'Room 5' },
  ];
  const actor = (reference: string, more: object = {}) => ({
    actor: { reference, ...more },
    status: 'accepted',
  });
  const appointment = {
    resourceType: 'Appointment',
    id: 'a1',
    status: 'booked',
    start: '2026-05-01T08:00:00Z',
    end: '2026-05-01T08:30:00Z',
    minutesDuration: 30,
    participant: [
      actor('Patient/p1'),
      {
        ...actor('Practitioner/d'),
        period: { start: '2026-05-01T08:00:00Z', end: '2026-05-01T08:20:00Z' },
      },
      actor('Location/l'),
      actor('Device/x', { display: 'Scanner' }),
    ],
  };
  const composed = await compose('siu', appointment, { others });
  const lines = linesOf(composed).filter((line) => !line.startsWith('PID'));
  expect(lines).toEqual([
    'SCH||a1^HUB|||||||30|min^minute^UCUM|^^30^20260501080000+0000^20260501083000+0000||||||||||||||Booked^^HL70278',
    'RGS|1|A|a1',
    // It was never stored here: what the reference says is said.
    'AIG|1|A|^Scanner',
    'AIL|1|A|Room 5',
    'AIP|1|A|7^Ito^Ken^^^^^^NG|||20260501080000+0000|||20|min^minute^UCUM',
  ]);
  expect(composed?.loss).toEqual([]);
});

describe('messages stand as HL7 wants them', () => {
  const report = {
    resourceType: 'DiagnosticReport',
    id: 'r1',
    status: 'final',
    code: { text: 'Panel' },
    subject: { reference: 'Patient/p1' },
    conclusion: 'All is well',
  };
  const document = { resourceType: 'DocumentReference', id: 'd', status: 'current', content: [] };
  const appointment = {
    resourceType: 'Appointment',
    id: 'a',
    status: 'booked',
    comment: 'note',
    participant: [{ actor: { reference: 'Patient/p1' }, status: 'accepted' }],
    serviceType: [{ text: 'visit' }],
  };
  it.each([
    ['adt', patient],
    ['oru', report],
    ['mdm', { ...document, subject: { reference: 'Patient/p1' } }],
    ['siu', appointment],
  ] as const)('%s', async (map, resource) => {
    const composed = await compose(map, resource, { others: [patient] });
    const issues: unknown[] = [];
    const message = parse(decodeFrame(composed?.bytes ?? new Uint8Array()).text);
    groupSegments(message, (issue) => issues.push(issue));
    expect(issues).toEqual([]);
  });
});

describe('a map of the site', () => {
  const site = (text: string) => readOutMaps([...outFiles, { path: 'site/x.out.yaml', text }]);

  it('is laid over the program’s, key by key', async () => {
    const { maps, issues } = site(`out: siu
events: { changed: null }
segments:
  sch: { set: { 5: { const: MERCY-GRP } } }
  zap: { before: pid, segment: ZAP, set: { 1: { from: created, as: DTM } } }
`);
    expect(issues).toEqual([]);
    const current = {
      resourceType: 'Appointment',
      id: 'a',
      status: 'booked',
      created: '2026-05-01',
      participant: [],
    };
    const change = { current, at: new Date(0), reference: 'Appointment/a/_history/1' };
    const run = composer(openMemoryStore(), maps);
    const wanted = { destination: destinationTo(1), rule: { map: 'siu' }, id: '1' };
    const composed = await run(change, wanted);
    expect(linesOf(composed)).toEqual(expect.arrayContaining(['ZAP|20260501']));
    expect(linesOf(composed)[0]).toMatch(/^SCH\|\|a\^HUB\|\|\|MERCY-GRP\|/);
    const before = { ...current, comment: 'old' };
    expect(await run({ ...change, before }, wanted)).toBeUndefined();
  });

  it.each([
    ['out: x', '1:1 An out-map says for which `resource` it is'],
    ['foo: x', '1:1 The file begins with `out: NAME` or `outSegment: NAME`'],
    ['out: adt\nevent: x', '2:1 `event` is no key of an out-map; did you mean `events`?'],
    ['out: adt\nevents: { a: { event: A31 } }', '2:23 `event` is MSH-9 such as ADT^A31^ADT_A05'],
    [
      'out: adt\nevents: { a: { event: ADT^A31^ADT_A05, when: "= x" } }',
      '2:46 `= x` is not a condition, such as `status = booked`',
    ],
    ['out: adt\nsegments: { x: { segment: QQQ } }', '2:27 `x` says no segment of HL7 v2'],
    [
      'out: adt\nsegments: { x: { use: PIX } }',
      '2:23 There is no outSegment `PIX`; did you mean `PID`?',
    ],
    [
      'out: adt\nsegments: { x: { segment: PV2, set: { a: b } } }',
      '2:39 `a` is no number of a field',
    ],
    [
      'out: adt\nsegments: { x: { segment: PV2, set: { 3: "a..b" } } }',
      '2:42 `a..b` is not a path such as name[use=official].family',
    ],
    [
      'out: adt\nsegments: { x: { segment: PV2, set: { 3: { from: a, as: QX } } } }',
      /^2:57 Nothing is written as `QX`/,
    ],
    [
      'out: adt\nsegments: { x: { segment: PV2, set: { 3: { from: a, table: sax } } } }',
      /^2:60 There is no table `sax`/,
    ],
    [
      'out: adt\nsegments: { x: { segment: PV2, set: { 3: { from: a, each: b } } } }',
      '2:42 A field has one of from, each, const, auto, subId',
    ],
    [
      'out: adt\ntables: { t: { a: b } }',
      '2:11 Table `t` is a map of codes with an `else`: keep, drop or a code',
    ],
    [
      'out: adt\nsegments: { x: { segment: PV2, before: nobody } }',
      '2:40 There is no slot `nobody` before this one',
    ],
  ] as const)('%j is told with its place', (text, wanted) => {
    const found = site(text).issues.map(
      ({ line, column, message }) => `${line}:${column} ${message}`,
    );
    expect(
      found.some((each) => (typeof wanted === 'string' ? each === wanted : wanted.test(each))),
      found.join('\n'),
    ).toBe(true);
  });
});

it('a shape that no map foresaw is a fault of one message', async () => {
  const odd = { ...patient, name: [{ family: 'x', given: 7 as never }], telecom: 5 as never };
  const hostile = Object.defineProperty({ ...odd }, 'gender', {
    enumerable: true,
    get: () => {
      throw new Error('hostile');
    },
  });
  await expect(compose('adt', hostile)).rejects.toThrow(Uncomposed);
  expect(linesOf(await compose('adt', odd))[1]).toContain('|x^7|');
});
