/**
 * Tables of tokens, texts, references and uris, worked from http://hl7.org/fhir/R4/search.html (token, string, reference,
 * uri): a search, and the ids of what it finds among `named`.
 */
const marital = 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus';
const loinc = 'http://loinc.org';
const base = 'http://weir.test/fhir';
const other = 'http://other.test/fhir';

interface Named {
  readonly resourceType: string;
  readonly id: string;
}

function patient(id: string, members: object): Named {
  return { resourceType: 'Patient', id, ...members };
}

function about(id: string, subject: object | undefined): Named {
  const members = { status: 'final', code: { coding: [{ system: loinc, code: 'A' }] } };
  return { resourceType: 'Observation', id, ...members, ...(subject ? { subject } : {}) };
}

function valueSet(id: string, url: string): Named {
  return { resourceType: 'ValueSet', id, url, status: 'active' } as Named;
}

export const named: readonly Named[] = [
  patient('with', {
    active: true,
    gender: 'female',
    identifier: [{ system: 'urn:a', value: 'X1' }],
    maritalStatus: { text: 'Happily Married', coding: [{ system: marital, code: 'M' }] },
    name: [{ family: 'Müller-Lüdenscheidt', given: ['Änne', 'Sofía'], prefix: ['Dr.'] }],
  }),
  patient('without', {
    active: false,
    gender: 'male',
    identifier: [{ value: 'X1' }],
    maritalStatus: { coding: [{ code: 'M', display: 'married' }] },
    name: [
      { text: 'Smith, John', family: 'Smith' },
      { family: 'van den Berg', given: ['Jo'] },
    ],
  }),
  patient('upper', {
    gender: 'female',
    identifier: [
      { system: 'urn:a', value: 'x1' },
      { system: 'urn:b', value: 'X1' },
    ],
    maritalStatus: {
      text: 'S',
      coding: [{ system: marital, code: 'S', display: 'Never Married' }],
    },
    name: [{ family: 'SMITHSON', given: ['JOHN'] }],
  }),
  patient('bar', {
    identifier: [{ system: 'urn:a', value: 'p|q,r$s\\t' }],
    name: [{ family: 'A,B' }],
  }),
  patient('none', {}),
  { resourceType: 'Group', id: '123', type: 'person', actual: true } as Named,
  patient('123', {}),
  about('relative', { reference: 'Patient/123' }),
  about('versioned', { reference: 'Patient/123/_history/2' }),
  about('local', { reference: `${base}/Patient/123` }),
  about('foreign', { reference: `${other}/Patient/123` }),
  about('group', { reference: 'Group/123' }),
  about('logical', { identifier: { system: 'urn:a', value: '123' } }),
  about('nobody', undefined),
  valueSet('v1', 'http://x.test/fhir/ValueSet/a'),
  valueSet('v2', 'http://x.test/fhir/ValueSet/a/b'),
  valueSet('v3', 'http://x.test/fhir/ValueSet/ab'),
  valueSet('v4', 'http://x.test/fhir/ValueSet/A'),
  valueSet('v5', 'urn:oid:1.2.3'),
  valueSet('v6', 'urn:oid:1.2.3.4'),
];

/** Search below the type, ids. */
type NameRow = readonly [search: string, ids: string];

export const tokenRows: readonly NameRow[] = [
  ['Patient?identifier=X1', 'upper with without'],
  ['Patient?identifier=x1', 'upper'],
  ['Patient?identifier=urn:a|X1', 'with'],
  ['Patient?identifier=urn:b|X1', 'upper'],
  ['Patient?identifier=urn:A|X1', ''],
  ['Patient?identifier=|X1', 'without'],
  ['Patient?identifier=|x1', ''],
  ['Patient?identifier=urn:a|', 'bar upper with'],
  ['Patient?identifier=urn:b|', 'upper'],
  ['Patient?identifier=urn:c|', ''],
  ['Patient?identifier=X', ''],
  ['Patient?identifier=urn:b|X1,|X1', 'upper without'],
  ['Patient?identifier=urn:a|&identifier=urn:b|', 'upper'],
  ['Patient?identifier=urn:a|p\\|q\\,r\\$s\\\\t', 'bar'],
  ['Patient?identifier:not=X1', '123 bar none'],
  ['Patient?identifier:not=urn:a|X1,|X1', '123 bar none upper'],
  ['Patient?identifier:missing=true', '123 none'],
  ['Patient?identifier:missing=false', 'bar upper with without'],
  ['Patient?gender=female', 'upper with'],
  ['Patient?gender=Female', ''],
  ['Patient?gender=http://hl7.org/fhir/administrative-gender|female', 'upper with'],
  ['Patient?gender=|female', ''],
  ['Patient?gender:not=female', '123 bar none without'],
  ['Patient?gender:not=female,male', '123 bar none'],
  ['Patient?active=true', 'with'],
  ['Patient?active=false', 'without'],
  ['Patient?active:not=true', '123 bar none upper without'],
  ['Observation?code=A', 'foreign group local logical nobody relative versioned'],
  ['Observation?code=a', ''],
  [`Observation?code=${loinc}|A`, 'foreign group local logical nobody relative versioned'],
  ['Observation?code=|A', ''],
];

export const stringRows: readonly NameRow[] = [
  ['Patient?family=müller', 'with'],
  ['Patient?family=Muller', 'with'],
  ['Patient?family=MULLER', 'with'],
  ['Patient?family=mu', 'with'],
  ['Patient?family=ller', ''],
  ['Patient?family=Lüdenscheidt', ''],
  ['Patient?family:contains=ludensch', 'with'],
  ['Patient?family:contains=LLER', 'with'],
  ['Patient?family:exact=Müller-Lüdenscheidt', 'with'],
  ['Patient?family:exact=Muller-Ludenscheidt', ''],
  ['Patient?family:exact=müller-lüdenscheidt', ''],
  ['Patient?family:exact=Müller', ''],
  ['Patient?family=smith', 'upper without'],
  ['Patient?family=smith,muller', 'upper with without'],
  ['Patient?family:exact=Smith', 'without'],
  ['Patient?family=Berg', ''],
  ['Patient?family=van den', 'without'],
  ['Patient?family=smith&family=van', 'without'],
  ['Patient?family=A\\,B', 'bar'],
  ['Patient?family=A,B', 'bar'],
  ['Patient?given=anne', 'with'],
  ['Patient?given=sofia', 'with'],
  ['Patient?given:exact=Sofía', 'with'],
  ['Patient?name=sof', 'with'],
  ['Patient?name=dr', 'with'],
  ['Patient?name=john', 'upper'],
  ['Patient?name:contains=john', 'upper without'],
  ['Patient?name=smith, j', 'upper without'],
  ['Patient?name=smith\\, j', 'without'],
  ['Patient?name=%25', ''],
  ['Patient?name=_', ''],
  ['Patient?name:missing=true', '123 none'],
];

/** `local` is stored as a whole address of this server: it is found by that only. */
export const referenceRows: readonly NameRow[] = [
  ['Observation?subject=123', 'group relative versioned'],
  ['Observation?subject=Patient/123', 'relative versioned'],
  [`Observation?subject=${base}/Patient/123`, 'local relative versioned'],
  [`Observation?subject=${other}/Patient/123`, 'foreign'],
  ['Observation?subject=Group/123', 'group'],
  ['Observation?subject:Patient=123', 'relative versioned'],
  ['Observation?subject:Group=123', 'group'],
  ['Observation?subject:Patient=Patient/123', 'relative versioned'],
  ['Observation?subject=Patient/123/_history/2', 'versioned'],
  ['Observation?subject=Patient/123/_history/1', ''],
  ['Observation?subject=Patient/12', ''],
  ['Observation?patient=123', 'relative versioned'],
  ['Observation?subject:identifier=urn:a|123', 'logical'],
  ['Observation?subject:identifier=123', 'logical'],
  ['Observation?subject:identifier=|123', ''],
  ['Observation?subject:missing=true', 'nobody'],
  ['Observation?subject=Patient/123,Group/123', 'group relative versioned'],
  ['Observation?subject=Patient/123&subject=Group/123', ''],
];

export const uriRows: readonly NameRow[] = [
  ['ValueSet?url=http://x.test/fhir/ValueSet/a', 'v1'],
  ['ValueSet?url=http://x.test/fhir/ValueSet/A', 'v4'],
  ['ValueSet?url=http://x.test/fhir/ValueSet/a/', ''],
  ['ValueSet?url=http://x.test/fhir/ValueSet', ''],
  ['ValueSet?url:below=http://x.test/fhir/ValueSet/a', 'v1 v2'],
  ['ValueSet?url:below=http://x.test/fhir/ValueSet', 'v1 v2 v3 v4'],
  ['ValueSet?url:above=http://x.test/fhir/ValueSet/a/b/c', 'v1 v2'],
  ['ValueSet?url=urn:oid:1.2.3', 'v5'],
  ['ValueSet?url:below=urn:oid:1.2.3', 'v5'],
  ['ValueSet?url=urn:oid:1.2.3,urn:oid:1.2.3.4', 'v5 v6'],
];
