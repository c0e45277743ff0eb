import type { Resource } from '../../src/fhir/resource.ts';

/** What is planted, the code of the issue, and where it must stand. */
export type PlantedFault = readonly [name: string, resource: object, code: string, place: string];

export const patient = {
  resourceType: 'Patient',
  id: 'p1',
  name: [{ family: 'Peters', given: ['Anna', 'Maria'] }],
  gender: 'female',
  birthDate: '1970-02-28',
};

export const observation = {
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'Hemoglobin' },
  subject: { reference: 'Patient/p1' },
};

/** Code and place of each issue. */
export function codesAndPlaces(
  issues: readonly { readonly code: string; readonly expression?: readonly string[] }[],
): readonly (readonly [code: string, place: string])[] {
  return issues.map((issue) => [issue.code, issue.expression?.[0] ?? '']);
}

export function asResource(value: object): Resource {
  return value as Resource;
}
