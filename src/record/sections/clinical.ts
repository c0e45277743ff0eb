import type { IdentifiedResource } from '../../fhir/resource.ts';
import {
  at,
  conceptId,
  newestFirst,
  referencesAt,
  referenceTo,
  textAt,
  timeAt,
} from '../reading.ts';
import type { Fields } from '../same.ts';
import {
  dayMs,
  entriesOf,
  loinc,
  recordExtension,
  sectionSystem,
  type RecordFacts,
  type RecordSection,
  type SectionEntry,
  type SubSection,
} from '../section.ts';

/** Problems, allergies, medications and immunizations, each a sub-section as in the patient summary. */
export const clinicalSection: RecordSection = {
  name: 'clinical',
  title: 'Problems, allergies, medications, immunizations',
  coding: { system: sectionSystem, code: 'clinical' },
  types: [
    'Condition',
    'AllergyIntolerance',
    'MedicationRequest',
    'MedicationDispense',
    'MedicationStatement',
    'MedicationAdministration',
    'Medication',
    'Immunization',
    'Encounter',
    'Procedure',
    'DocumentReference',
    'ServiceRequest',
    'Specimen',
  ],
  build: (facts) => {
    const sections = [
      subSection('Problems', '11450-4', active(facts, 'Condition')),
      subSection('Allergies', '48765-2', active(facts, 'AllergyIntolerance')),
      medications(facts),
      subSection('Immunizations', '11369-6', immunizations(facts)),
    ];
    return {
      entries: [],
      sections: sections.filter(({ entries }) => entries.length > 0),
      partial: sections.some(({ partial }) => partial === true),
    };
  },
};

/** The care plans and goals. */
export const carePlanSection: RecordSection = {
  name: 'care-plan',
  title: 'Care plan and goals',
  coding: { system: loinc, code: '18776-5' },
  types: ['CarePlan', 'Goal'],
  build: ({ of }) =>
    entriesOf(
      [...of('CarePlan'), ...of('Goal')].filter(
        (resource) =>
          !['revoked', 'entered-in-error'].includes(textAt(resource, 'status')) &&
          !['rejected', 'entered-in-error', 'cancelled'].includes(
            textAt(resource, 'lifecycleStatus'),
          ),
      ),
    ),
};

/** The latest assessment of each risk model. */
export const riskSection: RecordSection = {
  name: 'risk',
  title: 'Risk',
  coding: { system: sectionSystem, code: 'risk' },
  types: ['RiskAssessment'],
  build: ({ of }) => {
    const final = of('RiskAssessment').filter(({ status }) => status === 'final');
    const newest = newestFirst(final, ['occurrenceDateTime', 'meta.lastUpdated']);
    const models = Map.groupBy(
      newest,
      (risk) => conceptId(risk['method']) || conceptId(risk['code']) || risk.id,
    );
    return entriesOf([...models.values()].flatMap(([latest]) => latest ?? []));
  },
};

function subSection(
  title: string,
  code: string,
  resources: readonly IdentifiedResource[],
): SubSection {
  return { title, code: concept(code), ...entriesOf(resources) };
}

function concept(code: string): Fields {
  return { coding: [{ system: loinc, code }] };
}

function active({ of }: RecordFacts, type: string): readonly IdentifiedResource[] {
  const shown = of(type).filter(
    (resource) =>
      textAt(resource, 'verificationStatus.coding.code') !== 'entered-in-error' &&
      !['inactive', 'resolved'].includes(textAt(resource, 'clinicalStatus.coding.code')),
  );
  return newestFirst(shown, ['recordedDate', 'onsetDateTime', 'meta.lastUpdated']);
}

function immunizations({ of }: RecordFacts): readonly IdentifiedResource[] {
  const given = of('Immunization').filter(({ status }) => status === 'completed');
  return newestFirst(given, ['occurrenceDateTime']);
}

/** Prescriptions, running ones first; each followed by its last dispense, and dispenses without one. */
function medications({ of }: RecordFacts): SubSection {
  const dispenses = newestFirst(
    of('MedicationDispense').filter(({ status }) => status !== 'entered-in-error'),
    ['whenHandedOver', 'whenPrepared', 'meta.lastUpdated'],
  );
  const fillsOf = Map.groupBy(
    dispenses,
    (dispense) => referencesAt(dispense, 'authorizingPrescription')[0] ?? '',
  );
  const requests = newestFirst(
    of('MedicationRequest').filter(({ status }) => status !== 'entered-in-error'),
    ['authoredOn', 'meta.lastUpdated'],
  );
  const running = (request: IdentifiedResource): boolean =>
    ['active', 'on-hold'].includes(textAt(request, 'status'));
  const ordered = [...requests.filter(running), ...requests.filter((each) => !running(each))];
  const known = new Set(ordered.map(referenceTo));
  const loose = [...fillsOf].flatMap(([request, fills]) => (known.has(request) ? [] : fills));
  const statements = of('MedicationStatement').filter(({ status }) => status === 'active');
  const bounded = entriesOf(ordered);
  const entries = bounded.entries.flatMap(({ resource }) =>
    withLastFill(resource, fillsOf.get(referenceTo(resource))?.[0]),
  );
  return {
    title: 'Medications',
    code: concept('10160-0'),
    entries: [...entries, ...entriesOf([...loose, ...statements]).entries],
    partial: bounded.partial,
  };
}

function withLastFill(
  request: IdentifiedResource,
  fill: IdentifiedResource | undefined,
): readonly SectionEntry[] {
  if (fill === undefined) return [{ resource: request }];
  const filled = timeAt(fill, ['whenHandedOver', 'whenPrepared']);
  if (filled === undefined) return [{ resource: request }, { resource: fill }];
  const days = at(fill, 'daysSupply.value');
  const extension = [lastFill('crm-last-fill', filled)];
  if (days !== undefined) extension.push(lastFill('crm-run-out', filled + Number(days) * dayMs));
  return [{ resource: request, extension }, { resource: fill }];
}

function lastFill(name: string, time: number): Fields {
  return recordExtension(name, { valueDateTime: new Date(time).toISOString() });
}
