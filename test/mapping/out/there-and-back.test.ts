import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IdentifiedResource } from '../../../src/fhir/resource.ts';
import { decodeFrame } from '../../../src/hl7v2/charset.ts';
import { encodeEscapes } from '../../../src/hl7v2/escape.ts';
import { defaultEncoding } from '../../../src/hl7v2/encoding.ts';
import { compose, parse, resourcesOf } from './out-fixture.ts';

/** Folders of fixtures/, the map that says their resource again, and its type. */
const folders: readonly (readonly [prefix: string, map: string, type: string])[] = [
  ['ADT', 'adt', 'Patient'],
  ['SIU', 'siu', 'Appointment'],
  ['ORU', 'oru', 'DiagnosticReport'],
  ['MDM', 'mdm', 'DocumentReference'],
];

const cases = folders.flatMap(([prefix, map, type]) =>
  readdirSync('fixtures')
    .filter((folder) => folder.startsWith(`${prefix}_`))
    .flatMap((folder) => readdirSync(join('fixtures', folder)).map((name) => join(folder, name)))
    .map((name) => ({ name, map, type })),
);

/** What HL7 v2 has no place for, or our own reading of it another one. */
const known: Readonly<Record<string, readonly string[]>> = {
  // A31, which goes out, has no word for a person who is no longer there.
  'ADT_A29/delete-person': [],
  'ADT_A48/change-alternate-number': ['Patient.identifier.use'],
  // The parent of a susceptibility, which the way out does not look for.
  'ORU_R01/microbiology-parent-child': [
    'Observation.derivedFrom.reference (2)',
    'Observation.derivedFrom.reference',
    'Observation.derivedFrom.display',
  ],
  // Who is to be reached at an employer goes out with the employer alone.
  'ADT_A01/organizations-and-places': [],
  // Documents that came as repetitions of one result.
  'ORU_R01/sub-ids-and-repetitions': [
    'DiagnosticReport.presentedForm.extension.valueCodeableConcept.coding.system',
    'DiagnosticReport.presentedForm.extension.valueCodeableConcept.coding.code',
    'DiagnosticReport.presentedForm.extension.valueCodeableConcept.text',
    'Observation.code.coding.system (2)',
    'Observation.code.coding.code (2)',
    'Observation.code.coding.display (2)',
    'Observation.issued (2)',
    'Observation.component.extension.valueAttachment.contentType (2)',
    'Observation.component.extension.valueAttachment.data (2)',
    'Observation.component.extension.valueAttachment.extension.valueCodeableConcept.coding.system',
    'Observation.component.extension.valueAttachment.extension.valueCodeableConcept.coding.code',
    'Observation.component.extension.valueAttachment.extension.valueCodeableConcept.text',
  ],
  // Samples of a curve go out in no field.
  'ORU_W01/waveform': [
    'Observation.valueSampledData.origin.value',
    'Observation.valueSampledData.period',
    'Observation.valueSampledData.dimensions',
    'Observation.valueSampledData.data',
  ],
  // A time that came in as nonsense goes out as that of the order.
  'ORU_R01/times-as-senders-say-them': [],
  'ORU_R01/value-types': [
    'Observation.dataAbsentReason.coding.system (2)',
    'Observation.dataAbsentReason.coding.code (2)',
    'Observation.dataAbsentReason.coding.display',
    // Repetitions of OBX-5 came in as parts of one result, and go out as results.
    'Observation.code.coding.system',
    'Observation.code.coding.code',
    'Observation.code.coding.display',
  ],
};

/** The same message again by way of FHIR: what it made before and after, and what was told as lost. */
async function thereAndBack(text: string, { map, type }: { map: string; type: string }) {
  const message = parse(text);
  const field = (number: number): string => message.segment('MSH')?.field(number).text ?? '';
  const others = resourcesOf(message);
  const both = [];
  for (const resource of ofType(others, type).filter(({ status }) => status !== 'superseded')) {
    const isNew = message.type === 'SIU^S12' || !message.type.startsWith('SIU');
    const before = { ...resource, status: 'booked', start: '2020-01-01T00:00:00Z' };
    const composed = await compose(map, resource, {
      others,
      destination: { sending: { application: field(3), facility: field(4) } },
      ...(isNew ? {} : { before }),
    });
    const back = resourcesOf(parse(decodeFrame(composed?.bytes ?? new Uint8Array()).text));
    const results = JSON.stringify(resource['result'] ?? []);
    const own = others.filter(({ id }) => results.includes(`"Observation/${id}"`));
    both.push({
      loss: composed?.loss,
      before: [resource, ...own].map(unnumbered),
      after: [...sameOf(back, resource), ...ofType(back, 'Observation')].map(unnumbered),
    });
  }
  return both;
}

function ofType(resources: readonly IdentifiedResource[], type: string) {
  return resources.filter(({ resourceType }) => resourceType === type);
}

/** Not the document that a new one replaces. */
function sameOf(
  resources: readonly IdentifiedResource[],
  { resourceType, ...own }: IdentifiedResource,
) {
  const name = JSON.stringify(own['masterIdentifier']);
  return ofType(resources, resourceType).filter(
    (one) => JSON.stringify(one['masterIdentifier']) === name,
  );
}

/** Without ids and the message it came by; references by their type alone. */
function unnumbered({ id: _, meta: __, ...resource }: IdentifiedResource): unknown {
  const text = JSON.stringify(resource).replace(/"([A-Z]\w+)\/r\d+"/g, '"$1"');
  // TXA-2 is a code alone.
  const { type, ...rest } = JSON.parse(text) as { type?: { coding?: { display?: string }[] } };
  if (resource.resourceType === 'DocumentReference') delete type?.coding?.[0]?.display;
  return { type, ...rest };
}

describe('v2 to FHIR to v2 to FHIR keeps', () => {
  it.each(cases)('$name', async ({ name, map, type }) => {
    const text = decodeFrame(readFileSync(join('fixtures', name, 'message.hl7'))).text;
    const both = await thereAndBack(text, { map, type });
    expect(both.flatMap(({ loss }) => loss)).toEqual(known[name] ?? []);
    if (known[name] !== undefined) return;
    for (const { before, after } of both) expect(after).toEqual(before);
  });

  const word = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .map((text) => text.replace(/[\p{C}\s"]+/gu, '').normalize())
    .filter((text) => text !== '');
  const escaped = word.map((text) => encodeEscapes(text, defaultEncoding));
  const digits = fc.integer({ min: 1, max: 99_999 }).map(String);

  it('any person', async () => {
    const person = fc.record({
      ids: fc.uniqueArray(digits, { minLength: 1, maxLength: 4 }),
      family: escaped,
      given: escaped,
      street: escaped,
      city: escaped,
      sex: fc.constantFrom('M', 'F', 'O', 'U'),
      born: fc.constantFrom('1980', '198002', '19800203', '19800203071500+0100'),
      use: fc.constantFrom('PRN^PH', 'PRN^CP', 'WPN^PH', 'WPN^FX'),
      phone: digits,
    });
    await fc.assert(
      fc.asyncProperty(person, async (said) => {
        const ids = said.ids.map((id, index) => `${id}^^^AUTH${String(index)}^MR`).join('~');
        const name = `${said.family}^${said.given}^^^^^L`;
        const address = `${said.street}^^${said.city}^^^^H`;
        const phone = `^${said.use}^^^^${said.phone}`;
        const work = said.use.startsWith('W') ? `|${phone}` : phone;
        const text = [
          'MSH|^~\\&|EHR|MERCY|WEIR|HUB|20260501100000+0000||ADT^A31^ADT_A05|1|P|2.5.1||||||UNICODE UTF-8',
          'EVN|A31|20260501100000+0000',
          `PID|1||${ids}||${name}||${said.born}|${said.sex}|||${address}||${work}`,
        ].join('\r');
        for (const { loss, before, after } of await thereAndBack(text, {
          map: 'adt',
          type: 'Patient',
        })) {
          expect(loss).toEqual([]);
          expect(after).toEqual(before);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('any result', async () => {
    const value = fc.oneof(
      fc.tuple(
        fc.constant('NM'),
        fc.integer({ min: -1000, max: 1000 }).map((n) => (n / 10).toFixed(1)),
      ),
      fc.tuple(fc.constant('SN'), fc.constantFrom('<^5', '>=^90', '^1^:^128', '^2^-^5')),
      fc.tuple(fc.constant('ST'), escaped),
      fc.tuple(
        fc.constant('TX'),
        fc.array(escaped, { minLength: 2, maxLength: 3 }).map((all) => all.join('~')),
      ),
      fc.tuple(
        fc.constant('CWE'),
        digits.map((code) => `${code}^Name^SCT`),
      ),
      fc.tuple(fc.constant('DT'), fc.constant('20260306')),
      fc.tuple(fc.constant('TS'), fc.constant('202603061015+0100')),
      fc.tuple(fc.constant('TM'), fc.constant('1015')),
    );
    const result = fc.record({
      value,
      flag: fc.constantFrom('', 'H', 'LL', 'A'),
      status: fc.constantFrom('F', 'P', 'C'),
      range: fc.constantFrom('', '3.5-5.1', '<10'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(result, { minLength: 1, maxLength: 6 }), async (results) => {
        const text = [
          'MSH|^~\\&|LIS|LAB|WEIR|HUB|20260501100000+0000||ORU^R01^ORU_R01|1|P|2.5.1||||||UNICODE UTF-8',
          'PID|1||M1^^^LAB^MR||Doe^Jo',
          'OBR|1|P1^EHR|F1^LAB|57021-8^Panel^LN|||20260501090000+0000|||||||||||||||20260501095900+0000||CH|F',
          ...results.map(({ value: [type, said], flag, status, range }, index) => {
            const unit = type === 'NM' || type === 'SN' ? 'mg/dL^mg/dL^UCUM' : '';
            const code = `C${String(index)}^Test^L`;
            return `OBX|${String(index + 1)}|${type}|${code}||${said}|${unit}|${range}|${flag}|||${status}`;
          }),
        ].join('\r');
        for (const { loss, before, after } of await thereAndBack(text, {
          map: 'oru',
          type: 'DiagnosticReport',
        })) {
          expect(loss).toEqual([]);
          expect(after).toEqual(before);
        }
      }),
      { numRuns: 150 },
    );
  });
});
