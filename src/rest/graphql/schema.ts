import {
  DirectiveLocation,
  GraphQLBoolean,
  GraphQLDirective,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
  specifiedDirectives,
} from 'graphql';
import type {
  GraphQLFieldConfig,
  GraphQLFieldConfigArgumentMap,
  GraphQLFieldConfigMap,
  GraphQLOutputType,
} from 'graphql';
import { resourceTypes, searchParameters } from '../../fhir/definitions.ts';
import { shapeOf, type Property, type Shape } from '../../fhir/shape.ts';
import { elementPlace, placeIn, resourcePlace, typeNameOf, type Place } from './place.ts';

/**
 * What can be asked, as a schema of GraphQL: place.ts and check.ts in the words that tools read. Searches within a resource
 * (`ObservationList(_reference: patient)`), which every resource has for every type, are left out: they would be most of it.
 */
export function buildSchema(): GraphQLSchema {
  return new SchemaBuilder().schema();
}

type Fields = GraphQLFieldConfigMap<unknown, unknown>;

class SchemaBuilder {
  readonly #objects = new Map<string, GraphQLObjectType>();
  readonly #scalars = new Map<string, GraphQLScalarType>(
    Object.entries({
      string: GraphQLString,
      boolean: GraphQLBoolean,
      integer: GraphQLInt,
      positiveInt: GraphQLInt,
      unsignedInt: GraphQLInt,
      decimal: GraphQLFloat,
      id: GraphQLID,
    }),
  );
  readonly #resource = new GraphQLInterfaceType({
    name: 'Resource',
    description: 'A resource of any type',
    fields: () => this.#ofEveryResource(),
  });

  schema(): GraphQLSchema {
    const types = resourceTypes().map((type) => this.#object(resourcePlace(type)));
    return new GraphQLSchema({
      query: new GraphQLObjectType({ name: 'Query', fields: () => this.#queries() }),
      types: types.filter((type) => type !== undefined),
      directives: [...specifiedDirectives.filter(isOffered), ...ownDirectives()],
    });
  }

  #queries(): Fields {
    const fields = resourceTypes().map((type): Fields => {
      const args = searchArguments(type);
      const object = this.#output(resourcePlace(type));
      return {
        [type]: { type: object, args: { id: { type: new GraphQLNonNull(GraphQLID) } } },
        [`${type}List`]: { type: new GraphQLList(object), args },
        [`${type}Connection`]: {
          type: this.#connection(type),
          args: { ...args, _cursor: { type: GraphQLString } },
        },
      };
    });
    return Object.assign({}, ...fields) as Fields;
  }

  #connection(type: string): GraphQLObjectType {
    const edge = new GraphQLObjectType({
      name: `${type}Edge`,
      fields: () => ({
        mode: { type: GraphQLString },
        score: { type: GraphQLFloat },
        resource: { type: this.#output(resourcePlace(type)) },
      }),
    });
    const texts = ['first', 'previous', 'next', 'last'].map((name) => [
      name,
      { type: GraphQLString },
    ]);
    return new GraphQLObjectType({
      name: `${type}Connection`,
      fields: {
        count: { type: GraphQLInt },
        pagesize: { type: GraphQLInt },
        ...(Object.fromEntries(texts) as Fields),
        edges: { type: new GraphQLList(edge) },
      },
    });
  }

  #ofEveryResource(): Fields {
    const properties = shapeOf('Resource')?.properties.values() ?? [];
    return { ...typeName, ...this.#elements([...properties]) };
  }

  /** The type of what stands at a place; undefined for what is of any type. */
  #object(place: Place): GraphQLObjectType | undefined {
    if (place.kind !== 'shape') return undefined;
    const name = typeNameOf(place);
    let known = this.#objects.get(name);
    if (known === undefined) {
      const { shape } = place;
      const isResource = shape.type.kind === 'resource' && shape.below === '';
      known = new GraphQLObjectType({
        name,
        interfaces: isResource ? [this.#resource] : [],
        fields: () => this.#fieldsOf(shape, isResource),
      });
      this.#objects.set(name, known);
    }
    return known;
  }

  #output(place: Place): GraphQLOutputType {
    return this.#object(place) ?? this.#resource;
  }

  #fieldsOf({ type, properties }: Shape, isResource: boolean): Fields {
    const target: Fields = {
      resource: {
        type: this.#resource,
        args: { type: { type: this.#scalar('code') }, optional: { type: GraphQLBoolean } },
      },
    };
    return {
      ...(isResource ? typeName : {}),
      ...this.#elements([...properties.values()]),
      ...(type.name === 'Reference' ? target : {}),
    };
  }

  #elements(properties: readonly Property[]): Fields {
    return Object.fromEntries(
      properties.flatMap((property) => {
        const one: [string, GraphQLFieldConfig<unknown, unknown>] = [
          property.key,
          this.#element(property),
        ];
        if (!property.primitive) return [one];
        const place = elementPlace();
        if (place === undefined) return [one];
        const type = manyOf(property, this.#output(place));
        return [one, [`_${property.key}`, { type }] as const];
      }),
    );
  }

  #element(property: Property): GraphQLFieldConfig<unknown, unknown> {
    const place = placeIn(property);
    const type = place === undefined ? this.#scalar(property.type) : this.#output(place);
    if (property.element.max === 1) return { type };
    return { type: new GraphQLList(type), args: this.#listArguments(property) };
  }

  #listArguments(property: Property): GraphQLFieldConfigArgumentMap {
    const inner = property.primitive ? [] : (property.shape()?.properties.values() ?? []);
    const values = [...inner].filter(({ primitive }) => primitive);
    return {
      _count: { type: GraphQLInt },
      _offset: { type: GraphQLInt },
      fhirpath: { type: GraphQLString },
      ...Object.fromEntries(values.map(({ key, type }) => [key, { type: this.#scalar(type) }])),
    };
  }

  #scalar(name: string): GraphQLScalarType {
    let known = this.#scalars.get(name);
    if (known === undefined) {
      known = new GraphQLScalarType({ name, description: `${name} of FHIR R4` });
      this.#scalars.set(name, known);
    }
    return known;
  }
}

const typeName: Fields = { resourceType: { type: GraphQLString } };

function manyOf({ element }: Property, type: GraphQLOutputType): GraphQLOutputType {
  return element.max === 1 ? type : new GraphQLList(type);
}

/** Search parameters by names that GraphQL can have; each takes one value or a list of alternatives. */
function searchArguments(type: string): GraphQLFieldConfigArgumentMap {
  const codes = [...searchParameters(type).keys(), '_count', '_sort', '_filter', '_list'];
  const texts = { type: new GraphQLList(GraphQLString) };
  return Object.fromEntries(codes.map((code) => [code.replaceAll('-', '_'), texts]));
}

function isOffered({ name }: GraphQLDirective): boolean {
  return name === 'include' || name === 'skip';
}

/** http://hl7.org/fhir/R4/graphql.html#directives */
function ownDirectives(): readonly GraphQLDirective[] {
  const locations = [DirectiveLocation.FIELD];
  const plain = ['flatten', 'first', 'singleton'].map(
    (name) => new GraphQLDirective({ name, locations }),
  );
  const args = { path: { type: GraphQLString }, fhirpath: { type: GraphQLString } };
  return [...plain, new GraphQLDirective({ name: 'slice', locations, args })];
}
