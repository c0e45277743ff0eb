import { hash } from 'node:crypto';
import type { IndexEntry, ValueEntry, WithoutParam } from '../../src/fhir/search-ast.ts';
import type { IdentifiedResource } from '../../src/fhir/resource.ts';
import type { Change, Commit } from '../../src/store/store.ts';

/**
 * A population like Synthea's: 2.0 KB a resource on average, 39 % of them Observations, some 15 search values each,
 * random ids, few patients with most of the data and few codes in most of it. Every resource is a function of its number, so that
 * a search can ask for values that are there.
 */

interface Kind {
  readonly type: string;
  /** Of a thousand. */
  readonly share: number;
  readonly bodyBytes: number;
}

const kinds: readonly Kind[] = [
  { type: 'Observation', share: 390, bodyBytes: 1_250 },
  { type: 'Procedure', share: 150, bodyBytes: 1_150 },
  { type: 'Claim', share: 110, bodyBytes: 2_700 },
  { type: 'ExplanationOfBenefit', share: 110, bodyBytes: 6_100 },
  { type: 'DiagnosticReport', share: 90, bodyBytes: 1_850 },
  { type: 'Encounter', share: 70, bodyBytes: 1_550 },
  { type: 'Condition', share: 50, bodyBytes: 1_250 },
  { type: 'MedicationRequest', share: 30, bodyBytes: 1_550 },
];

const resourcesPerPatient = 100;
const codes = 100;
const day = 86_400_000;
const firstDay = Date.UTC(2016, 0, 1);
/** The span of all dates. */
export const days = { first: firstDay, last: firstDay + 3_650 * day };
export const systems = { loinc: 'http://loinc.org', identifier: 'https://synthetichealth.org' };

/** What a search may ask for of the resource with this number. */
export interface Traits {
  readonly n: number;
  readonly type: string;
  readonly id: string;
  readonly patient: number;
  readonly code: string;
  readonly at: number;
  readonly value: number;
}

export function traitsOf(n: number): Traits {
  const isPatient = n % resourcesPerPatient === 0;
  const patients = Math.floor(n / resourcesPerPatient) + 1;
  const patient = isPatient ? patients - 1 : Math.floor(patients * chance(n, 1) ** 2);
  return {
    n,
    type: isPatient ? 'Patient' : kindAt(chance(n, 2) * 1_000).type,
    id: isPatient ? patientId(patient) : randomId(`resource ${n}`),
    patient,
    code: `${1_000 + Math.floor(codes * chance(n, 3) ** 3)}-1`,
    at: firstDay + Math.floor(chance(n, 4) * 3_650 * day),
    value: Math.floor(chance(n, 5) * 2_000) / 10,
  };
}

export const patientId = (patient: number): string => randomId(`patient ${patient}`);
/** Two patients share a name, whatever the size. */
export const familyName = (patient: number): string => `Family${patient >> 1}-`;

/** One resource as its source would commit it. */
export function changeOf(n: number): Change {
  const traits = traitsOf(n);
  const { type, id } = traits;
  const content = type === 'Patient' ? patientContent(traits) : clinicalContent(traits);
  const bytes = kinds.find((kind) => kind.type === type)?.bodyBytes ?? 2_000;
  const resource: IdentifiedResource = { resourceType: type, id, ...content };
  const missing = Math.max(0, bytes - JSON.stringify(resource).length - 90);
  const text = { status: 'generated', div: narrative(missing) };
  const index = type === 'Patient' ? patientEntries(traits) : clinicalEntries(traits);
  return { op: 'put', resource: { ...resource, text }, index };
}

/** Resources `from` to `to` in one commit, as one Bundle brings them. */
export function bundleOf(from: number, to: number): Commit {
  const changes = Array.from({ length: to - from }, (_, at) => changeOf(from + at));
  return { now: new Date(days.last), origin: 'bench', changes };
}

function patientContent({ n, id, patient }: Traits): Record<string, unknown> {
  return {
    identifier: [{ system: systems.identifier, value: id }],
    name: [{ family: familyName(patient), given: [`Given${n % 900}`] }],
    birthDate: new Date(firstDay - (patient % 30_000) * day).toISOString().slice(0, 10),
    gender: n % 200 === 0 ? 'female' : 'male',
  };
}

function clinicalContent({ n, patient, code, at, value }: Traits): Record<string, unknown> {
  return {
    identifier: [{ system: systems.identifier, value: String(n) }],
    status: 'final',
    category: [{ coding: [{ system: 'urn:category', code: 'laboratory' }] }],
    code: { coding: [{ system: systems.loinc, code, display: `Test ${code}` }] },
    subject: { reference: `Patient/${patientId(patient)}` },
    encounter: { reference: `Encounter/${encounterId(n)}` },
    effectiveDateTime: new Date(at).toISOString(),
    valueQuantity: { value, unit: 'mg/dL', system: 'http://unitsofmeasure.org', code: 'mg/dL' },
  };
}

function patientEntries({ n, id, patient }: Traits): IndexEntry[] {
  const [family, given] = [familyName(patient), `Given${n % 900}`];
  const born = firstDay - (patient % 30_000) * day;
  return [
    token('identifier', systems.identifier, id),
    ...['name', 'family', 'phonetic'].map((param) => text(param, family)),
    ...['name', 'given'].map((param) => text(param, given)),
    token('gender', 'http://hl7.org/fhir/administrative-gender', 'female'),
    token('active', null, 'true'),
    token('deceased', null, 'false'),
    token('language', 'urn:ietf:bcp:47', 'en'),
    ...['address', 'address-city'].map((param) => text(param, `Town${n % 300}`)),
    text('address-postalcode', String(10_000 + (n % 5_000))),
    token('phone', null, `555-${n}`),
    { kind: 'date', param: 'birthdate', lo: born, hi: born + day },
  ];
}

function clinicalEntries({ n, patient, code, at, value }: Traits): IndexEntry[] {
  const quantity = { lo: value, hi: value, value } as const;
  const number = {
    kind: 'quantity',
    ...quantity,
    system: 'http://unitsofmeasure.org',
    code: 'mg/dL',
    unit: 'mg/dL',
  } as const;
  const coded = { kind: 'token', system: systems.loinc, code } as const;
  return [
    token('identifier', systems.identifier, String(n)),
    token('status', 'http://hl7.org/fhir/observation-status', 'final'),
    token('category', 'urn:category', 'laboratory'),
    { ...coded, param: 'code' },
    { ...coded, param: 'combo-code' },
    token('method', 'urn:method', String(n % 7)),
    reference('subject', 'Patient', patientId(patient)),
    reference('patient', 'Patient', patientId(patient)),
    reference('encounter', 'Encounter', encounterId(n)),
    reference('performer', 'Practitioner', randomId(`practitioner ${n % 400}`)),
    { kind: 'date', param: 'date', lo: at, hi: at + 1_000 },
    { ...number, param: 'value-quantity' },
    { kind: 'ucum', param: 'value-quantity', ...quantity, unit: 'g.m-3' },
    { ...number, param: 'combo-value-quantity' },
    { kind: 'composite', param: 'code-value-quantity', parts: parts(coded, number) },
  ];
}

function parts(...of: readonly WithoutParam<ValueEntry>[]): readonly WithoutParam<ValueEntry>[] {
  return of;
}

function token(param: string, system: string | null, code: string): IndexEntry {
  return { kind: 'token', param, system, code };
}

function text(param: string, exact: string): IndexEntry {
  return { kind: 'string', param, folded: exact.toLowerCase(), exact };
}

function reference(param: string, type: string, id: string): IndexEntry {
  return { kind: 'reference', param, type, id, version: null, url: null };
}

function encounterId(n: number): string {
  return randomId(`encounter ${Math.floor(n / 15)}`);
}

function kindAt(place: number): Kind {
  let passed = 0;
  const found = kinds.find(({ share }) => (passed += share) > place);
  return found ?? { type: 'Observation', share: 0, bodyBytes: 0 };
}

function narrative(bytes: number): string {
  const words = 'Laboratory result within the range that is usual for age and sex. ';
  return `<div>${words.repeat(Math.ceil(bytes / words.length)).slice(0, bytes)}</div>`;
}

function randomId(seed: string): string {
  const hex = hash('md5', seed, 'hex');
  const cuts = [0, 8, 12, 16, 20, 32];
  return cuts
    .slice(1)
    .map((end, at) => hex.slice(cuts[at], end))
    .join('-');
}

/** A number in [0, 1) that looks random and is always the same. */
function chance(n: number, salt: number): number {
  let x = (n * 0x9e3779b1 + salt * 0x85ebca6b) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
}
