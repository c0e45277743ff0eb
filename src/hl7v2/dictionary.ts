import { createRequire } from 'node:module';

/** A field of a segment, or a component of a data type. */
export interface FieldDefinition {
  readonly name: string;
  /** Such as `CX`; `VARIES` for OBX-5, whose type OBX-2 names. */
  readonly dataType: string;
  readonly repeats: boolean;
  readonly required: boolean;
  /** How often it may come; absent: any number of times. */
  readonly repetitionsMax?: number;
  /** HL7 table number, such as 1 for 0001. */
  readonly table?: number;
  /** Characters that it may have up to v2.6; later versions do not limit them so. */
  readonly lengthMax?: number;
}

/**
 * A field by segment name and number, in the version that a message names or the newest one that has
 * it. Undefined for Z segments, unknown segments and unknown fields. Source: HL7 v2.1 to v2.8, by way
 * of scripts/hl7-definitions.ts.
 */
export function fieldDefinition(
  segment: string,
  field: number,
  version?: string,
): FieldDefinition | undefined {
  return read('segments', segment, { number: field, version });
}

/** A component of a data type, by number from 1. Undefined for primitive types. */
export function componentDefinition(
  dataType: string,
  component: number,
  version?: string,
): FieldDefinition | undefined {
  return read('data-types', dataType, { number: component, version });
}

/** Whether any version of HL7 from 2.1 to 2.8 has a segment of that name. */
export function knownSegment(name: string): boolean {
  return own(load('segments'), name) !== undefined;
}

/** Whether any version has a data type of that name; primitive types have no components. */
export function knownDataType(name: string): boolean {
  return own(load('data-types'), name) !== undefined;
}

/** The codes of an HL7 table by number; undefined where HL7 leaves them to others, or publishes none. */
export function tableCodes(number: number): ReadonlySet<string> | undefined {
  const known = tables.get(number);
  if (known !== undefined) return known;
  const codes = own(load('tables'), String(number));
  if (codes === undefined) return undefined;
  const set = new Set(codes);
  tables.set(number, set);
  return set;
}

const tables = new Map<number, ReadonlySet<string>>();

/**
 * A message structure as text, in its newest definition: `MSH EVN PATIENT+(PID PD1? MRG PV1?)`, with
 * `?` for at most one, `*` for any number, `+` for one or more and `A/B` for a choice.
 */
export function structureText(name: string): string | undefined {
  return own(load('structures'), name);
}

/** number -> rows `since|type|optionality|repetitions|table|name|length`, oldest first; `since` alone: withdrawn. */
type Histories = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

interface Files {
  segments: Histories;
  'data-types': Histories;
  structures: Readonly<Record<string, string>>;
  tables: Readonly<Record<string, readonly string[]>>;
}

const require = createRequire(import.meta.url);

/** Read when first asked (some milliseconds), so that a command that needs no grammar starts without. */
function load<Name extends keyof Files>(name: Name): Files[Name] {
  return (loaded[name] ??= require(`./definitions/${name}.json`) as Files[Name]);
}

/** `require` knows them too, but looks for the file each time, and every message asks. */
const loaded: Partial<Files> = {};

/** Names come from messages, and may be those of Object's own properties. */
function own<Value>(values: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

/** The newest definitions that were asked for: maps ask for the same few hundred again and again. */
const newest = new Map<string, FieldDefinition>();

function read(
  file: 'segments' | 'data-types',
  name: string,
  { number, version }: { readonly number: number; readonly version: string | undefined },
): FieldDefinition | undefined {
  const key = `${file} ${name}-${String(number)}`;
  const known = version === undefined ? newest.get(key) : undefined;
  if (known) return known;
  const found = readHistory(own(load(file), name)?.[String(number)], version);
  if (version === undefined && found) newest.set(key, found);
  return found;
}

function readHistory(
  rows: readonly string[] | undefined,
  version: string | undefined,
): FieldDefinition | undefined {
  if (!rows) return undefined;
  const known = version === undefined ? undefined : rows.filter((row) => !isLater(row, version));
  const row = known ? known.at(-1) : rows.findLast((candidate) => candidate.includes('|'));
  if (!row?.includes('|')) return undefined;
  const [, dataType = '', optionality, repetitions, table = '', name = '', length = ''] =
    row.split('|');
  return {
    name,
    dataType,
    repeats: repetitions !== '1',
    required: optionality === 'R',
    ...(repetitions === '*' ? {} : { repetitionsMax: Number(repetitions) }),
    ...(table === '' ? {} : { table: Number(table) }),
    ...(length === '' ? {} : { lengthMax: Number(length) }),
  };
}

/** Versions compare as text: there is no 2.10. */
function isLater(row: string, version: string): boolean {
  return (row.split('|', 1)[0] ?? '') > version;
}
