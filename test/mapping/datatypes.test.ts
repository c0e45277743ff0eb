import { describe, expect, it } from 'vitest';
import type { Conversion } from '../../src/mapping/datatypes/convert.ts';
import { builtInConverter } from '../../src/mapping/datatypes/registry.ts';
import { convert } from './convert-fixture.ts';
import { messageOf, msh } from './pack-fixture.ts';

function surname(part: string, valueString: string) {
  return { url: `http://hl7.org/fhir/StructureDefinition/humanname-${part}`, valueString };
}

function checkDigit(valueString: string) {
  return { url: 'http://hl7.org/fhir/StructureDefinition/identifier-checkDigit', valueString };
}

const grams = { unit: 'g/dl', system: 'http://unitsofmeasure.org', code: 'g/dL' };

/** How the sender wrote what became two numbers. */
const asReported = (text: string) => ({
  extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/originalText', valueString: text }],
});

describe('numbers', () => {
  it.each([
    ['NM[Quantity]', '13.2', { type: 'Quantity', value: { value: 13.2, ...grams } }],
    ['NM[Quantity]', '<5', { type: 'Quantity', value: { value: 5, comparator: '<', ...grams } }],
    ['NM[Quantity]', '+007', { type: 'Quantity', value: { value: 7, ...grams } }],
    ['NM[Quantity]', '1,5', { type: 'string', value: '1,5 g/dl' }],
    ['NM[Quantity]', '5 - 10', { type: 'string', value: '5 - 10 g/dl' }],
    ['SN[Quantity]', '^10', { type: 'Quantity', value: { value: 10, ...grams } }],
    [
      'SN[Quantity]',
      '>^100',
      { type: 'Quantity', value: { value: 100, comparator: '>', ...grams } },
    ],
    [
      'SN[Quantity]',
      '^1^:^128',
      {
        type: 'Ratio',
        value: {
          ...asReported('1:128'),
          numerator: { value: 1, ...grams },
          denominator: { value: 128, ...grams },
        },
      },
    ],
    [
      'SN[Quantity]',
      '^2^-^5',
      {
        type: 'Range',
        value: {
          ...asReported('2-5'),
          low: { value: 2, ...grams },
          high: { value: 5, ...grams },
        },
      },
    ],
    ['SN[Quantity]', '^2^+', { type: 'string', value: '2+ g/dl' }],
    ['SN[Quantity]', '<>^5', { type: 'string', value: '<>5 g/dl' }],
    [
      'SN[Quantity]',
      '>100',
      { type: 'Quantity', value: { value: 100, comparator: '>', ...grams } },
    ],
    [
      'SN[Quantity]',
      '10 - 20',
      {
        type: 'Range',
        value: {
          ...asReported('10-20'),
          low: { value: 10, ...grams },
          high: { value: 20, ...grams },
        },
      },
    ],
    ['SN[Quantity]', '>^1:128', { type: 'string', value: '>1:128 g/dl' }],
    ['SN[Quantity]', '2+', { type: 'string', value: '2+ g/dl' }],
    ['SN[Quantity]', '1.2.3', { type: 'string', value: '1.2.3 g/dl' }],
    [
      'CQ[Quantity]',
      '3^mL',
      {
        type: 'Quantity',
        value: { value: 3, unit: 'mL', system: 'http://unitsofmeasure.org', code: 'mL' },
      },
    ],
    [
      'NR[Range]',
      '2^5',
      { type: 'Range', value: { low: { value: 2, ...grams }, high: { value: 5, ...grams } } },
    ],
    ['NM[positiveInt]', '3', { type: 'positiveInt', value: 3 }],
    ['MO[Money]', '12.50^USD', { type: 'Money', value: { value: 12.5, currency: 'USD' } }],
    [
      'NA[SampledData]',
      '1^2^3.5',
      {
        type: 'SampledData',
        value: { origin: { value: 0 }, period: 0, dimensions: 1, data: '1 2 3.5' },
      },
    ],
  ])('%s of %s', (name, text, typed) => {
    expect(convert(name, text, { unit: 'g/dl' }).typed).toEqual(typed);
  });

  it('keeps the digits', () => {
    const message = messageOf(msh('ADT^A01'), 'PID|1||1.00');
    const element = message.segment('PID')?.field(3);
    const typed = element && builtInConverter('NM', 'decimal')?.(element, {} as Conversion);
    expect(JSON.stringify(typed?.value)).toBe('1.00');
  });

  it('warns of a number that is none, and leaves it out where text is not allowed', () => {
    expect(convert('NM[Quantity]', 'neg').remarks).toEqual([
      'warning: The value is not a number; it was kept as text',
    ]);
    expect(convert('NM[Quantity]', 'neg', { allows: ['Quantity'] })).toEqual({
      typed: null,
      remarks: ['warning: The value is not a number; it was left out'],
    });
    expect(convert('NM[positiveInt]', '0').typed).toBeNull();
  });

  it.each([
    ['mmol/l', { unit: 'mmol/l', system: 'http://unitsofmeasure.org', code: 'mmol/L' }],
    ['mg/dL^^UCUM', { unit: 'mg/dL', system: 'http://unitsofmeasure.org', code: 'mg/dL' }],
    ['furlong', { unit: 'furlong' }],
    ['^per box', { unit: 'per box' }],
  ])('unit %s', (unit, expected) => {
    expect(convert('NM[Quantity]', '1', { unit }).typed).toEqual({
      type: 'Quantity',
      value: { value: 1, ...expected },
    });
  });
});

describe('codes', () => {
  it.each([
    ['LN', 'http://loinc.org'],
    ['SCT', 'http://snomed.info/sct'],
    ['RXNORM', 'http://www.nlm.nih.gov/research/umls/rxnorm'],
    ['CVX', 'http://hl7.org/fhir/sid/cvx'],
    ['I10', 'http://hl7.org/fhir/sid/icd-10'],
    ['NDC', 'http://hl7.org/fhir/sid/ndc'],
    ['HL70001', 'http://terminology.hl7.org/CodeSystem/v2-0001'],
    ['2.16.840.1.113883.6.1', 'http://loinc.org'],
    ['2.16.840.1.113883.99.1', 'urn:oid:2.16.840.1.113883.99.1'],
    ['urn:mine', 'urn:mine'],
    ['L', 'urn:weir:codesystem:mercy:local'],
    ['99LAB', 'urn:weir:codesystem:mercy:99lab'],
  ])('system %s', (name, system) => {
    expect(convert('CWE[Coding]', `A^Text^${name}`).typed).toEqual({
      type: 'Coding',
      value: { system, code: 'A', display: 'Text' },
    });
  });

  it('keeps both triplets, the version and the text', () => {
    const text = '718-7^Hemoglobin^LN^HGB^Hb^L^2.7^^said so';
    expect(convert('CE[CodeableConcept]', text).typed).toMatchObject({
      value: {
        coding: [
          { system: 'http://loinc.org', version: '2.7', code: '718-7', display: 'Hemoglobin' },
          { system: 'urn:weir:codesystem:mercy:local', code: 'HGB', display: 'Hb' },
        ],
        text: 'said so',
      },
    });
  });

  it.each([
    ['CWE[CodeableConcept]', '^Free text', { text: 'Free text' }],
    ['IS[CodeableConcept]', 'M', { coding: [{ system: 'urn:s', code: 'M' }] }],
    ['ID[boolean]', 'Y', true],
    ['ID[boolean]', 'N', false],
    ['CWE[string]', 'A^Alpha', 'Alpha'],
    ['CWE[code]', 'A^Alpha', 'A'],
  ])('%s of %s', (name, text, value) => {
    expect(convert(name, text, { system: 'urn:s' }).typed).toMatchObject({ value });
  });
});

const phone = (parts: object) => ({ system: 'phone', ...parts });

describe('people, places and things', () => {
  it.each([
    [
      'CX[Identifier]',
      '12^^^MERCY^MR^^2020',
      {
        type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] },
        system: 'urn:a:MERCY',
        value: '12',
        period: { start: '2020' },
      },
    ],
    ['CX[Identifier]', '12', { system: 'urn:a:sender', value: '12' }],
    [
      'CX[Identifier]',
      '12^4^M11',
      { extension: [checkDigit('4')], system: 'urn:a:sender', value: '12' },
    ],
    [
      'XON[Identifier]',
      'Mercy^^77^5',
      { extension: [checkDigit('5')], system: 'urn:a:sender', value: '77' },
    ],
    [
      'XCN[Identifier]',
      '99^Welby^^^^^^^^^6^M10',
      { extension: [checkDigit('6')], system: 'urn:a:sender', value: '99' },
    ],
    ['EI[Identifier]', 'F1^LAB^1.2.3^ISO', { system: 'urn:a:LAB', value: 'F1' }],
    [
      'XPN[HumanName]',
      'Doe&van^Jane^Q^Jr^Dr^MD^L',
      {
        use: 'official',
        family: 'Doe',
        _family: { extension: [surname('own-prefix', 'van')] },
        given: ['Jane', 'Q'],
        prefix: ['Dr'],
        suffix: ['Jr', 'MD'],
      },
    ],
    [
      'XPN[HumanName]',
      'van Dam-de Wit&van&Dam&de&Wit^Jo^^^^^D^^^20200102&20210304',
      {
        use: 'usual',
        family: 'van Dam-de Wit',
        _family: {
          extension: [
            surname('own-prefix', 'van'),
            surname('own-name', 'Dam'),
            surname('partner-prefix', 'de'),
            surname('partner-name', 'Wit'),
          ],
        },
        given: ['Jo'],
        period: { start: '2020-01-02', end: '2021-03-04' },
      },
    ],
    [
      'XPN[HumanName]',
      'Doe^Jane^^^^^^^^20200102&20210304^^20220101',
      { family: 'Doe', given: ['Jane'], period: { start: '2022-01-01' } },
    ],
    ['XPN[string]', 'Doe^Jane', 'Jane Doe'],
    [
      'XCN[HumanName]',
      '99^Welby^Marcus^^^Dr',
      { family: 'Welby', given: ['Marcus'], prefix: ['Dr'] },
    ],
    [
      'XCN[Reference]',
      '99^Welby^Marcus^^^Dr^^^NPI',
      { identifier: { system: 'urn:a:NPI', value: '99' }, display: 'Dr Marcus Welby' },
    ],
    ['XCN[Reference]', '^Welby', { display: 'Welby' }],
    [
      'XON[Reference]',
      'Mercy^^77',
      { identifier: { system: 'urn:a:sender', value: '77' }, display: 'Mercy' },
    ],
    [
      'CWE[Reference]',
      'CSL^CSL Behring^MVX',
      {
        identifier: { system: 'http://hl7.org/fhir/sid/mvx', value: 'CSL' },
        display: 'CSL Behring',
      },
    ],
    ['CWE[Reference]', '^CSL Behring^MVX', { display: 'CSL Behring' }],
    ['CWE[Reference]', 'X1', { identifier: { value: 'X1' }, display: 'X1' }],
    [
      'PL[Reference]',
      'W^1^A^MERCY',
      { identifier: { system: 'urn:a:MERCY', value: 'MERCY-W-1-A' }, display: 'W, 1, A, MERCY' },
    ],
    [
      'XAD[Address]',
      '1 Main St&Main St&1^Flat 2^Town^ST^12345^USA^H',
      {
        use: 'home',
        line: ['1 Main St', 'Flat 2'],
        city: 'Town',
        state: 'ST',
        postalCode: '12345',
        country: 'USA',
      },
    ],
    [
      'XAD[Address]',
      '1000&Hospital Lane&1000 B^Ste 1^^^^^HV^^^^^20200102&20210304',
      {
        extension: [
          { url: 'http://hl7.org/fhir/StructureDefinition/iso21090-AD-use', valueCode: 'HV' },
        ],
        line: ['1000', 'Hospital Lane', '1000 B', 'Ste 1'],
        period: { start: '2020-01-02', end: '2021-03-04' },
      },
    ],
    ['XTN[ContactPoint]', '(555)555-1234', phone({ value: '(555)555-1234' })],
    ['XTN[ContactPoint]', '^PRN^CP^^^^^^^^^555 1234', phone({ value: '555 1234', use: 'mobile' })],
    [
      'XTN[ContactPoint]',
      '^NET^Internet^jane@example.org',
      { system: 'email', value: 'jane@example.org' },
    ],
    ['XTN[ContactPoint]', '^^^jane@example.org', { system: 'email', value: 'jane@example.org' }],
    ['XTN[ContactPoint]', '^WPN^FX^^^555^1234', { system: 'fax', value: '555 1234', use: 'work' }],
    ['HD[uri]', 'LAB^1.2^ISO', 'urn:a:LAB'],
    [
      'ED[Attachment]',
      '^application^pdf^Base64^SGk=',
      { contentType: 'application/pdf', data: 'SGk=' },
    ],
    ['ED[Attachment]', '^TEXT^^A^Hi', { contentType: 'text/plain', data: 'SGk=' }],
    ['ED[Attachment]', '^^PNG^Hex^4869', { contentType: 'image/png', data: 'SGk=' }],
    ['ED[Attachment]', '^^PNG^Base64^SG k', { contentType: 'image/png', data: 'SGk=' }],
    ['ED[Attachment]', '^^PDF^^SGk=', { contentType: 'application/pdf', data: 'SGk=' }],
    ['ED[Attachment]', '^TEXT^^^SGk=', { contentType: 'text/plain', data: 'U0drPQ==' }],
    [
      'RP[Attachment]',
      'https://x.example/1.pdf^^application^pdf',
      { contentType: 'application/pdf', url: 'https://x.example/1.pdf' },
    ],
    [
      'FT[Narrative]',
      'a < b',
      { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">a &lt; b</div>' },
    ],
  ])('%s of %s', (name, text, value) => {
    expect(convert(name, text).typed).toMatchObject({ value });
  });

  it('leaves out data that do not fit their encoding', () => {
    expect(convert('ED[Attachment]', '^application^pdf^Base64^%%%')).toEqual({
      typed: null,
      remarks: ['warning: The data do not fit the encoding that is named; they were left out'],
    });
  });

  it.each([
    ['XPN[HumanName]', 'Doe^Jane^^^^^^^^^F'],
    ['XCN[HumanName]', '99^Doe^Jane^^^^^^^^^^^^^^^G'],
  ])('%s has no code for the order of its parts, and says so', (name, text) => {
    expect(convert(name, text)).toEqual({
      typed: { type: 'HumanName', value: { family: 'Doe', given: ['Jane'] } },
      remarks: [
        "information: R4 has no code for the order of a name's parts (table 0444); it was left out",
      ],
    });
  });

  it.each([
    'CX[Identifier]',
    'XPN[HumanName]',
    'XAD[Address]',
    'XTN[ContactPoint]',
    'PL[Reference]',
    'ST[string]',
    'CWE[CodeableConcept]',
  ])('%s makes nothing of separators and blanks', (name) => {
    expect(convert(name, '^ ^').typed).toBeNull();
  });
});
