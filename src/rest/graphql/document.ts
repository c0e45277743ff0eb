import {
  GraphQLError,
  Kind,
  Lexer,
  OperationTypeNode,
  parse,
  Source,
  TokenKind,
  valueFromASTUntyped,
} from 'graphql';
import type {
  DirectiveNode,
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  OperationDefinitionNode,
  ValueNode,
  VariableDefinitionNode,
} from 'graphql';
import { limits } from '../../limits.ts';

/** What a caller sends: http://hl7.org/fhir/R4/graphql.html. */
export interface GraphqlRequest {
  readonly query: string;
  readonly operationName?: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** A query that can be run: its operation, its fragments, the values of its variables. */
export interface Query {
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Reads a query. Throws GraphQLError where it is none, names no operation of its own, or lacks a variable. */
export function readQuery({ query, operationName, variables }: GraphqlRequest): Query {
  refuseDeep(query);
  const document = parse(query, { maxTokens: limits.graphqlTokensMax });
  const operation = operationOf(document, operationName);
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
    if (fragments.has(definition.name.value)) {
      throw new GraphQLError('Two fragments have one name', { nodes: definition });
    }
    fragments.set(definition.name.value, definition);
  }
  return { operation, fragments, variables: valuesOf(operation, variables) };
}

const opening: readonly string[] = [TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L];
const closing: readonly string[] = [TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R];

/** The parser calls itself for each level, and would use up the stack. What has too many tokens is left to it. */
function refuseDeep(query: string): void {
  const lexer = new Lexer(new Source(query));
  let depth = 0;
  for (let count = 0; count < limits.graphqlTokensMax; count += 1) {
    const { kind } = lexer.advance();
    if (kind === TokenKind.EOF) return;
    if (closing.includes(kind)) depth -= 1;
    if (opening.includes(kind)) depth += 1;
    if (depth <= limits.graphqlNestingMax) continue;
    const most = String(limits.graphqlNestingMax);
    throw new GraphQLError(`A query may nest ${most} levels deep (graphqlNestingMax)`);
  }
}

function operationOf(
  { definitions }: DocumentNode,
  name: string | undefined,
): OperationDefinitionNode {
  const operations = definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  const fitting = operations.filter((one) => name === undefined || one.name?.value === name);
  const [operation, ...more] = fitting;
  if (operation === undefined || more.length > 0) {
    throw new GraphQLError('The query must have one operation, or operationName must name one');
  }
  if (operation.operation !== OperationTypeNode.QUERY) {
    throw new GraphQLError('Only queries are offered; write by REST', { nodes: operation });
  }
  const known: readonly string[] = [Kind.OPERATION_DEFINITION, Kind.FRAGMENT_DEFINITION];
  const other = definitions.find(({ kind }) => !known.includes(kind));
  if (other !== undefined)
    throw new GraphQLError('A type definition is no query', { nodes: other });
  return operation;
}

function valuesOf(
  { variableDefinitions = [] }: OperationDefinitionNode,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    variableDefinitions.map((definition) => [
      definition.variable.name.value,
      variableValue(definition, given),
    ]),
  );
}

function variableValue(
  definition: VariableDefinitionNode,
  given: Readonly<Record<string, unknown>>,
): unknown {
  const { variable, defaultValue, type } = definition;
  const { value: name } = variable.name;
  const value = Object.hasOwn(given, name) ? given[name] : undefined;
  const chosen = value === undefined && defaultValue ? valueFromASTUntyped(defaultValue) : value;
  if (type.kind === Kind.NON_NULL_TYPE && (chosen === undefined || chosen === null)) {
    throw new GraphQLError(`The variable $${name} needs a value`, { nodes: definition });
  }
  return chosen ?? null;
}

/** The value of an argument, variables put in. Throws where a variable is not declared. */
export function valueOf({ variables }: Query, node: ValueNode): unknown {
  requireDeclared(variables, node);
  return valueFromASTUntyped(node, variables);
}

function requireDeclared(variables: Query['variables'], node: ValueNode): void {
  if (node.kind === Kind.VARIABLE && !Object.hasOwn(variables, node.name.value)) {
    throw new GraphQLError(`The variable $${node.name.value} is not declared`, { nodes: node });
  }
  if (node.kind === Kind.LIST) for (const item of node.values) requireDeclared(variables, item);
}

/** The arguments of a field by name; what is null is as good as not given. Throws where one is given twice. */
export function argumentsOf(
  query: Query,
  { arguments: given = [] }: FieldNode | DirectiveNode,
): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  for (const node of given) {
    const { value: name } = node.name;
    if (found.has(name)) throw new GraphQLError('An argument is given twice', { nodes: node });
    found.set(name, valueOf(query, node.value));
  }
  return new Map([...found].filter(([, value]) => value !== null && value !== undefined));
}

/** A directive of a field, with its arguments; undefined where it has none of the name. */
export function directiveOf(
  query: Query,
  { directives = [] }: { readonly directives?: readonly DirectiveNode[] | undefined },
  name: string,
): ReadonlyMap<string, unknown> | undefined {
  const found = directives.find((directive) => directive.name.value === name);
  return found === undefined ? undefined : argumentsOf(query, found);
}
