import { describe, expect, it } from 'vitest';
import type { Resource } from '../../src/fhir/resource.ts';
import { validateResource } from '../../src/fhir/validate.ts';
import { processorMs } from '../processor-time.ts';

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

const rule = { key: 'a', severity: 'error', human: 'x', expression: 'true' };

const broken = (resource: Resource): string =>
  validateResource(resource)
    .map(({ diagnostics }) => diagnostics)
    .join('\n');

describe('resources with many elements', () => {
  it('a profile of 15,000 elements is held against its rules in bounded time', () => {
    const names = Array.from({ length: 15_000 }, (_, i) => `Patient.a${String(i)}`);
    const spent = processorMs();
    expect(broken(definition(['Patient', ...names]))).toBe('');
    expect(spent()).toBeLessThan(10_000);
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

  const element = (more: object): Resource =>
    definition([], {
      differential: {
        element: [
          { id: 'Patient', path: 'Patient' },
          { id: 'Patient.a', path: 'Patient.a', ...more },
        ],
      },
    });
  const two = { type: [{ code: 'string' }, { code: 'Quantity' }] };
  it.each([
    ['eld-2', { min: 2, max: '1' }, { min: 1, max: '*' }],
    ['eld-2', { min: 2, max: '1' }, { min: 0, max: '0' }],
    ['eld-5', { contentReference: '#a', type: [{ code: 'string' }] }, { contentReference: '#a' }],
    ['eld-5', { contentReference: '#a', fixedString: 'a' }, { fixedString: 'a' }],
    ['eld-6', { ...two, fixedString: 'a' }, two],
    ['eld-7', { ...two, patternString: 'a' }, { type: [{ code: 'string' }], patternString: 'a' }],
    ['eld-8', { patternString: 'a', fixedString: 'a' }, { fixedString: 'a' }],
    ['eld-13', { type: [{ code: 'string' }, { code: 'string' }] }, two],
    ['eld-14', { constraint: [rule, rule] }, { constraint: [rule, { ...rule, key: 'b' }] }],
    ['eld-15', { defaultValueString: 'a', meaningWhenMissing: 'b' }, { defaultValueString: 'a' }],
    ['eld-16', { sliceName: 'a b' }, { sliceName: 'a/b-1' }],
    ['eld-18', { isModifier: true }, { isModifier: true, isModifierReason: 'x' }],
    ['eld-18', { isModifier: true }, { isModifier: false }],
    ['eld-22', { sliceIsConstraining: true }, { sliceIsConstraining: true, sliceName: 'a' }],
  ])('%s: %j breaks it and %j does not', (key, bad, good) => {
    expect(broken(element(bad))).toContain(`${key} `);
    expect(broken(element(good))).not.toContain(`${key} `);
  });

  it('a resource of more values than are validated is refused before any work', () => {
    const entry = Array.from({ length: 150_000 }, () => ({ item: { display: 'x' } }));
    const list = { resourceType: 'List', status: 'current', mode: 'working', entry };
    expect(validateResource(list as Resource)).toEqual([
      expect.objectContaining({ code: 'limit', expression: ['List'] }),
    ]);
    expect(validateResource({ ...list, entry: entry.slice(0, 1000) })).toEqual([]);
  });
});
