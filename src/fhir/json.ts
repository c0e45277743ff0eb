/**
 * FHIR JSON in and out, to the digit (http://hl7.org/fhir/R4/json.html). Reading is `JSON.parse` after one scan
 * that looks for what it would pass over: numbers that it would round, keys given twice, depth.
 */
import { limits } from '../limits.ts';
import { isRawNumber, numberText, rawNumber } from './decimal.ts';
import { errorIssue, type Issue } from './issue.ts';
import { endOfString, findJsonFault, type JsonFault } from './json-fault.ts';
import type { Json } from './resource.ts';

/** `value` is absent where there is an issue. */
export interface ParsedJson {
  readonly value?: Json;
  readonly issues: readonly Issue[];
}

/**
 * Reads JSON text. A number whose text is not what JavaScript would write for it (`1.00`, `1e2`, 20 digits)
 * becomes a raw number (`JSON.rawJSON`) and is written back as it came. A leading byte order mark is passed over.
 * Issues: `syntax-json` with line and column, `structure` for a key given twice, the key `__proto__`, or half a
 * surrogate pair; `limit` for more than `limits.jsonDepthMax` levels. No issue repeats the text.
 */
export function parseJson(text: string): ParsedJson {
  const source = text.startsWith('\ufeff') ? text.slice(1) : text;
  const scan = scanJson(source);
  if (scan.depth > limits.jsonDepthMax) return refused(source);
  let value: Json;
  try {
    value = scan.exact
      ? (JSON.parse(source) as Json)
      : (JSON.parse(source, keepNumber as (key: string, value: unknown) => unknown) as Json);
  } catch {
    return refused(source);
  }
  if (scan.suspect || countMembers(value) !== scan.members) {
    const fault = findJsonFault(source);
    if (fault) return { issues: [faultIssue(fault)] };
  }
  return { value, issues: [] };
}

/** Writes JSON without white space; raw numbers come out as they came in. */
export function stringify(value: unknown): string {
  return JSON.stringify(value);
}

/**
 * The same value with every raw number as a JavaScript number, for code that computes. Returns its argument
 * itself (and shares every part) where there is none.
 */
export function toPlain<T>(value: T): T {
  return plain(value) as T;
}

function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isRawNumber(value)) return Number(value.rawJSON);
  return Array.isArray(value) ? plainArray(value) : plainObject(value as Record<string, unknown>);
}

function plainArray(items: readonly unknown[]): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (const [index, item] of items.entries()) {
    const changed = plain(item);
    if (changed !== item) {
      copy ??= [...items];
      copy[index] = changed;
    }
  }
  return copy ?? items;
}

function plainObject(members: Readonly<Record<string, unknown>>): unknown {
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(members)) {
    const changed = plain(members[key]);
    if (changed !== members[key]) {
      copy ??= { ...members };
      copy[key] = changed;
    }
  }
  return copy ?? members;
}

function refused(source: string): ParsedJson {
  const fault = findJsonFault(source) ?? { kind: 'syntax', line: 1, column: 1 };
  return { issues: [faultIssue(fault)] };
}

function faultIssue({ kind, line, column }: JsonFault): Issue {
  const place = `line ${String(line)}, column ${String(column)}`;
  switch (kind) {
    case 'syntax':
      return errorIssue('syntax-json', `Not JSON from ${place}`);
    case 'duplicate-key':
      return errorIssue('structure', `The same property is given twice in one object: ${place}`);
    case 'prototype-key':
      return errorIssue('structure', `The property name __proto__ is not allowed: ${place}`);
    case 'lone-surrogate':
      return errorIssue('structure', `Half a surrogate pair is not a character: ${place}`);
    case 'depth':
      return errorIssue(
        'limit',
        `JSON deeper than ${String(limits.jsonDepthMax)} levels (jsonDepthMax): ${place}`,
      );
  }
}

function keepNumber(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context.source === undefined) return value;
  return numberText(value) === context.source ? value : rawNumber(context.source);
}

interface JsonScan {
  /** Every number is written as JavaScript would write it. */
  readonly exact: boolean;
  /** Colons outside of strings: the members of all objects. */
  readonly members: number;
  readonly depth: number;
  /** Something that only the slow reader can judge. */
  readonly suspect: boolean;
}

const quote = 0x22;

/** One pass over the text between its strings; needs no valid JSON, only to be right where it is valid. */
function scanJson(text: string): JsonScan {
  let exact = true;
  let members = 0;
  let depth = 0;
  let deepest = 0;
  let at = 0;
  while (at < text.length) {
    const unit = text.charCodeAt(at);
    if (unit === quote) {
      at = endOfString(text, at);
    } else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > deepest) deepest = depth;
    } else if (unit === 0x7d || unit === 0x5d) {
      depth--;
    } else if (unit === 0x3a) {
      members++;
    } else if (isNumberUnit(unit)) {
      const end = endOfNumber(text, at);
      exact &&= isCanonical(text, at, end);
      at = end - 1;
    }
    at++;
  }
  const suspect =
    !text.isWellFormed() || /\\u[dD][89a-fA-F]/.test(text) || /__proto__|\\u005[fF]/.test(text);
  return { exact, members, depth: deepest, suspect };
}

function isNumberUnit(unit: number): boolean {
  return (unit >= 0x30 && unit <= 0x39) || unit === 0x2d;
}

function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length) {
    const unit = text.charCodeAt(end);
    const part = isNumberUnit(unit) || unit === 0x2e || unit === 0x2b || (unit | 32) === 0x65;
    if (!part) break;
    end++;
  }
  return end;
}

/** Whether JavaScript writes the number as it stands. */
function isCanonical(text: string, start: number, end: number): boolean {
  const source = text.slice(start, end);
  return String(Number(source)) === source;
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null || isRawNumber(value)) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countMembers(item);
    return count;
  }
  const members = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(members)) {
    count++;
    count += countMembers(members[key]);
  }
  return count;
}
