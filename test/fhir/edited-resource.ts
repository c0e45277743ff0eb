import type { Resource } from '../../src/fhir/resource.ts';

type Node = Record<string, unknown> | unknown[];

/** What is put in place of a value: what a sender may get wrong, and what is right. */
const values: readonly unknown[] = [
  '',
  ' ',
  'text',
  'two  blanks',
  'a b',
  '\u0001',
  '2020-02-30',
  '2020-02-29',
  '2020',
  '2019-01-01T10:00:00Z',
  '2021-01-01T10:00:00+01:00',
  '2020-01-01T10:00',
  'http://example.org/a b',
  'urn:uuid:6f8f470e-07e8-4273-ad11-6e3fdc384a09',
  'AAAA',
  'A===',
  'entered-in-error',
  'home',
  'cancelled',
  0,
  1,
  -1,
  1.5,
  2 ** 31,
  Number.NaN,
  true,
  false,
  null,
  {},
  [],
  [null],
  ['text'],
  { text: 'a' },
  [{ text: 'a' }],
  { extension: [{ url: 'http://e', valueString: 'a' }] },
  [{ extension: [{ url: 'http://e', valueString: 'a' }] }],
  [null, { extension: [{ url: 'http://e', valueString: 'a' }] }],
  { coding: [{ system: 'http://s', code: 'c' }] },
  { reference: 'Patient/1' },
  { resourceType: 'Patient' },
  { value: 1, unit: 'mg' },
];

/** A copy with an edit for each number, which says where and what. */
export function edited(resource: Resource, picks: readonly number[]): Resource {
  const copy = JSON.parse(JSON.stringify(resource)) as Record<string, unknown>;
  for (const pick of picks) edit(copy, pick);
  return copy as unknown as Resource;
}

function edit(root: Record<string, unknown>, pick: number): void {
  const places = placesOf(root, []);
  const at = places[pick % places.length];
  if (at === undefined) return;
  const [node, key] = at;
  const rest = Math.floor(pick / places.length);
  const value = structuredClone(values[Math.floor(rest / 8) % values.length]);
  const members = node as Record<string | number, unknown>;
  switch (rest % 8) {
    case 0:
    case 1:
    case 2:
      remove(node, key);
      break;
    case 3:
      members[key] = value;
      break;
    case 4:
      members[key] = [members[key]];
      break;
    case 5:
      if (!Array.isArray(node)) node[`_${String(key)}`] = value;
      break;
    case 6:
      if (Array.isArray(node)) node.push(structuredClone(node[0]));
      else node[otherName(String(key))] = value;
      break;
    default:
      members[key] = (members[key] as unknown[] | undefined)?.[0] ?? value;
  }
}

/** Copies in each of which one primitive value has an extension: in its place, or beside it. */
export function withExtensions(resource: Resource): readonly Resource[] {
  const copies: Resource[] = [];
  const extended = { extension: [{ url: 'http://e', valueString: 'a' }] };
  for (const index of placesOf(resource, []).keys()) {
    for (const stays of [false, true]) {
      const copy = structuredClone(resource) as unknown as Record<string, unknown>;
      const [node, key] = placesOf(copy, [])[index] ?? [];
      if (node === undefined || Array.isArray(node) || key === undefined) continue;
      const value = node[key];
      const isList = Array.isArray(value);
      if (typeof (isList ? value[0] : value) === 'object') continue;
      node[`_${String(key)}`] = isList ? value.map(() => extended) : extended;
      if (!stays) Reflect.deleteProperty(node, key);
      copies.push(copy as unknown as Resource);
    }
  }
  return copies;
}

/** Every member of every object and list, but for the type. */
function placesOf(node: Node, found: [Node, string | number][]): [Node, string | number][] {
  for (const key of Object.keys(node)) {
    if (key === 'resourceType' && found.length === 0) continue;
    const value = (node as Record<string, unknown>)[key];
    found.push([node, Array.isArray(node) ? Number(key) : key]);
    if (typeof value === 'object' && value !== null) placesOf(value as Node, found);
  }
  return found;
}

function remove(node: Node, key: string | number): void {
  if (Array.isArray(node)) node.splice(Number(key), 1);
  else Reflect.deleteProperty(node, key);
}

function otherName(name: string): string {
  if (name.startsWith('value')) return 'valueString';
  return name.length % 2 === 0 ? `${name}X` : name.slice(0, -1);
}
