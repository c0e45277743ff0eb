import { describe, expect, it } from 'vitest';
import { validateResource } from '../../src/fhir/validate.ts';
import {
  asResource,
  codesAndPlaces,
  observation,
  patient,
  type PlantedFault,
} from './planted-fault.ts';

function contained(inside: object, more: object = {}): object {
  return { ...patient, contained: [inside], ...more };
}

const organization = { resourceType: 'Organization', id: 'o1', name: 'A' };
const toOrganization = { managingOrganization: { reference: '#o1' } };

const faults: readonly PlantedFault[] = [
  [
    'a reference to a type not allowed',
    { ...observation, subject: { reference: 'Practitioner/1' } },
    'reference-target',
    'Observation.subject',
  ],
  [
    'a reference of a type not allowed',
    { ...observation, encounter: { type: 'Patient', display: 'x' } },
    'reference-target',
    'Observation.encounter',
  ],
  [
    'a reference whose type is another',
    { ...observation, subject: { reference: 'Patient/1', type: 'Group' } },
    'invariant',
    'Observation.subject',
  ],
  [
    'a reference that is none',
    { ...observation, subject: { reference: 'no reference' } },
    'value',
    'Observation.subject',
  ],
  [
    'a reference to nothing contained',
    { ...patient, ...toOrganization },
    'invariant',
    'Patient.managingOrganization',
  ],
  [
    'a contained resource of a type not allowed',
    contained({ ...patient, id: 'o1' }, toOrganization),
    'reference-target',
    'Patient.managingOrganization',
  ],
  [
    'a contained resource not referred to',
    contained(organization),
    'invariant',
    'Patient.contained[0]',
  ],
  [
    'a contained resource without id',
    contained({ resourceType: 'Organization', name: 'A' }),
    'invariant',
    'Patient.contained[0]',
  ],
  [
    'a contained resource with a version',
    contained({ ...organization, meta: { versionId: '1' } }, toOrganization),
    'invariant',
    'Patient.contained[0]',
  ],
  [
    'a contained resource with labels',
    contained({ ...organization, meta: { security: [{ code: 'R' }] } }, toOrganization),
    'invariant',
    'Patient.contained[0]',
  ],
  [
    'a contained resource that contains one',
    contained({ ...organization, contained: [{ ...organization, id: 'o2' }] }, toOrganization),
    'invariant',
    'Patient.contained[0]',
  ],
  [
    'a contained resource of no type',
    contained({ id: 'o1' }, toOrganization),
    'structure',
    'Patient.contained[0]',
  ],
  [
    'a fault inside a contained resource',
    contained({ ...organization, name: 5 }, toOrganization),
    'structure',
    'Patient.contained[0].name',
  ],
];

const right: readonly (readonly [name: string, resource: object])[] = [
  ['a contained resource referred to', contained(organization, toOrganization)],
  [
    'a contained resource that refers to its container',
    contained({
      resourceType: 'Observation',
      id: 'x',
      status: 'final',
      code: { text: 'a' },
      subject: { reference: '#' },
    }),
  ],
  [
    'an absolute reference',
    { ...observation, subject: { reference: 'http://example.org/fhir/Patient/1' } },
  ],
  ['a conditional reference', { ...observation, subject: { reference: 'Patient?identifier=a|b' } }],
  [
    'a reference by URN',
    { ...observation, subject: { reference: 'urn:uuid:6f8f470e-07e8-4273-ad11-6e3fdc384a09' } },
  ],
  [
    'a logical reference',
    { ...observation, subject: { identifier: { value: '1' }, type: 'Patient' } },
  ],
];

describe('references and contained resources', () => {
  it.each(faults)('finds %s', (_name, resource, code, place) => {
    expect(codesAndPlaces(validateResource(asResource(resource)))).toContainEqual([code, place]);
  });

  it.each(right)('accepts %s', (_name, resource) => {
    expect(validateResource(asResource(resource))).toEqual([]);
  });
});
