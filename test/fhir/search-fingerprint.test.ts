import { afterEach, describe, expect, it } from 'vitest';
import type { Resource } from '../../src/fhir/resource.ts';
import { parameterFingerprints } from '../../src/fhir/search-fingerprint.ts';
import {
  compileSearchParameters,
  registerSearchParameters,
} from '../../src/fhir/search-registry.ts';

afterEach(() => registerSearchParameters([]));

function register(...changes: readonly Record<string, unknown>[]): void {
  const { parameters, issues } = compileSearchParameters(changes.map(parameter));
  expect(issues).toEqual([]);
  registerSearchParameters(parameters);
}

function parameter(changes: Record<string, unknown>): Resource {
  return {
    resourceType: 'SearchParameter',
    url: `http://example.org/${String(changes['code'])}`,
    type: 'token',
    base: ['Patient'],
    expression: 'Patient.maritalStatus',
    ...changes,
  };
}

describe('fingerprints of search parameters', () => {
  it('are there for what is extracted, and stay', () => {
    const prints = parameterFingerprints('Patient');
    expect(Object.keys(prints)).toEqual(expect.arrayContaining(['name', 'birthdate', '_tag']));
    expect(Object.keys(prints)).toContain('_text');
    expect(Object.keys(prints)).not.toContain('_content');
    expect(new Set(Object.values(prints).map((print) => print.length))).toEqual(new Set([12]));
    expect(parameterFingerprints('Patient')).toEqual(prints);
  });

  it('come with a parameter of the site, for its types only, and go with it', () => {
    const [patient, group] = [parameterFingerprints('Patient'), parameterFingerprints('Group')];
    register({ code: 'marital' });
    const { marital, ...others } = parameterFingerprints('Patient');
    expect(marital).toBeDefined();
    expect(others).toEqual(patient);
    expect(parameterFingerprints('Group')).toEqual(group);
    registerSearchParameters([]);
    expect(parameterFingerprints('Patient')).toEqual(patient);
  });

  it('change with the type and the expression, not with the name', () => {
    const printOf = (changes: Record<string, unknown>): string | undefined => {
      register({ code: 'marital', ...changes });
      return parameterFingerprints('Patient')['marital'];
    };
    const first = printOf({});
    expect(printOf({ url: 'http://example.org/other', id: 'x' })).toBe(first);
    expect(printOf({ type: 'string' })).not.toBe(first);
    expect(printOf({ expression: 'Patient.maritalStatus.coding' })).not.toBe(first);
  });

  it('of a composite change with its components', () => {
    const part = { code: 'part', expression: 'Patient.gender' };
    const pair = (expression: string, type: string): string | undefined => {
      const component = [
        { definition: 'http://example.org/part', expression },
        {
          definition: 'http://hl7.org/fhir/SearchParameter/individual-birthdate',
          expression: 'birthDate',
        },
      ];
      register(
        { ...part, type },
        { code: 'pair', type: 'composite', expression: 'Patient', component },
      );
      return parameterFingerprints('Patient')['pair'];
    };
    const first = pair('gender', 'token');
    expect(pair('gender', 'token')).toBe(first);
    expect(pair('active', 'token')).not.toBe(first);
    expect(pair('gender', 'string')).not.toBe(first);
  });
});
