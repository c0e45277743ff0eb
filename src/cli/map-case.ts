import { parseFhirPath, toTypedValue } from '@medplum/core';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { toPlain } from '../fhir/json.ts';
import { transactionBundle } from './map-bundle.ts';
import { withEffects } from './map-effects.ts';
import { mapBytes, type MappedMessage, type Mapping } from './map-message.ts';

/** A message with what must come of it, in files side by side. */
export interface MapCase {
  readonly name: string;
  readonly message: string;
  /** `x.assert.yaml`, or `assert.yaml` in a folder per case. */
  readonly asserts?: string;
  /** `x.expected.json` or `expected.json`: the whole Bundle. */
  readonly expected?: string;
}

interface AssertFile {
  readonly ack?: string;
  readonly feed?: string;
  readonly asserts?: readonly Assertion[];
}

interface Assertion {
  /** All resources of that type are the input; absent: the Bundle. */
  readonly resource?: string;
  readonly fhirpath: string;
  readonly equals: unknown;
}

export interface CaseOutcome {
  readonly failures: readonly string[];
  /** `file:line` of the rules that made something. */
  readonly rules: readonly string[];
}

/** Cases below a folder: `x.hl7` beside `x.assert.yaml` or `x.expected.json`, or a folder with `message.hl7`. */
export async function findCases(folder: string): Promise<MapCase[]> {
  const names = await readdir(folder, { recursive: true });
  return names
    .filter((name) => name.endsWith('.hl7'))
    .sort()
    .map((name) => caseOf(join(folder, name)))
    .filter(({ asserts, expected }) => asserts !== undefined || expected !== undefined);
}

function caseOf(message: string): MapCase {
  const folder = dirname(message);
  const stem = basename(message, '.hl7');
  const find = (ending: string): string | undefined => {
    const beside = [join(folder, `${stem}.${ending}`)];
    if (stem === 'message') beside.push(join(folder, ending));
    return beside.find((path) => existsSync(path));
  };
  const asserts = find('assert.yaml');
  const expected = find('expected.json');
  return {
    name: stem === 'message' ? folder : message.replace(/\.hl7$/, ''),
    message,
    ...(asserts !== undefined && { asserts }),
    ...(expected !== undefined && { expected }),
  };
}

/** Runs one case; every difference is a sentence. */
export async function runCase(one: MapCase, mapping: Mapping): Promise<CaseOutcome> {
  const file = one.asserts === undefined ? {} : await readAsserts(one.asserts);
  const { feed } = file;
  const bytes = await readFile(one.message);
  const mapped = mapBytes(bytes, feed === undefined ? mapping : { ...mapping, feed });
  const failures = [...compareAck(file, mapped), ...(file.asserts ?? []).flatMap(checkOn(mapped))];
  if (one.expected !== undefined) failures.push(...(await compareBundle(one.expected, mapped)));
  return { failures, rules: (mapped.result?.trace ?? []).map(({ rule }) => rule) };
}

async function readAsserts(path: string): Promise<AssertFile> {
  return (parse(await readFile(path, 'utf8')) ?? {}) as AssertFile;
}

function compareAck({ ack = 'AA' }: AssertFile, mapped: MappedMessage): string[] {
  if (mapped.ack === ack) return [];
  const why = mapped.issues.map(({ diagnostics }) => diagnostics).join('; ');
  return [`ack: expected ${ack}, got ${mapped.ack}${why === '' ? '' : ` (${why})`}`];
}

function checkOn(mapped: MappedMessage): (assertion: Assertion) => string[] {
  const bundle = bundleOf(mapped);
  return ({ resource, fhirpath, equals }) => {
    const input = resource === undefined ? [bundle] : resourcesOf(bundle, resource);
    const what = `${resource ?? 'Bundle'}: ${fhirpath}`;
    try {
      // The root of the library's tree takes its inputs one by one, so that `count()` would be 1 each.
      const typed = parseFhirPath(fhirpath).child.eval({ variables: {} }, input.map(toTypedValue));
      // A primitive with an extension comes as a String object.
      const values = JSON.parse(
        JSON.stringify(typed.map(({ value }): unknown => value)),
      ) as unknown[];
      const wanted = Array.isArray(equals) ? equals : [equals];
      if (isDeepStrictEqual(values, wanted)) return [];
      return [`${what}: expected ${JSON.stringify(equals)}, got ${shown(values)}`];
    } catch (error) {
      return [`${what}: ${error instanceof Error ? error.message : String(error)}`];
    }
  };
}

function shown(values: readonly unknown[]): string {
  return values.length === 0 ? 'nothing' : JSON.stringify(values.length === 1 ? values[0] : values);
}

interface PlainBundle {
  readonly entry: readonly { readonly resource: { readonly resourceType: string } }[];
}

function bundleOf({ result }: MappedMessage): PlainBundle {
  return toPlain(transactionBundle(result ? withEffects(result) : []));
}

function resourcesOf({ entry }: PlainBundle, type: string): unknown[] {
  return entry.map(({ resource }) => resource).filter(({ resourceType }) => resourceType === type);
}

async function compareBundle(path: string, mapped: MappedMessage): Promise<string[]> {
  const expected = JSON.parse(await readFile(path, 'utf8')) as unknown;
  const got = JSON.parse(JSON.stringify(bundleOf(mapped))) as unknown;
  return isDeepStrictEqual(got, expected)
    ? []
    : [`${path}: ${firstDifference(expected, got, 'Bundle')}`];
}

/** Where two JSON values part, as a path. */
function firstDifference(expected: unknown, got: unknown, path: string): string {
  if (isContainer(expected) && isContainer(got)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(got)]);
    for (const key of keys) {
      const step = Array.isArray(expected) ? `${path}[${key}]` : `${path}.${key}`;
      if (!isDeepStrictEqual(expected[key], got[key])) {
        return firstDifference(expected[key], got[key], step);
      }
    }
  }
  return `${path}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`;
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
