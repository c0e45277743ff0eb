import { executeSync, GraphQLError, Kind, validate, visit } from 'graphql';
import {
  FieldsOnCorrectTypeRule,
  KnownArgumentNamesRule,
  MaxIntrospectionDepthRule,
  NoFragmentCyclesRule,
  ProvidedRequiredArgumentsRule,
  ScalarLeafsRule,
  ValuesOfCorrectTypeRule,
} from 'graphql';
import type { DocumentNode, FieldNode, GraphQLSchema, SelectionNode } from 'graphql';
import { limits } from '../../limits.ts';
import type { Query } from './document.ts';
import { buildSchema } from './schema.ts';

let schema: GraphQLSchema | undefined;

/** Answers by the text of the question: tools ask the same one again. */
const answers = new Map<string, unknown>();

/** Whether a query asks what can be asked, not for data. */
export function isIntrospection(query: Query): boolean {
  return rootFields(query).some(({ name }) => /^__(schema|type)$/.test(name.value));
}

/** The fields of a query's root, those of fragments among them; each fragment is looked at once. */
function rootFields({ operation, fragments }: Query): readonly FieldNode[] {
  const seen = new Set<string>();
  const fieldsOf = (nodes: readonly SelectionNode[]): FieldNode[] =>
    nodes.flatMap((node) => {
      if (node.kind === Kind.FIELD) return [node];
      if (node.kind === Kind.INLINE_FRAGMENT) return fieldsOf(node.selectionSet.selections);
      const name = node.name.value;
      if (seen.has(name)) return [];
      seen.add(name);
      return fieldsOf(fragments.get(name)?.selectionSet.selections ?? []);
    });
  return fieldsOf(operation.selectionSet.selections);
}

/**
 * The answer to `__schema` and `__type`. Throws GraphQLError for a query that does not fit, asks for data besides, or
 * is longer than limits.graphqlSchemaFieldsMax: what it costs is the length of it times that of the schema.
 */
export function introspect(query: Query, text: string): unknown {
  const { operation, fragments, variables } = query;
  const key = JSON.stringify([text, operation.name?.value, variables]);
  const known = answers.get(key);
  if (known !== undefined) return known;
  schema ??= buildSchema();
  const document: DocumentNode = {
    kind: Kind.DOCUMENT,
    definitions: [operation, ...fragments.values()],
  };
  refuseLong(document);
  refuseData(query);
  const [fault] = validate(schema, document, rules);
  if (fault !== undefined) throw fault;
  const { data, errors } = executeSync({ schema, document, variableValues: variables });
  if (errors?.[0] !== undefined) throw errors[0];
  const oldest = answers.keys().next().value;
  if (answers.size >= limits.graphqlSchemaAnswersMax && oldest !== undefined) {
    answers.delete(oldest);
  }
  answers.set(key, data);
  return data;
}

const rules = [
  FieldsOnCorrectTypeRule,
  KnownArgumentNamesRule,
  MaxIntrospectionDepthRule,
  NoFragmentCyclesRule,
  ProvidedRequiredArgumentsRule,
  ScalarLeafsRule,
  ValuesOfCorrectTypeRule,
];

function refuseLong(document: DocumentNode): void {
  let fields = 0;
  visit(document, { Field: () => void fields++ });
  if (fields > limits.graphqlSchemaFieldsMax) {
    const most = `${limits.graphqlSchemaFieldsMax} fields (graphqlSchemaFieldsMax)`;
    throw new GraphQLError(`A query for the schema has at most ${most}`);
  }
}

/** Only what begins with `__`, in fragments too. */
function refuseData(query: Query): void {
  const nodes = rootFields(query).find(({ name }) => !name.value.startsWith('__'));
  if (nodes === undefined) return;
  throw new GraphQLError('Ask for the schema and for data in queries of their own', { nodes });
}
