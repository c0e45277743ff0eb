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
import type { DocumentNode, GraphQLSchema, SelectionNode } from 'graphql';
import { limits } from '../../limits.ts';
import type { Query } from './document.ts';
import { buildSchema } from './schema.ts';

let schema: GraphQLSchema | undefined;

/** Answers by the text of the question: tools ask the same one again. */
const answers = new Map<string, unknown>();

/** Whether a query asks what can be asked, not for data. */
export function isIntrospection({ operation, fragments }: Query): boolean {
  const asks = (selections: readonly SelectionNode[], depth: number): boolean =>
    selections.some((node) => {
      if (node.kind === Kind.FIELD) return /^__(schema|type)$/.test(node.name.value);
      if (depth >= limits.graphqlDepthMax) return false;
      if (node.kind === Kind.INLINE_FRAGMENT) return asks(node.selectionSet.selections, depth + 1);
      const fragment = fragments.get(node.name.value);
      return fragment !== undefined && asks(fragment.selectionSet.selections, depth + 1);
    });
  return asks(operation.selectionSet.selections, 0);
}

/**
 * The answer to `__schema` and `__type`. Throws GraphQLError for a query that does not fit, asks for data besides, or
 * is longer than limits.graphqlSchemaFieldsMax: what it costs is the length of it times that of the schema.
 */
export function introspect({ operation, fragments, variables }: Query, text: string): unknown {
  const key = JSON.stringify([text, operation.name?.value, variables]);
  const known = answers.get(key);
  if (known !== undefined) return known;
  schema ??= buildSchema();
  const document: DocumentNode = {
    kind: Kind.DOCUMENT,
    definitions: [operation, ...fragments.values()],
  };
  refuseLong(document);
  refuseData(operation.selectionSet.selections, fragments);
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

/** Only what begins with `__`, in fragments too; cycles are found by the rules. */
function refuseData(selections: readonly SelectionNode[], fragments: Query['fragments']): void {
  const seen = new Set<string>();
  const look = (nodes: readonly SelectionNode[]): void => {
    for (const node of nodes) {
      if (node.kind === Kind.FIELD) {
        if (node.name.value.startsWith('__')) continue;
        throw new GraphQLError('Ask for the schema and for data in queries of their own', {
          nodes: node,
        });
      }
      if (node.kind === Kind.INLINE_FRAGMENT) look(node.selectionSet.selections);
      else if (!seen.has(node.name.value)) {
        seen.add(node.name.value);
        look(fragments.get(node.name.value)?.selectionSet.selections ?? []);
      }
    }
  };
  look(selections);
}
