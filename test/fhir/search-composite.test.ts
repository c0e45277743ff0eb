import { describe, expect, it } from 'vitest';
import { resourceTypes, searchParameters } from '../../src/fhir/definitions.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import type { IndexEntry } from '../../src/fhir/search-ast.ts';
import { componentsOf } from '../../src/fhir/search-composite.ts';
import { extractIndex } from '../../src/fhir/search-extract.ts';
import { limits } from '../../src/limits.ts';

const loinc = 'http://loinc.org';
const ucum = 'http://unitsofmeasure.org';

function entriesOf(resource: Resource, param: string): readonly IndexEntry[] {
  return extractIndex(resource).filter((entry) => entry.param === param);
}

/** Each entry as text, a part after the other. */
function tuples(resource: Resource, param: string): readonly string[] {
  return entriesOf(resource, param).map((entry) =>
    entry.kind === 'composite' ? entry.parts.map(partText).join(' $ ') : entry.kind,
  );
}

function partText(
  part: Extract<IndexEntry, { readonly kind: 'composite' }>['parts'][number],
): string {
  switch (part.kind) {
    case 'token':
      return `${part.system ?? ''}|${part.code}`;
    case 'quantity':
      return `${String(part.value)} ${part.code ?? ''}`;
    case 'ucum':
      return `${String(part.value)} ${part.unit}`;
    case 'string':
      return part.exact;
    case 'number':
      return String(part.value);
    case 'date':
      return `${new Date(part.lo).toISOString()}..${new Date(part.hi).toISOString()}`;
    case 'reference':
      return `${part.type ?? ''}/${part.id ?? ''}`;
    default:
      return part.kind;
  }
}

const pressure: Resource = {
  resourceType: 'Observation',
  code: { coding: [{ system: loinc, code: '85354-9', display: 'Blood pressure' }], text: 'BP' },
  component: [
    {
      code: { coding: [{ system: loinc, code: '8480-6' }, { code: 'sys' }] },
      valueQuantity: { value: 120, system: ucum, code: 'mm[Hg]', unit: 'mmHg' },
    },
    { code: { coding: [{ system: loinc, code: '8462-4' }] }, valueQuantity: { value: 80 } },
    { code: { coding: [{ system: loinc, code: 'none' }] } },
  ],
};

describe('composites', () => {
  it('hold together what stands in one element', () => {
    const expected = [
      'http://loinc.org|8480-6 $ 120 mm[Hg]',
      'http://loinc.org|8480-6 $ 15998640 g.m-1.s-2',
      '|sys $ 120 mm[Hg]',
      '|sys $ 15998640 g.m-1.s-2',
      'http://loinc.org|8462-4 $ 80 ',
    ];
    expect(tuples(pressure, 'component-code-value-quantity')).toEqual(expected);
    expect(tuples(pressure, 'combo-code-value-quantity')).toEqual(expected);
    expect(tuples(pressure, 'code-value-quantity')).toEqual([]);
  });

  it.each<readonly [string, Record<string, unknown>, readonly string[]]>([
    ['code-value-concept', { valueCodeableConcept: { coding: [{ code: 'y' }] } }, ['|x $ |y']],
    ['code-value-string', { valueString: 'Wien' }, ['|x $ Wien']],
    [
      'code-value-date',
      { valueDateTime: '2020-01-02' },
      ['|x $ 2020-01-02T00:00:00.000Z..2020-01-03T00:00:00.000Z'],
    ],
    [
      'code-value-date',
      { valuePeriod: { start: '2020', end: '2020' } },
      ['|x $ 2020-01-01T00:00:00.000Z..2021-01-01T00:00:00.000Z'],
    ],
    ['code-value-quantity', { valueString: 'Wien' }, []],
    [
      'combo-code-value-concept',
      { valueCodeableConcept: { coding: [{ code: 'y' }] } },
      ['|x $ |y'],
    ],
  ])('%s', (param, value, expected) => {
    const code = { coding: [{ code: 'x', display: 'X' }] };
    expect(tuples({ resourceType: 'Observation', code, ...value }, param)).toEqual(expected);
  });

  it('take a part from the resource where the definition says so', () => {
    const sequence: Resource = {
      resourceType: 'MolecularSequence',
      referenceSeq: {
        chromosome: { coding: [{ code: '7' }] },
        referenceSeqId: { coding: [{ code: 'NC_000007' }] },
        windowStart: 10,
        windowEnd: 20,
      },
      variant: [{ start: 11, end: 12 }, { start: 15 }],
    };
    expect(tuples(sequence, 'chromosome-variant-coordinate')).toEqual(['|7 $ 11 $ 12']);
    expect(tuples(sequence, 'referenceseqid-window-coordinate')).toEqual(['|NC_000007 $ 10 $ 20']);
  });

  it('pair the relation of a document with its target', () => {
    const document: Resource = {
      resourceType: 'DocumentReference',
      relatesTo: [
        { code: 'replaces', target: { reference: 'DocumentReference/1' } },
        { code: 'signs', target: { reference: 'DocumentReference/2' } },
      ],
    };
    expect(tuples(document, 'relationship')).toEqual([
      'DocumentReference/1 $ http://hl7.org/fhir/document-relationship-type|replaces',
      'DocumentReference/2 $ http://hl7.org/fhir/document-relationship-type|signs',
    ]);
  });

  it('read characteristics and use contexts', () => {
    const characteristic = [
      { code: { coding: [{ code: 'gender' }] }, valueCodeableConcept: { coding: [{ code: 'm' }] } },
      { code: { coding: [{ code: 'pregnant' }] }, valueBoolean: false },
    ];
    const group = tuples({ resourceType: 'Group', characteristic }, 'characteristic-value');
    expect(group.map((text) => text.replace(/http.*\//, ''))).toEqual([
      '|gender $ |m',
      '|pregnant $ special-values|false',
    ]);
    const useContext = [
      { code: { code: 'age' }, valueRange: { low: { value: 1 }, high: { value: 3 } } },
    ];
    const [entry] = entriesOf(
      { resourceType: 'Questionnaire', useContext },
      'context-type-quantity',
    );
    expect(entry).toMatchObject({ parts: [{ code: 'age' }, { lo: 1, hi: 3 }] });
  });

  it('are bounded', () => {
    const coding = Array.from({ length: 60 }, (_, n) => ({ code: String(n) }));
    const many = {
      resourceType: 'Observation',
      code: { coding },
      valueCodeableConcept: { coding },
    };
    expect(tuples(many, 'code-value-concept')).toHaveLength(limits.compositeEntriesMax);
  });

  it('are made of known parameters, all of them', () => {
    const composites = resourceTypes().flatMap((type) =>
      [...searchParameters(type).values()]
        .filter((definition) => definition.type === 'composite')
        .map((definition) => ({ type, definition })),
    );
    expect(composites.length).toBeGreaterThan(60);
    for (const { type, definition } of composites) {
      const parts = componentsOf(type, definition);
      expect([type, definition.code, parts?.length]).toEqual([
        type,
        definition.code,
        definition.component?.length,
      ]);
      expect(parts?.length).toBeGreaterThan(1);
    }
  });
});

describe('entries beside the plain ones', () => {
  it('a quantity is there in canonical units too, if its unit is of UCUM', () => {
    const weight = (value: object) =>
      entriesOf({ resourceType: 'Observation', valueQuantity: value }, 'value-quantity');
    expect(weight({ value: 70, comparator: '>', system: ucum, code: 'kg' })).toEqual([
      expect.objectContaining({ kind: 'quantity', lo: 70, hi: Infinity, code: 'kg' }),
      { kind: 'ucum', param: 'value-quantity', value: 70_000, lo: 70_000, hi: Infinity, unit: 'g' },
    ]);
    expect(weight({ value: 70, code: 'kg' })).toHaveLength(1);
    expect(weight({ value: 70, system: ucum, code: 'kilo' })).toHaveLength(1);
    expect(weight({ value: 70, system: ucum })).toHaveLength(1);
  });

  it('a token has its texts, once', () => {
    const code = { coding: [{ code: 'a', display: 'Blood Pressure' }], text: 'blood pressure' };
    expect(entriesOf({ resourceType: 'Observation', code }, 'code')).toEqual([
      { kind: 'string', param: 'code', folded: 'blood pressure', exact: 'blood pressure' },
      { kind: 'token', param: 'code', system: null, code: 'a' },
    ]);
  });

  it('an identifier is found by its type', () => {
    const type = {
      coding: [{ system: 'http://v2-0203', code: 'MR' }, { code: 'X' }],
      text: 'Record',
    };
    const patient = { resourceType: 'Patient', identifier: [{ type, system: 's', value: '1' }] };
    expect(entriesOf(patient, 'identifier:of-type')).toEqual([
      { kind: 'token', param: 'identifier:of-type', system: 'http://v2-0203|MR', code: '1' },
      { kind: 'token', param: 'identifier:of-type', system: '|X', code: '1' },
    ]);
    expect(entriesOf(patient, 'identifier')).toEqual([
      { kind: 'token', param: 'identifier', system: 's', code: '1' },
      { kind: 'string', param: 'identifier', folded: 'record', exact: 'record' },
    ]);
  });

  it('a place has its position, if it is one on earth', () => {
    const place = (position: object) => entriesOf({ resourceType: 'Location', position }, 'near');
    expect(place({ latitude: 48.2, longitude: 16.37 })).toEqual([
      { kind: 'position', param: 'near', latitude: 48.2, longitude: 16.37 },
    ]);
    expect(place({ latitude: 91, longitude: 0 })).toEqual([]);
    expect(place({ latitude: 0 })).toEqual([]);
  });
});
