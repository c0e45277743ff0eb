import { present } from '../../hl7v2/present.ts';
import type { At } from '../language/model.ts';
import { scalarText, TreeReader } from '../language/tree-reader.ts';
import { suggestion } from '../map-issue.ts';
import { parseOutCondition } from './condition.ts';
import type { FieldRule, FieldSource, OutTable } from './model.ts';
import { parseOutPath, type OutPath } from './place.ts';
import { writers } from './writers.ts';

interface FieldNeeds {
  readonly tables: ReadonlyMap<string, OutTable>;
  /** The v2 type of a field by its number. */
  readonly typeOf: (number: number) => string | undefined;
}

const autos = ['set-id', 'event-time', 'trigger', 'action'] as const;
const sources = ['from', 'each', 'const', 'auto', 'subId'] as const;
const keys = [...sources, 'as', 'table', 'prefer', 'when', 'join', 'set', 'doc'];

/** `set`: fields by their number. A text alone is a path. */
export function readFields(set: TreeReader | undefined, needs: FieldNeeds): readonly FieldRule[] {
  if (set === undefined) return [];
  return [...set.tree.entries].flatMap(([key, { place, value }]) => {
    const number = Number(key);
    if (!Number.isInteger(number) || number < 1 || number > 250) {
      set.issues.add(place, `\`${key}\` is no number of a field`);
      return [];
    }
    const text = scalarText(value);
    const path = { kind: 'scalar', place: value.place, value: text ?? '' } as const;
    const tree =
      value.kind === 'map'
        ? value
        : {
            kind: 'map' as const,
            place: value.place,
            entries: new Map([['from', { place, value: path }]]),
          };
    const rule = readField(number, new TreeReader(tree, set.issues), needs);
    return rule === undefined ? [] : [rule];
  });
}

function readField(number: number, body: TreeReader, needs: FieldNeeds): FieldRule | undefined {
  body.expectKeys(keys, 'a field');
  const source = readSource(body, needs);
  if (source === undefined) return undefined;
  const as = typeOf(number, body, { source, needs });
  const [prefer, join] = [body.text('prefer')?.value, body.text('join')?.value];
  const table = tableOf(body, needs);
  const system = prefer === undefined ? undefined : systemOf(prefer);
  const more = present({ table, join, prefer: system });
  return { number, place: body.place, source, as, when: whenOf(body), ...more };
}

function tableOf(body: TreeReader, { tables }: FieldNeeds): string | undefined {
  const table = body.text('table');
  if (table === undefined || tables.has(table.value)) return table?.value;
  const hint = suggestion(table.value, tables.keys());
  body.issues.add(table.place, `There is no table \`${table.value}\`${hint}`);
  return undefined;
}

/** The v2 type that a field is written as: what `as` says, else its own. */
function typeOf(
  number: number,
  body: TreeReader,
  { source, needs }: { readonly source: FieldSource; readonly needs: FieldNeeds },
): string {
  const as = body.text('as');
  const type = as?.value ?? needs.typeOf(number) ?? 'ST';
  const isNeeded = source.kind === 'path' || source.kind === 'event-time';
  if (!isNeeded || writers[type] !== undefined) return type;
  const known = Object.keys(writers);
  const hint = suggestion(type, known) || `; known are ${known.join(', ')}`;
  body.issues.add(as?.place ?? body.place, `Nothing is written as \`${type}\`${hint}`);
  return type;
}

function readSource(body: TreeReader, needs: FieldNeeds): FieldSource | undefined {
  const [source, second] = sources.filter((key) => body.has(key) && !isSaid(key, body));
  if (source === undefined || second !== undefined) {
    body.issues.add(body.place, `A field has one of ${sources.join(', ')}`);
    return undefined;
  }
  const text = body.text(source);
  if (text === undefined) return undefined;
  if (source === 'const') return { kind: 'const', text: text.value };
  if (source === 'auto') {
    const kind = body.textOf('auto', autos);
    return kind && { kind };
  }
  const path = outPath(text, body);
  if (path === undefined) return undefined;
  if (source === 'subId') {
    const own = body.text('from');
    return { kind: 'sub-id', path, ...present({ said: own && outPath(own, body) }) };
  }
  const all = source === 'each';
  const parts = body.map('set');
  if (parts === undefined) return { kind: 'path', path, all };
  return { kind: 'parts', path, all, parts: readFields(parts, { ...needs, typeOf: () => 'ST' }) };
}

/** `from` beside `subId`: where a number may be said already. */
function isSaid(key: (typeof sources)[number], body: TreeReader): boolean {
  return key === 'from' && body.has('subId');
}

function outPath({ value, place }: At<string>, { issues }: TreeReader): OutPath | undefined {
  const path = parseOutPath(value);
  if (path === undefined) {
    issues.add(place, `\`${value}\` is not a path such as name[use=official].family`);
  }
  return path;
}

function whenOf(body: TreeReader): FieldRule['when'] {
  return body.texts('when').flatMap(({ value, place }) => {
    const condition = parseOutCondition(value);
    if (condition === undefined) body.issues.add(place, `\`${value}\` is not a condition`);
    return condition ?? [];
  });
}

/** `v2-0002` is a table of HL7; anything else is a URI. */
function systemOf(name: string): string {
  return /^v2-\d{4}$/.test(name) ? `http://terminology.hl7.org/CodeSystem/${name}` : name;
}
