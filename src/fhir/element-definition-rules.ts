/**
 * The constraints of ElementDefinition as code: a profile has thousands of elements with a dozen constraints each, and the
 * FHIRPath engine asks every kind of a choice for each. What has the wrong shape is told elsewhere and breaks none.
 */
import { listOf } from './code-system.ts';
import { numberText } from './decimal.ts';
import type { Members } from './fault.ts';

/** By key: whether an ElementDefinition keeps the rule; undefined: only the engine can tell. */
export const elementDefinitionRules: Readonly<
  Record<string, (element: Members) => boolean | undefined>
> = {
  'eld-2': ({ min, max }) => {
    const [least, most] = [wholeOf(min), wholeOf(max)];
    return least === undefined || most === undefined || least <= most;
  },
  'eld-5': (element) => !has(element, 'contentReference') || !saysMore(element),
  'eld-6': (element) => !hasChoice(element, 'fixed') || listOf(element['type']).length <= 1,
  'eld-7': (element) => !hasChoice(element, 'pattern') || listOf(element['type']).length <= 1,
  'eld-8': (element) => !hasChoice(element, 'pattern') || !hasChoice(element, 'fixed'),
  // As R4 writes it, any code keeps it: `select(...)` of what there is `exists()`.
  'eld-11': () => true,
  'eld-13': (element) => isDistinct(codesOf(element, 'type', 'code')),
  'eld-14': (element) => isDistinct(codesOf(element, 'constraint', 'key')),
  'eld-15': (element) => !hasChoice(element, 'defaultValue') || !has(element, 'meaningWhenMissing'),
  'eld-16': ({ sliceName }) =>
    typeof sliceName !== 'string' || /^[a-zA-Z0-9/\-_[\]@]+$/.test(sliceName),
  'eld-18': (element) => element['isModifier'] !== true || has(element, 'isModifierReason'),
  'eld-19': ({ path }) => (isPlainPath(path) ? true : undefined),
  'eld-22': (element) => !has(element, 'sliceIsConstraining') || has(element, 'sliceName'),
};

function isPlainPath(path: unknown): boolean {
  return (
    typeof path === 'string' && /^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}(\[x\])?)*$/.test(path)
  );
}

function has(element: Members, name: string): boolean {
  return element[name] !== undefined || element[`_${name}`] !== undefined;
}

/** Whether a choice such as `fixed[x]` has a value of any type. */
function hasChoice(element: Members, name: string): boolean {
  return Object.keys(element).some((key) => {
    const plain = key.startsWith('_') ? key.slice(1) : key;
    return plain.startsWith(name) && /^[A-Z]/.test(plain.slice(name.length));
  });
}

const choicesBesideContent = ['defaultValue', 'fixed', 'pattern', 'minValue', 'maxValue'];
const membersBesideContent = ['type', 'example', 'maxLength', 'binding'];

/** What an element may not say that takes its content from another one. */
function saysMore(element: Members): boolean {
  return (
    membersBesideContent.some((name) => has(element, name)) ||
    choicesBesideContent.some((name) => hasChoice(element, name))
  );
}

function codesOf(element: Members, list: string, name: string): readonly string[] {
  return listOf(element[list]).flatMap((each) => {
    const code = each[name];
    return typeof code === 'string' ? [code] : [];
  });
}

function isDistinct(codes: readonly string[]): boolean {
  return codes.length < 2 || new Set(codes).size === codes.length;
}

/** A cardinality as a number; `*` and what is none have no value to compare. */
function wholeOf(value: unknown): number | undefined {
  const text = typeof value === 'string' ? value : numberText(value);
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
