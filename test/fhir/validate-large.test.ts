import { describe, expect, it } from 'vitest';
import type { Resource } from '../../src/fhir/resource.ts';
import { validateResource } from '../../src/fhir/validate.ts';

function definition(paths: readonly string[], more: object = {}): Resource {
  const element = paths.map((path) => ({ id: path, path }));
  const made: object = {
    ...{ resourceType: 'StructureDefinition', url: 'http://x/sd', name: 'A', status: 'draft' },
    ...{ kind: 'resource', abstract: false, type: 'Patient', derivation: 'constraint' },
    baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient',
    differential: { element },
    ...more,
  };
  return made as Resource;
}

const broken = (resource: Resource): string =>
  validateResource(resource)
    .map(({ diagnostics }) => diagnostics)
    .join('\n');

describe('resources with many elements', () => {
  it('a profile of 15,000 elements is held against its rules in bounded time', () => {
    const names = Array.from({ length: 15_000 }, (_, i) => `Patient.a${String(i)}`);
    const since = performance.now();
    expect(broken(definition(['Patient', ...names]))).toBe('');
    expect(performance.now() - since).toBeLessThan(10_000);
  });

  it.each([
    [['Patient', 'Patient.name'], {}, true],
    [['Patient.name', 'Patient.active'], {}, true],
    [['Observation', 'Observation.code'], {}, false],
    [['Patient', 'Observation.code'], {}, false],
    [['Patient', 'Patient'], {}, false],
    [['Thing', 'Thing.part'], { kind: 'logical', type: 'http://x/Thing' }, true],
    [['Thing', 'Other.part'], { kind: 'logical', type: 'http://x/Thing' }, false],
  ])('sdf-8a of %j with %j', (paths, more, met) => {
    expect(broken(definition(paths, more)).includes('sdf-8a')).toBe(!met);
  });

  it.each([
    [['Patient', 'Patient.name'], {}, true],
    [['Patient', 'Other.name'], {}, false],
    [['Patient.name', 'Patient.active'], {}, false],
    [['Thing', 'Thing.part'], { kind: 'logical', type: 'http://x/Thing' }, true],
    [['Thing', 'Other.part'], { kind: 'logical', type: 'http://x/Thing' }, false],
  ])('sdf-8 of %j with %j', (paths, more, met) => {
    const element = paths.map((path) => ({
      ...{ id: path, path, definition: 'x', min: 0, max: '1' },
      base: { path, min: 0, max: '1' },
    }));
    const whole = definition(paths, { differential: undefined, snapshot: { element }, ...more });
    expect(/sdf-8 /.test(broken(JSON.parse(JSON.stringify(whole)) as Resource))).toBe(!met);
  });
});
