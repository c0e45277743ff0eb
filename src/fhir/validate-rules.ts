/** The invariants of data types, which the base checks for resources only. */
import { evalFhirPathTyped, parseFhirPath, type TypedValue } from '@medplum/core';
import { boundedPath, pathBudget, type PathBudget } from './bounded-path.ts';
import { limits } from '../limits.ts';
import { dateInterval } from './date-interval.ts';
import type { TypeDefinition } from './definitions.ts';
import { elementDefinitionRules } from './element-definition-rules.ts';
import { toPlain } from './json.ts';
import type { Fault, Members } from './fault.ts';

/** Checked elsewhere: ref-1 with the references. */
const checkedElsewhere: ReadonlySet<string> = new Set(['ref-1']);

/** Those met at every step, as code; the rest go to the FHIRPath engine. */
const compiledRules: Readonly<Record<string, (value: Members) => boolean | undefined>> = {
  ...elementDefinitionRules,
  'ext-1': (value) => has(value, 'extension') !== hasChoice(value),
  'per-1': (value) => isOrdered(value['start'], value['end']),
  'qty-3': (value) => !has(value, 'code') || has(value, 'system'),
  'cpt-2': (value) => !has(value, 'value') || has(value, 'system'),
};

/** The rules of its type that a value breaks; an engine that cannot tell finds no fault. */
export function brokenRules(value: Members, type: TypeDefinition, root: Members): readonly Fault[] {
  if (type.root.length === 0) return [];
  return type.root.flatMap((key) => {
    const rule = type.rules.get(key);
    if (rule?.severity !== 'error' || checkedElsewhere.has(key)) return [];
    const holds =
      compiledRules[key]?.(value) ?? evaluate(rule.expression, { value, type: type.name, root });
    if (holds) return [];
    return [{ code: 'invariant', diagnostics: `Constraint ${key} not met: ${rule.human}` }];
  });
}

function has(value: Members, name: string): boolean {
  return value[name] !== undefined || value[`_${name}`] !== undefined;
}

function hasChoice(value: Members): boolean {
  return Object.keys(value).some((key) => key.startsWith('value') || key.startsWith('_value'));
}

/** As `start <= end` with dates of unlike precision: false only where every reading is wrong. */
function isOrdered(start: unknown, end: unknown): boolean {
  if (typeof start !== 'string' || typeof end !== 'string') return true;
  const [from, to] = [dateInterval(start), dateInterval(end)];
  return !from || !to || from.lo < to.hi;
}

const parsed = new Map<string, ReturnType<typeof parseFhirPath>>();

/** Where an expression is evaluated. */
interface RulePlace {
  readonly value: unknown;
  readonly type: string;
  readonly root: Members;
}

type Evaluated = (variables: Record<string, TypedValue>, input: TypedValue) => TypedValue[];

/**
 * Whether a value meets a constraint of a profile; one that the engine cannot evaluate, or not in bounded time, is met.
 * All of one resource share the time.
 */
export function meetsRule(expression: string, place: RulePlace): boolean {
  if (expression.length > limits.fhirPathCharsMax) return true;
  let budget = budgets.get(place.root);
  if (budget === undefined) {
    budget = pathBudget();
    budgets.set(place.root, budget);
  }
  if (budget.left < 0) return true;
  const shared = budget;
  return holds(place, (variables, input) => {
    let path = bounded.get(expression);
    if (path === undefined) {
      path = boundedPath(parseFhirPath(expression));
      if (bounded.size >= limits.fhirPathCacheMax) bounded.clear();
      bounded.set(expression, path);
    }
    return path(variables, [input], shared);
  });
}

const bounded = new Map<string, ReturnType<typeof boundedPath>>();
const budgets = new WeakMap<Members, PathBudget>();

function evaluate(expression: string, place: RulePlace): boolean {
  return holds(place, (variables, input) => {
    let atom = parsed.get(expression);
    if (!atom) {
      atom = parseFhirPath(expression);
      if (parsed.size >= limits.fhirPathCacheMax) parsed.clear();
      parsed.set(expression, atom);
    }
    return evalFhirPathTyped(atom, [input], variables);
  });
}

/** An engine that cannot tell finds no fault. */
function holds({ value, type, root }: RulePlace, evaluated: Evaluated): boolean {
  const input: TypedValue = { type, value: toPlain(value) };
  const resource: TypedValue = { type: String(root['resourceType']), value: root };
  try {
    const variables = {
      '%context': input,
      '%resource': resource,
      '%rootResource': resource,
      '%ucum': { type: 'string', value: 'http://unitsofmeasure.org' },
    };
    const [first] = evaluated(variables, input);
    const met: unknown = first?.value;
    // A value with extensions comes in an object.
    return first === undefined || (met instanceof Boolean ? met.valueOf() : met) !== false;
  } catch {
    return true;
  }
}
