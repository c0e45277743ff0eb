/** The groups of resource types that the policy speaks of; what is not named here is clinical. */
export const resourceGroups = {
  identity: ['Patient', 'Person', 'RelatedPerson', 'Group'],
  scheduling: ['Appointment', 'AppointmentResponse', 'Schedule', 'Slot'],
  encounter: ['Encounter', 'EpisodeOfCare'],
  communication: ['Communication', 'CommunicationRequest', 'Task'],
  billing: [
    'Account',
    'ChargeItem',
    'Claim',
    'ClaimResponse',
    'Contract',
    'Coverage',
    'CoverageEligibilityRequest',
    'CoverageEligibilityResponse',
    'EnrollmentRequest',
    'EnrollmentResponse',
    'ExplanationOfBenefit',
    'Invoice',
    'PaymentNotice',
    'PaymentReconciliation',
  ],
  directory: [
    'Endpoint',
    'HealthcareService',
    'InsurancePlan',
    'Location',
    'Medication',
    'MedicationKnowledge',
    'Organization',
    'OrganizationAffiliation',
    'Practitioner',
    'PractitionerRole',
    'Substance',
  ],
  definition: [
    'ActivityDefinition',
    'CapabilityStatement',
    'ChargeItemDefinition',
    'CodeSystem',
    'CompartmentDefinition',
    'ConceptMap',
    'ExampleScenario',
    'GraphDefinition',
    'ImplementationGuide',
    'Library',
    'Measure',
    'MessageDefinition',
    'NamingSystem',
    'ObservationDefinition',
    'OperationDefinition',
    'PlanDefinition',
    'Questionnaire',
    'SearchParameter',
    'SpecimenDefinition',
    'StructureDefinition',
    'StructureMap',
    'TerminologyCapabilities',
    'TestScript',
    'ValueSet',
  ],
  oversight: ['AuditEvent', 'Provenance', 'Subscription'],
} as const satisfies Record<string, readonly string[]>;

export type ResourceGroup = keyof typeof resourceGroups | 'clinical';

const groupOf = new Map<string, ResourceGroup>(
  Object.entries(resourceGroups).flatMap(([group, types]) =>
    types.map((type) => [type, group as ResourceGroup]),
  ),
);

export function resourceGroup(type: string): ResourceGroup {
  return groupOf.get(type) ?? 'clinical';
}
