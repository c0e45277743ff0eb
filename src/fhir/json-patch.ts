import { limits } from '../limits.ts';
import { isRawNumber } from './decimal.ts';
import { fail } from './issue.ts';
import type { Json, JsonObject } from './resource.ts';

/**
 * Applies a JSON Patch (RFC 6902) and returns the patched document; the given one is not changed. Numbers
 * keep their digits. Throws `structure` for what is no patch, `value` for a path that leads nowhere,
 * `invariant` for a `test` that does not hold, and `limit` where copies of copies come to too much.
 */
export function applyJsonPatch(document: Json, patch: Json): Json {
  if (!isArray(patch)) fail('structure', 'A JSON Patch is an array of operations');
  const copied = { values: 0 };
  return patch.reduce<Json>(
    (patched, operation, position) =>
      applyOperation(patched, operation, { at: `operation ${String(position)}`, copied }),
    document,
  );
}

interface Place {
  /** The operation, for faults. */
  readonly at: string;
  /** What all operations so far have copied. */
  readonly copied: { values: number };
}

function applyOperation(document: Json, operation: Json, { at, copied }: Place): Json {
  if (!isContainer(operation) || isArray(operation)) {
    fail('structure', `JSON Patch ${at} is not an object`);
  }
  const { op, path, from, value } = operation;
  const target = parsePointer(path, at);
  switch (op) {
    case 'add':
      return add(document, target, required(value, at), at);
    case 'remove':
      return remove(document, target, at);
    case 'replace':
      return replace(document, target, required(value, at), at);
    case 'move':
      return move(document, parsePointer(from, at), target, at);
    case 'copy':
      return add(document, target, copy(document, parsePointer(from, at), { at, copied }), at);
    case 'test':
      if (isSameJson(valueAt(document, target, at), required(value, at))) return document;
      return fail('invariant', `JSON Patch ${at}: the test does not hold`);
    default:
      return fail('structure', `JSON Patch ${at}: op is add, remove, replace, move, copy or test`);
  }
}

type Pointer = readonly string[];

function parsePointer(path: Json | undefined, at: string): Pointer {
  if (typeof path !== 'string' || (path !== '' && !path.startsWith('/'))) {
    fail('structure', `JSON Patch ${at} needs a JSON Pointer that starts with "/"`);
  }
  const steps = path.split('/').slice(1);
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function required(value: Json | undefined, at: string): Json {
  return value === undefined ? fail('structure', `JSON Patch ${at} needs a value`) : value;
}

function add(document: Json, pointer: Pointer, value: Json, at: string): Json {
  if (pointer.length === 0) return value;
  return change(document, pointer, {
    at,
    edit: (parent, step) => {
      if (!isArray(parent)) return { ...parent, [step]: value };
      const index = step === '-' ? parent.length : indexOf(step, parent.length, at);
      return parent.toSpliced(index, 0, value);
    },
  });
}

function remove(document: Json, pointer: Pointer, at: string): Json {
  return change(document, pointer, {
    at,
    edit: (parent, step) => {
      child(parent, step, at);
      if (isArray(parent)) return parent.toSpliced(Number(step), 1);
      return Object.fromEntries(Object.entries(parent).filter(([key]) => key !== step));
    },
  });
}

function replace(document: Json, pointer: Pointer, value: Json, at: string): Json {
  if (pointer.length === 0) return value;
  return change(document, pointer, {
    at,
    edit: (parent, step) => {
      child(parent, step, at);
      return withChild(parent, step, value);
    },
  });
}

function move(document: Json, from: Pointer, to: Pointer, at: string): Json {
  if (to.length > from.length && from.every((step, i) => step === to[i])) {
    fail('value', `JSON Patch ${at} moves a value into itself`);
  }
  return add(remove(document, from, at), to, valueAt(document, from, at), at);
}

/** A copy of what holds copies doubles with each operation: a few of them would be more than any memory. */
function copy(document: Json, from: Pointer, { at, copied }: Place): Json {
  const value = valueAt(document, from, at);
  copied.values += valuesIn(value, limits.patchCopiedMax - copied.values + 1);
  if (copied.values > limits.patchCopiedMax) {
    fail('limit', `JSON Patch ${at} copies more than ${String(limits.patchCopiedMax)} values`);
  }
  return value;
}

/** How many values a value holds, itself among them; counts no further than `most`. */
function valuesIn(value: Json, most: number): number {
  if (!isContainer(value)) return 1;
  let count = 1;
  for (const child of Object.values(value) as readonly Json[]) {
    if (count >= most) return count;
    count += valuesIn(child, most - count);
  }
  return count;
}

function valueAt(document: Json, pointer: Pointer, at: string): Json {
  return pointer.reduce<Json>((value, step) => child(value, step, at), document);
}

type Container = readonly Json[] | JsonObject;

interface Edit {
  readonly at: string;
  /** Gives the new container for the one that has the last step. */
  readonly edit: (parent: Container, step: string) => Container;
}

/** Rebuilds the containers on the way to the last step. */
function change(document: Json, pointer: Pointer, { at, edit }: Edit): Json {
  const [step, ...rest] = pointer;
  if (step === undefined || !isContainer(document)) return nowhere(at);
  if (rest.length === 0) return edit(document, step);
  return withChild(document, step, change(child(document, step, at), rest, { at, edit }));
}

function child(parent: Json, step: string, at: string): Json {
  if (!isContainer(parent)) return nowhere(at);
  if (isArray(parent)) return parent[indexOf(step, parent.length - 1, at)] ?? nowhere(at);
  return (Object.hasOwn(parent, step) ? parent[step] : undefined) ?? nowhere(at);
}

function withChild(parent: Container, step: string, value: Json): Container {
  return isArray(parent) ? parent.with(Number(step), value) : { ...parent, [step]: value };
}

function indexOf(step: string, max: number, at: string): number {
  return /^(0|[1-9][0-9]{0,8})$/.test(step) && Number(step) <= max ? Number(step) : nowhere(at);
}

function nowhere(at: string): never {
  return fail('value', `JSON Patch ${at}: the path leads to nothing`);
}

function isContainer(value: Json): value is Container {
  return typeof value === 'object' && value !== null && !isRawNumber(value);
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Equal as RFC 6902 says: members in any order, numbers by value. */
function isSameJson(a: Json, b: Json): boolean {
  if (!isContainer(a) || !isContainer(b)) return scalar(a) === scalar(b);
  if (isArray(a) || isArray(b)) {
    if (!isArray(a) || !isArray(b) || a.length !== b.length) return false;
    return a.every((item, i) => isSameJson(item, b[i] ?? null));
  }
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && isSameJson(a[key] ?? null, b[key] ?? null));
}

function scalar(value: Json): unknown {
  return isRawNumber(value) ? Number(value.rawJSON) : value;
}
