import type { Verdict } from './hapi-validator.ts';

/** A class of remarks that are right, or the validator's own limits, and no fault of the maps. */
export interface KnownWarning {
  /** The validator's; several things share one, and the text tells them apart. */
  readonly id: string;
  readonly text: RegExp;
  readonly why: string;
}

/** Vocabularies that the validator does not come with: it cannot look codes up, offline. */
const vocabularies = [
  'http://loinc.org',
  'http://snomed.info/sct',
  'http://www.nlm.nih.gov/research/umls/rxnorm',
  'http://hl7.org/fhir/sid/[a-z0-9-]+',
  'http://www.ama-assn.org/go/cpt',
  'http://terminology.hl7.org/CodeSystem/HCPCS',
  'http://www.cms.gov/Medicare/Coding/ICD10',
  'http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl',
  'http://nucc.org/provider-taxonomy',
  'urn:ietf:bcp:47',
  'urn:iso:std:iso:3166',
  'urn:oid:[0-9.]+',
].join('|');

/** Value sets that R4 extends or prefers only, where senders' codes are kept. */
const openSets = [
  'http://hl7.org/fhir/ValueSet/(identifier-type|encounter-participant-type|patient-contactrelationship)',
  'http://hl7.org/fhir/ValueSet/(marital-status|subscriber-relationship|security-labels|observation-interpretation)',
  'http://terminology.hl7.org/ValueSet/v3-(ReligiousAffiliation|ServiceDeliveryLocationRoleType)',
  'http://terminology.hl7.org/ValueSet/v2-0493',
].join('|');

const terminology = 'Terminology_PassThrough_TX_Message';

export const knownWarnings: readonly KnownWarning[] = [
  {
    id: 'http://hl7.org/fhir/StructureDefinition/DomainResource#dom-6',
    text: /narrative for robust management/,
    why: 'a feed makes no narratives: the pages show the data themselves',
  },
  {
    id: 'All_observations_should_have_a_performer',
    text: /performer/,
    why: 'few laboratories fill OBX-16 or OBX-23',
  },
  {
    id: 'All_observations_should_have_an_effectiveDateTime_or_an_effectivePeriod',
    text: /effective/,
    why: 'the message gives no time (OBX-14, OBR-7), and none is invented',
  },
  {
    id: '',
    text: /^Coding has no system/,
    why: 'the sender names no coding system and the field has no table',
  },
  {
    id: terminology,
    text: /^CodeSystem is unknown and can't be validated: urn:weir:codesystem:/,
    why: "a sender's own codes are under a system of its own",
  },
  {
    id: terminology,
    text: new RegExp(`^CodeSystem is unknown and can't be validated: (${vocabularies}) `),
    why: 'the vocabulary is not part of the validator',
  },
  {
    id: terminology,
    text: /^CodeSystem is unknown and can't be validated: http:\/\/terminology\.hl7\.org\/CodeSystem\/v2-\d{4} /,
    why: 'a table of HL7 v2 that R4 leaves to sites has no content',
  },
  {
    id: terminology,
    text: new RegExp(
      `^Unable to expand ValueSet.* CodeSystem (could not be found: )?'?(${vocabularies})`,
    ),
    why: 'a value set of such a vocabulary',
  },
  {
    id: 'TERMINOLOGY_TX_SYSTEM_UNSUPPORTED',
    text: new RegExp(`codeSystem '(${vocabularies})'`),
    why: 'the unit of a Quantity in such a vocabulary',
  },
  {
    id: 'Terminology_TX_NoValid_2_CC',
    text: new RegExp(`\\((${openSets})\\|`),
    why: "the binding is extensible, and the sender's code is none of the set's",
  },
  {
    id: 'Terminology_TX_Error_CodeableConcept',
    text: /^Error null validating CodeableConcept$/,
    why: 'the validator stumbles over a concept with a text alone',
  },
  {
    id: 'TYPE_SPECIFIC_CHECKS_DT_ATT_NO_CONTENT',
    text: /^Attachments have data/,
    why: 'a document is announced without its content, which FHIR still asks for: it has the title',
  },
  {
    id: 'TYPE_SPECIFIC_CHECKS_DT_QTY_UCUM_ANNOTATIONS',
    text: /^UCUM Codes that contain human readable annotations/,
    why: "the sender's unit is one",
  },
  {
    id: 'TYPE_SPECIFIC_CHECKS_DT_QTY_UCUM_ANNOTATIONS_NOT_IN_UNIT',
    text: /^UCUM Codes that contain human readable annotations/,
    why: "the sender's text stays as it is, beside the UCUM code of our table",
  },
  {
    id: terminology,
    text: /^CodeSystem is unknown and can't be validated: http:\/\/hl7\.org\/fhir\/fhir-types /,
    why: 'types of R5, which a Basic stands for',
  },
  {
    id: 'Terminology_TX_Code_ValueSet_Ext',
    text: /^No code provided, .*'IdentifierType'/,
    why: 'table 0203 of R4 has no code for the number of a group of orders',
  },
  {
    id: 'Reference_REF_NoDisplay',
    text: /should have a display$/,
    why: 'the sender names what pays by an address alone',
  },
  {
    id: terminology,
    text: /^Unable to expand value set$/,
    why: 'the vocabulary is not part of the validator',
  },
  {
    id: 'Type_Specific_Checks_DT_String_WS',
    text: /^value should not start or finish with whitespace/,
    why: "the sender's text stays as it is",
  },
];

/** The class that a warning belongs to. */
export function classOf({ severity, id, text }: Verdict): KnownWarning | undefined {
  if (severity !== 'warning') return undefined;
  return knownWarnings.find((known) => known.id === id && known.text.test(text));
}
