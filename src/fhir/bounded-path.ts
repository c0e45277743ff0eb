/**
 * FHIRPath given by others, evaluated in bounded time: a path of a hundred characters can ask for more steps than
 * there is time (http://hl7.org/fhirpath/N1), and a pattern may take ages for a short text.
 */
import { FunctionAtom, type Atom, type TypedValue } from '@medplum/core';
import { limits } from '../limits.ts';
import { compilePattern, type Pattern } from './linear-pattern.ts';

/** How many steps are left to paths that share it. */
export interface PathBudget {
  left: number;
}

export function pathBudget(): PathBudget {
  return { left: limits.fhirPathStepsMax };
}

/**
 * The atom, and all within it, changed so that what it does is taken off a budget: the function that comes back
 * evaluates it. That throws where the budget is spent, or a step comes to more than limits.fhirPathValuesMax values.
 */
export function boundedPath(
  atom: Atom,
): (
  variables: Record<string, TypedValue>,
  input: readonly TypedValue[],
  budget: PathBudget,
) => TypedValue[] {
  const purse: Purse = { budget: { left: 0 } };
  bind(atom, purse);
  return (variables, input, budget) => {
    purse.budget = budget;
    return atom.eval({ variables }, [...input]);
  };
}

interface Purse {
  budget: PathBudget;
}

function bind(atom: Atom, purse: Purse): void {
  const evaluate = boundedPattern(atom) ?? atom.eval.bind(atom);
  const perValue = atom instanceof FunctionAtom && readsAll.has(atom.name) ? wholeCost : 1;
  atom.eval = (context, input) => {
    pay(purse, 1 + input.length * perValue);
    const result = evaluate(context, input);
    if (result.length > limits.fhirPathValuesMax) throw new Error('A step comes to too much');
    pay(purse, result.length);
    return result;
  };
  for (const part of Object.values(atom)) {
    for (const one of Array.isArray(part) ? (part as unknown[]) : [part]) {
      if (isAtom(one)) bind(one, purse);
    }
  }
}

/** Functions that go through a whole value, or compare each with each. */
const readsAll: ReadonlySet<string> = new Set([
  ...['descendants', 'children', 'distinct', 'isDistinct', 'intersect', 'exclude', 'union'],
  ...['combine', 'subsetOf', 'supersetOf', 'matches', 'matchesFull', 'replace', 'join'],
  ...['toChars', 'indexOf', 'htmlChecks'],
]);
const wholeCost = 50;

/** What takes a regular expression is done by ours, in time that grows with the text only, or not at all. */
function boundedPattern(atom: Atom): Atom['eval'] | undefined {
  if (!(atom instanceof FunctionAtom)) return undefined;
  const { name, args } = atom;
  if (name !== 'matches' && name !== 'matchesFull' && name !== 'replaceMatches') return undefined;
  return (context, input) => {
    const [text, ...others] = input;
    if (text === undefined) return [];
    const source: unknown = args[0]?.eval(context, input)[0]?.value;
    const isOne = typeof text.value === 'string' && others.length === 0;
    if (!isOne || typeof source !== 'string' || name === 'replaceMatches') {
      throw new Error(`${name} cannot be evaluated here`);
    }
    const pattern = name === 'matchesFull' ? compilePattern(source) : patternWithin(source);
    if (pattern === undefined || text.value.length * pattern.states > limits.patternWorkMax / 10) {
      throw new Error('The regular expression is not offered, or the text is too long for it');
    }
    return [{ type: 'boolean', value: pattern.matches(text.value) }];
  };
}

/** `matches` looks for the pattern anywhere, ours holds it against the whole text. */
function patternWithin(source: string): Pattern | undefined {
  const from = source.startsWith('^') ? '' : anything;
  const to = /(?<!\\)\$$/.test(source) ? '' : anything;
  const inner = source.slice(from === '' ? 1 : 0, to === '' ? -1 : undefined);
  // An anchor would belong to one alternative only.
  if (inner.includes('|') && from !== to) return undefined;
  if (inner.includes('|') && from === '' && !/^\([^()]*\)$/.test(inner)) return undefined;
  return compilePattern(`${from}(${inner})${to}`);
}

const anything = '[\\s\\S]*';

function pay({ budget }: Purse, steps: number): void {
  budget.left -= steps;
  if (budget.left < 0) throw new Error('The path takes too many steps');
}

function isAtom(value: unknown): value is Atom {
  return typeof value === 'object' && value !== null && 'eval' in value;
}
