import { isForeignToV2Table } from '../../fhir/v2-codes.ts';

/**
 * URIs of HL7 coding-system names (table 0396, https://terminology.hl7.org/external_terminologies.html),
 * and the spellings that senders use for them.
 */
const systems: ReadonlyMap<string, string> = new Map(
  Object.entries({
    LN: 'http://loinc.org',
    LOINC: 'http://loinc.org',
    SCT: 'http://snomed.info/sct',
    SNM: 'http://snomed.info/sct',
    SNM3: 'http://snomed.info/sct',
    SNOMED: 'http://snomed.info/sct',
    'SNOMED-CT': 'http://snomed.info/sct',
    'SNOMED CT': 'http://snomed.info/sct',
    SNOMEDCT: 'http://snomed.info/sct',
    RXNORM: 'http://www.nlm.nih.gov/research/umls/rxnorm',
    RXN: 'http://www.nlm.nih.gov/research/umls/rxnorm',
    CVX: 'http://hl7.org/fhir/sid/cvx',
    MVX: 'http://hl7.org/fhir/sid/mvx',
    NDC: 'http://hl7.org/fhir/sid/ndc',
    I10: 'http://hl7.org/fhir/sid/icd-10',
    'ICD-10': 'http://hl7.org/fhir/sid/icd-10',
    ICD10: 'http://hl7.org/fhir/sid/icd-10',
    I10C: 'http://hl7.org/fhir/sid/icd-10-cm',
    I10CM: 'http://hl7.org/fhir/sid/icd-10-cm',
    'ICD10-CM': 'http://hl7.org/fhir/sid/icd-10-cm',
    ICD10CM: 'http://hl7.org/fhir/sid/icd-10-cm',
    'ICD-10-CM': 'http://hl7.org/fhir/sid/icd-10-cm',
    I10P: 'http://www.cms.gov/Medicare/Coding/ICD10',
    ICD10PCS: 'http://www.cms.gov/Medicare/Coding/ICD10',
    I9: 'http://hl7.org/fhir/sid/icd-9-cm',
    I9C: 'http://hl7.org/fhir/sid/icd-9-cm',
    I9CDX: 'http://hl7.org/fhir/sid/icd-9-cm',
    I9CP: 'http://hl7.org/fhir/sid/icd-9-cm',
    ICD9: 'http://hl7.org/fhir/sid/icd-9-cm',
    'ICD-9': 'http://hl7.org/fhir/sid/icd-9-cm',
    'ICD-9-CM': 'http://hl7.org/fhir/sid/icd-9-cm',
    UCUM: 'http://unitsofmeasure.org',
    C4: 'http://www.ama-assn.org/go/cpt',
    CPT: 'http://www.ama-assn.org/go/cpt',
    CPT4: 'http://www.ama-assn.org/go/cpt',
    HCPCS: 'http://terminology.hl7.org/CodeSystem/HCPCS',
    HCPT: 'http://terminology.hl7.org/CodeSystem/HCPCS',
    ATC: 'http://www.whocc.no/atc',
    UNII: 'http://fdasis.nlm.nih.gov',
    CDCREC: 'urn:oid:2.16.840.1.113883.6.238',
    CDCRECORD: 'urn:oid:2.16.840.1.113883.6.238',
    ISO3166: 'urn:iso:std:iso:3166',
    ISO639: 'urn:ietf:bcp:47',
    NUCC: 'http://nucc.org/provider-taxonomy',
    NUI: 'http://hl7.org/fhir/ndfrt',
    ACTCODE: 'http://terminology.hl7.org/CodeSystem/v3-ActCode',
  }),
);

/** The same systems by their OIDs (https://terminology.hl7.org/external_terminologies.html). */
const systemsByOid: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '2.16.840.1.113883.6.1': 'http://loinc.org',
    '2.16.840.1.113883.6.96': 'http://snomed.info/sct',
    '2.16.840.1.113883.6.88': 'http://www.nlm.nih.gov/research/umls/rxnorm',
    '2.16.840.1.113883.12.292': 'http://hl7.org/fhir/sid/cvx',
    '2.16.840.1.113883.12.227': 'http://hl7.org/fhir/sid/mvx',
    '2.16.840.1.113883.6.69': 'http://hl7.org/fhir/sid/ndc',
    '2.16.840.1.113883.6.3': 'http://hl7.org/fhir/sid/icd-10',
    '2.16.840.1.113883.6.90': 'http://hl7.org/fhir/sid/icd-10-cm',
    '2.16.840.1.113883.6.4': 'http://www.cms.gov/Medicare/Coding/ICD10',
    '2.16.840.1.113883.6.103': 'http://hl7.org/fhir/sid/icd-9-cm',
    '2.16.840.1.113883.6.104': 'http://hl7.org/fhir/sid/icd-9-cm',
    '2.16.840.1.113883.6.8': 'http://unitsofmeasure.org',
    '2.16.840.1.113883.6.12': 'http://www.ama-assn.org/go/cpt',
  }),
);

/**
 * URI of a coding-system name: `LN`, `HL70001`, `HL7 0001`, an OID or a URL as they are. A local name (`L`,
 * `99LAB`, or none that is known) becomes `urn:weir:codesystem:<authority>:<name>`, stable for a sender.
 */
export function codeSystemUri(name: string, localAuthority: string): string {
  const known = systems.get(name.toUpperCase()) ?? systemsByOid.get(name);
  if (known !== undefined) return known;
  const table = /^(?:HL7|V2)[ -]?(\d{1,4})$/i.exec(name)?.[1];
  if (table !== undefined) {
    return `http://terminology.hl7.org/CodeSystem/v2-${table.padStart(4, '0')}`;
  }
  if (isOid(name)) return `urn:oid:${name}`;
  if (/^(https?:\/\/|urn:)\S+$/.test(name)) return name;
  return localSystem(/^(L|LOCAL|99L)$/i.test(name) ? 'local' : name, localAuthority);
}

function localSystem(name: string, authority: string): string {
  return `urn:weir:codesystem:${uriPart(authority)}:${uriPart(name)}`;
}

/** An OID; one of two numbers, of which nobody can be given any, is a placeholder that a sender never filled in. */
function isOid(text: string): boolean {
  return /^[0-2](\.(0|[1-9]\d*)){2,}$/.test(text);
}

/**
 * The system of a code: a table of HL7 v2 only where it has the code. Most tables may be filled by a site, whose codes are then
 * its own: they go under its own system, named after the table.
 */
export function systemOfCode(system: string, code: string, localAuthority: string): string {
  if (!isForeignToV2Table(system, code)) return system;
  return localSystem(system.slice(system.lastIndexOf('/') + 1), localAuthority);
}

/**
 * The name of a coding system as HL7 v2 writes it, which {@link codeSystemUri} reads: `LN`, `HL70001`; a local one by
 * its own name (`L`, `99LAB`), without whose it is; any other as the URI.
 */
export function codeSystemName(uri: string): string {
  const known = namesByUri.get(uri);
  if (known !== undefined) return known;
  const table = /^http:\/\/terminology\.hl7\.org\/CodeSystem\/v2-(\d{4})$/.exec(uri)?.[1];
  if (table !== undefined) return `HL7${table}`;
  const oid = /^urn:oid:([0-2](?:\.\d+)+)$/.exec(uri)?.[1];
  if (oid !== undefined) return oid;
  const local = /^urn:weir:codesystem:[^:]*:([^:]+)$/.exec(uri)?.[1];
  if (local === undefined) return uri;
  return local === 'local' ? 'L' : local.toUpperCase();
}

/** The first name of each. */
const namesByUri: ReadonlyMap<string, string> = new Map(
  [...systems].toReversed().map(([name, uri]) => [uri, name]),
);

/** Letters and digits, the rest as dashes: fit for a URN, stable. */
function uriPart(text: string): string {
  const part = text
    .toLowerCase()
    .replace(/[^a-z0-9._]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return part === '' ? 'unknown' : part;
}
