import { valueSetCodes } from '../../src/fhir/definitions.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { shapeOf, type Property, type Shape } from '../../src/fhir/shape.ts';

/**
 * A resource of a type with every element filled, four levels deep. Where there is a choice (types of a value, codes of
 * a binding, targets of a reference) the variant picks: enough variants have had each.
 */
export function sampleResource(type: string, variant: number): Resource {
  const shape = shapeOf(type);
  if (!shape) throw new Error(`${type} is no type`);
  return { resourceType: type, ...membersOf(shape, variant, 4) };
}

function membersOf(shape: Shape, variant: number, depth: number): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const property of shape.properties.values()) {
    const { element, key, type } = property;
    if (property.choice && element.types[variant % element.types.length] !== type) continue;
    const value = valueOf(property, variant, depth);
    if (value !== undefined) members[key] = element.max > 1 ? [value] : value;
  }
  return members;
}

function valueOf(property: Property, variant: number, depth: number): unknown {
  const { type, element } = property;
  if (type === 'Reference') {
    const targets = (element.targets ?? ['Patient']).map((name) =>
      name === 'Resource' ? 'Patient' : name,
    );
    return {
      reference: `${targets[variant % targets.length] ?? ''}/1`,
      identifier: { system: 'urn:s', value: 'r' },
    };
  }
  if (type === 'Resource') return { resourceType: 'Composition', id: 'c' };
  if (property.primitive) return primitive(property, variant);
  const shape = depth > 0 && type !== 'Extension' ? property.shape() : undefined;
  return shape && membersOf(shape, variant, depth - 1);
}

const primitives: Readonly<Record<string, unknown>> = {
  boolean: true,
  integer: 1,
  positiveInt: 1,
  unsignedInt: 1,
  decimal: 1.5,
  date: '2020-01-02',
  dateTime: '2020-01-02T03:04:05Z',
  instant: '2020-01-02T03:04:05Z',
  time: '03:04:05',
  uri: 'http://example.org/a',
  url: 'http://example.org/a',
  canonical: 'http://example.org/a|1',
  oid: 'urn:oid:1.2',
  uuid: 'urn:uuid:6f8f470e-07e8-4273-ad11-6e3fdc384a09',
};

function primitive({ type, element }: Property, variant: number): unknown {
  if (type !== 'code') return Object.hasOwn(primitives, type) ? primitives[type] : 'text';
  const sets = element.binding ? valueSetCodes(element.binding.valueSet) : undefined;
  const codes = [...(sets?.values() ?? [])].flatMap((some) => [...some]);
  return codes[variant % codes.length] ?? 'code';
}
