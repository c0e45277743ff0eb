import { dataTypes, resourceTypes } from '../../fhir/definitions.ts';
import { shapeOf, type Property, type Shape } from '../../fhir/shape.ts';

type Schema = Readonly<Record<string, unknown>>;

/** JSON Schemas of all resource and data types, by name: names and kinds of elements; rules are validation's. */
export function typeSchemas(): Schema {
  const named = [...resourceTypes(), ...dataTypes()].flatMap((name) => {
    const shape = shapeOf(name);
    return shape === undefined || shape.type.abstract ? [] : [[name, schemaOf(shape)] as const];
  });
  const any = { type: 'object', properties: { resourceType: text }, required: ['resourceType'] };
  return { Resource: any, ...Object.fromEntries(named) };
}

const text = { type: 'string' };

function schemaOf(shape: Shape): Schema {
  const isResource = shape.type.kind === 'resource' && shape.below === '';
  const properties = [...shape.properties.values()];
  const required = properties
    .filter(({ element, choice }) => element.min > 0 && !choice)
    // A primitive may be without value, with an extension that says why.
    .filter(({ primitive }) => !primitive)
    .map(({ key }) => key);
  const needed = isResource ? ['resourceType', ...required] : required;
  return {
    type: 'object',
    properties: {
      ...(isResource ? { resourceType: { const: shape.type.name } } : {}),
      ...Object.fromEntries(properties.map((property) => [property.key, elementSchema(property)])),
    },
    ...(needed.length === 0 ? {} : { required: needed }),
    ...(isResource
      ? { externalDocs: { url: `http://hl7.org/fhir/R4/${shape.type.name.toLowerCase()}.html` } }
      : {}),
  };
}

function elementSchema(property: Property): Schema {
  const one = valueSchema(property);
  return property.element.max === 1 ? one : { type: 'array', items: one };
}

function valueSchema({ type, primitive, element, shape }: Property): Schema {
  if (primitive) return primitives[type] ?? text;
  const inside = shape();
  if (type === 'Resource') return { $ref: '#/components/schemas/Resource' };
  if (inside === undefined || inside.type.abstract) return { type: 'object' };
  if (inside.below === '') return { $ref: `#/components/schemas/${inside.type.name}` };
  // A group of the type itself; one that is its own child is told once.
  return element.sameAs === undefined ? schemaOf(inside) : { type: 'object' };
}

const primitives: Readonly<Record<string, Schema>> = {
  boolean: { type: 'boolean' },
  decimal: { type: 'number' },
  integer: { type: 'integer' },
  positiveInt: { type: 'integer', minimum: 1 },
  unsignedInt: { type: 'integer', minimum: 0 },
  date: { type: 'string', examples: ['2026-03-01'] },
  dateTime: { type: 'string', examples: ['2026-03-01T12:00:00Z'] },
  instant: { type: 'string', format: 'date-time' },
  base64Binary: { type: 'string', contentEncoding: 'base64' },
};
