import { parseFhirPath, toTypedValue, type TypedValue } from '@medplum/core';
import { toPlain } from '../fhir/json.ts';

/** A compiled FHIRPath expression. Conditions only: date arithmetic is refused when it is compiled. */
export interface FhirPath {
  readonly text: string;
  /** The values it yields, in order. */
  values(scope: Scope): readonly unknown[];
  /** True if it yields one `true`; empty is false. */
  holds(scope: Scope): boolean;
}

/** What an expression sees: the focus as the context, and variables by name without `%`. */
export interface Scope {
  readonly focus: unknown;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** The library adds dates as strings (`today() + 1 day` is text), so a rule must not try. */
const clockFunctions = /\b(today|now|timeOfDay)\s*\(/;

/** Throws an Error that says what is wrong, with no place: the caller knows it. */
export function compileFhirPath(text: string): FhirPath {
  if (clockFunctions.test(text)) {
    throw new Error('today() and now() are not allowed here; use `within` or `at` for time');
  }
  const atom = parsed(text);
  const names = [...new Set(variablesOf(text))];
  const values = (scope: Scope): readonly unknown[] => {
    const variables: Record<string, TypedValue> = {};
    // Only what is asked for: a variable may be a resource, or take work to find out.
    for (const name of names) {
      if (Object.hasOwn(scope.variables, name)) {
        variables[`%${name}`] = typed(scope.variables[name]);
      }
    }
    return atom.eval({ variables }, [typed(scope.focus)]).map((each) => each.value as unknown);
  };
  return {
    text,
    values,
    holds: (scope) => {
      const found = values(scope);
      return found.length === 1 && found[0] === true;
    },
  };
}

function parsed(text: string): ReturnType<typeof parseFhirPath> {
  try {
    return parseFhirPath(text);
  } catch (error) {
    throw new Error(`this is no FHIRPath: ${(error as Error).message}`, { cause: error });
  }
}

/** The names of the `%variables` in an expression. */
export function variablesOf(text: string): readonly string[] {
  const unquoted = text.replace(/'(?:[^'\\]|\\.)*'/g, "''");
  return [...unquoted.matchAll(/%([A-Za-z_]\w*)/g)].map((match) => match[1] ?? '');
}

/** Absent is empty; the library has no other word for it than a value of no type. */
function typed(value: unknown): TypedValue {
  return value === undefined || value === null
    ? { type: 'undefined', value: undefined }
    : toTypedValue(toPlain(value));
}
