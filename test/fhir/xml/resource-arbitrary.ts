import fc from 'fast-check';
import { rawNumber } from '../../../src/fhir/decimal.ts';
import type { Json, JsonObject } from '../../../src/fhir/resource.ts';
import { shapeOf, type Property, type Shape } from '../../../src/fhir/shape.ts';

/** Resources of a type with any of its elements, whether they make sense together or not. */
export function resourceArbitrary(type: string, depth = 4): fc.Arbitrary<JsonObject> {
  const shape = shapeOf(type);
  if (shape === undefined) throw new Error(`No type ${type}`);
  return membersOf(shape, depth, true).map((members) => ({ resourceType: type, ...members }));
}

function membersOf(shape: Shape, depth: number, isRoot: boolean): fc.Arbitrary<JsonObject> {
  const properties = [...shape.properties.values()].filter(
    ({ primitive, type }) => primitive || (depth > 0 && type !== 'Resource') || depth > 2,
  );
  const needed = shape.type.name === 'Extension' ? ['url'] : [];
  return fc
    .subarray(properties, {
      minLength: Math.min(1, properties.length),
      maxLength: Math.min(4, properties.length),
    })
    .chain((some) => {
      const all = [
        ...some,
        ...properties.filter(
          ({ key }) => needed.includes(key) && !some.some((one) => one.key === key),
        ),
      ];
      return fc.tuple(...all.map((property) => memberOf(property, depth, isRoot, shape)));
    })
    .map((members) => Object.assign({}, ...members) as JsonObject);
}

function memberOf(
  property: Property,
  depth: number,
  isRoot: boolean,
  shape: Shape,
): fc.Arbitrary<JsonObject> {
  const { key, element, type } = property;
  const isAttribute =
    (key === 'id' && !isRoot) || (key === 'url' && shape.type.name === 'Extension');
  if (type === 'xhtml' || isAttribute) return primitiveOf(type).map((value) => ({ [key]: value }));
  const one = property.primitive
    ? halves(type, depth)
    : complexOf(property, depth).map((value) => ({ value, more: undefined }));
  if (element.max === 1) return one.map((half) => member(key, half.value, half.more));
  return fc
    .array(one, { minLength: 1, maxLength: 3 })
    .map((list) =>
      member(
        key,
        list.some(({ value }) => value !== undefined)
          ? list.map(({ value }) => value ?? null)
          : undefined,
        list.some(({ more }) => more !== undefined)
          ? list.map(({ more }) => more ?? null)
          : undefined,
      ),
    );
}

function member(key: string, value: Json | undefined, more: Json | undefined): JsonObject {
  return {
    ...(value === undefined ? {} : { [key]: value }),
    ...(more === undefined ? {} : { [`_${key}`]: more }),
  };
}

interface Half {
  readonly value: Json | undefined;
  readonly more: Json | undefined;
}

/** A primitive: its value, its id and extensions, or both. */
function halves(type: string, depth: number): fc.Arbitrary<Half> {
  const value = primitiveOf(type);
  const extension = shapeOf('Extension');
  const plain = value.map((one): Half => ({ value: one, more: undefined }));
  if (depth <= 0 || extension === undefined) return plain;
  const extensions = fc.array(membersOf(extension, 0, false), { minLength: 1, maxLength: 2 });
  const more: fc.Arbitrary<JsonObject> = fc.oneof(
    extensions.map((list) => ({ extension: list })),
    fc.tuple(word, extensions).map(([id, list]) => ({ id, extension: list })),
    word.map((id) => ({ id })),
  );
  return fc.oneof(
    { weight: 4, arbitrary: plain },
    more.map((one): Half => ({ value: undefined, more: one })),
    fc.tuple(value, more).map(([one, other]): Half => ({ value: one, more: other })),
  );
}

function complexOf(property: Property, depth: number): fc.Arbitrary<Json> {
  if (property.type === 'Resource') {
    return fc
      .constantFrom('Patient', 'Basic', 'Parameters', 'Observation')
      .chain((type) => resourceArbitrary(type, depth - 2));
  }
  const shape = property.shape();
  if (shape === undefined) throw new Error(`No shape of ${property.key}`);
  return membersOf(shape, depth - 1, false);
}

const word = fc.stringMatching(/^[A-Za-z0-9.-]{1,12}$/);

/** Any text that XML can carry: marks of XML, white space, other planes. */
const text = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom('<', '>', '&', '"', "'", '\n', '\r', '\t', ' ', '😀', ']]>', '&amp;'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    ),
    minLength: 1,
    maxLength: 12,
  })

  .filter((value) => !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(value));

const decimalText = fc.stringMatching(
  /^-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?$/,
);

function numberOf(source: string): Json {
  return String(Number(source)) === source ? Number(source) : rawNumber(source);
}

function primitiveOf(type: string): fc.Arbitrary<Json> {
  if (type === 'boolean') return fc.boolean();
  if (type === 'decimal') return decimalText.map(numberOf);
  if (/^(integer|positiveInt|unsignedInt)$/.test(type)) return fc.integer();
  if (type === 'xhtml') {
    return word.map(
      (content) =>
        `<div xmlns="http://www.w3.org/1999/xhtml">\n <p title='a>b'>${content} &lt;&#160;é<br/></p></div>`,
    );
  }
  return text;
}
