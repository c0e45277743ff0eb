import { parseFhirPath } from '@medplum/core';
import type { TypedValue } from '@medplum/core';
import { GraphQLError } from 'graphql';
import type { FieldNode } from 'graphql';
import { boundedPath, pathBudget } from '../../fhir/bounded-path.ts';
import { fail } from '../../fhir/issue.ts';
import { toPlain } from '../../fhir/json.ts';
import type { Json, JsonObject } from '../../fhir/resource.ts';
import { limits } from '../../limits.ts';

/** Where the items of a list stand. */
export interface ListPlace {
  /** Of the items. */
  readonly type: string;
  /** The resource that they stand in. */
  readonly owner: JsonObject | undefined;
}

/** Throws GraphQLError for what is no FHIRPath. */
export function checkPath(path: unknown, node: FieldNode): void {
  if (typeof path === 'string' && path.length <= limits.fhirPathCharsMax && isPath(path)) return;
  const most = String(limits.fhirPathCharsMax);
  throw new GraphQLError(`fhirpath is a FHIRPath of at most ${most} characters`, { nodes: node });
}

function isPath(path: string): boolean {
  try {
    parseFhirPath(path);
    return true;
  } catch {
    return false;
  }
}

/** The paths by which one query filters lists (http://hl7.org/fhir/R4/graphql.html#list); they share one budget. */
export class PathFilter {
  readonly #budget = pathBudget();
  readonly #paths = new Map<string, ReturnType<typeof boundedPath>>();

  /** The items for which the path comes to something that is not false. Throws `limit` where it takes too many steps. */
  kept(items: readonly Json[], path: string, { type, owner }: ListPlace): readonly Json[] {
    const evaluate = this.#paths.get(path) ?? boundedPath(parseFhirPath(path));
    this.#paths.set(path, evaluate);
    const resource = typed(typeName(owner), owner ?? {});
    return items.filter((item) => {
      const input = typed(type, item);
      const variables = {
        '%context': input,
        '%resource': resource,
        '%ucum': { type: 'string', value: 'http://unitsofmeasure.org' },
      };
      try {
        const [first] = evaluate(variables, [input], this.#budget);
        const value: unknown = first?.value;
        return value !== undefined && value !== false;
      } catch {
        return this.#budget.left < 0 ? tooLong() : false;
      }
    });
  }
}

function tooLong(): never {
  fail('limit', 'The FHIRPath takes too many steps (fhirPathStepsMax)');
}

function typed(type: string, value: Json): TypedValue {
  return { type, value: toPlain(value) };
}

function typeName(owner: JsonObject | undefined): string {
  const type = owner?.['resourceType'];
  return typeof type === 'string' ? type : 'Resource';
}
