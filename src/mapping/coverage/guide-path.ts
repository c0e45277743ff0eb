import type { GuideRow } from './guide-row.ts';

/** Where a row of the guide wants its value: an element of a resource of that type, or of whichever. */
export interface GuideTarget {
  readonly type: string;
  /** `participant.type.coding.code`, with `extension(URL)`, without indexes. Empty: the resource itself. */
  readonly path: string;
  /** The type of resource that the element refers to, where the guide names one in brackets. */
  readonly refers?: string;
}

/** Typing errors of the guide in names of elements that are no matter of meaning. */
const spellings: readonly (readonly [pattern: RegExp, spelling: string])[] = [
  [/occurn?e[nr]*ceTi?ming|occurenceTiming|occurrenceTIming/gi, 'occurrenceTiming'],
  [/valueSampedData/g, 'valueSampledData'],
  [/\bpayer\b/g, 'payor'],
  [/\bvalue\.CodeableConcept\b/g, 'valueCodeableConcept'],
  [/\(Annotation\.text\)/g, '.text'],
  [/^Quantity\./, ''],
  [/\bsytem\b/g, 'system'],
  [/organziation/g, 'organization'],
  [/Practioner\b/g, 'Practitioner'],
  [/practioner/g, 'practitioner'],
  [/valuedateTime/g, 'valueDateTime'],
  [/\.coding\.value\b/g, '.coding.code'],
  [/\.coding\.uri\b/g, '.coding.system'],
  [/([a-z])\.\(/g, '$1('],
  [/\.reference\(/g, '('],
];

/**
 * The elements that fulfil a row, the exact one first. Indexes (`[1]`, `[each]`) go: the guide uses them to tell
 * instances apart within one sheet. A resource in brackets is one of its own (`requester(Practitioner.name)`), or what
 * the reference itself says of it (identifier, display). `=` in a target is a constant that slipped into the cell.
 */
export function guideTargets(row: GuideRow, resource: string, siblings: readonly GuideRow[]): GuideTarget[] {
  return targetsOf(withExtensions(row, siblings), resource);
}

/** As {@link guideTargets}, of the text of a target. */
export function targetsOf(text: string, resource: string): GuideTarget[] {
  const clean = spellings
    .reduce((before, [pattern, spelling]) => before.replace(pattern, spelling), text)
    .replace(/=.*$/, '')
    .replace(/\[[^\].]*[\]}]?/g, '')
    .replace(/\$(?:this|value)\b/g, '')
    .replace(/\s+/g, '');
  const { outer, inner } = nested(clean);
  const own = tidy(outer);
  if (inner === undefined) return [{ type: resource, path: own }, ...texts(resource, own)];
  return [...innerTargets(inner), ...flattened(own, inner, resource)];
}

function tidy(path: string): string {
  return path.replace(/^\.+|\.+$/g, '').replace(/\.{2,}/g, '.');
}

/** `a.b(Type.c)` to `a.b` and `Type.c`; extension URLs in brackets belong to their step. */
function nested(text: string): { readonly outer: string; readonly inner?: string } {
  const open = /(?<!extension)\((?=[A-Z])/.exec(text)?.index;
  if (open === undefined) return { outer: text };
  const rest = text.slice(open + 1);
  let depth = 1;
  let end = 0;
  while (end < rest.length && depth > 0) {
    if (rest[end] === '(') depth += 1;
    if (rest[end] === ')') depth -= 1;
    end += 1;
  }
  const inner = depth === 0 ? rest.slice(0, end - 1) : rest;
  const after = depth === 0 ? rest.slice(end) : '';
  return { outer: text.slice(0, open) + after, inner };
}

/** `Practitioner.name.family`, itself with resources in brackets. A choice (`Organization|Device`) is the first. */
function innerTargets(inner: string): GuideTarget[] {
  const type = /^[A-Z][A-Za-z]*/.exec(inner)?.[0] ?? '';
  const rest = inner.slice(type.length).replace(/^[|][A-Za-z|]*/, '');
  const path = rest.replace(/^\./, '');
  return path === '' ? [] : targetsOf(path, type);
}

/** What a Reference says by itself of the resource that it names: an element of that to an element of the Reference. */
export function saidByReference(path: string): string[] {
  if (path === '') return [''];
  if (/^identifier\b/.test(path)) return [path];
  return /^(?:name|description|deviceName)\b/.test(path) ? ['display'] : [];
}

/** Without the resource in between: a role's practitioner may be referred to directly. */
function flattened(outer: string, inner: string, resource: string): GuideTarget[] {
  const type = /^[A-Z][A-Za-z]*/.exec(inner)?.[0] ?? '';
  const rest = inner.slice(type.length).replace(/^[|][A-Za-z|]*/, '').replace(/^\./, '');
  if (outer.endsWith('medication') && rest === 'code') return [{ type: resource, path: outer }];
  const further = /^(?:practitioner|organization|location)(?:\(([A-Z][A-Za-z]*)\.?(.*)\))?$/i.exec(rest);
  const said = further
    ? saidByReference(further[2] ?? '')
    : saidByReference(rest.replace(/\([A-Z][A-Za-z]*\)$/, ''));
  const refers = further ? (further[1] ?? 'Practitioner') : type;
  return said.map((one) => ({ type: resource, path: tidy(`${outer}.${one}`), refers }));
}

/** A constant text beside a coding is its display. */
function texts(type: string, path: string): GuideTarget[] {
  return path.endsWith('.type.text')
    ? [{ type, path: path.replace(/text$/, 'coding.display') }]
    : [];
}

/** Each `extension[2]` with the URL that the sheet gives it in another row of the same field. */
function withExtensions(row: GuideRow, siblings: readonly GuideRow[]): string {
  let text = row.target.replace(/\bextension(?=[.:]|$)/g, 'extension[0]');
  for (;;) {
    const [whole] = /^.*?\bextension\[[^\]]*\]/.exec(text) ?? [];
    if (whole === undefined) return withoutUrl(text);
    const url = urlOf(whole, row, siblings);
    text = whole.replace(/extension\[[^\]]*\]$/, `extension(${url})`) + text.slice(whole.length);
  }
}

/** `extension(URL).url` is the extension itself. */
function withoutUrl(text: string): string {
  return text.replace(/(extension\([^)]*\))\.ur[il](?=\)*$)/, '$1');
}

function urlOf(prefix: string, row: GuideRow, siblings: readonly GuideRow[]): string {
  const plain = prefix.replace(/\bextension\([^)]*\)/g, 'extension').replaceAll(/\[[^\]]*\]/g, '');
  const index = /\[([^\]]*)\]$/.exec(prefix)?.[1] ?? '';
  const found = siblings.find(({ source, target, assignment }) => {
    if (source !== row.source || !/\.ur[il]\)*$/.test(target) || assignment === '') return false;
    const other = target.replace(/\.ur[il]\)*$/, '').replace(/\bextension$/, 'extension[0]');
    const same = other.replaceAll(/\[[^\]]*\]/g, '') === plain;
    return same && (/\[([^\]]*)\]$/.exec(other)?.[1] ?? '') === index;
  });
  return found ? literal(found.assignment) ?? '?' : '?';
}

/** The constant of an assignment in quotes; undefined for prose, calculations and none. */
export function literal(assignment: string): string | undefined {
  const text = /^"([^"]*)"?$/.exec(assignment)?.[1]?.trim();
  return text === undefined || text === '' ? undefined : text;
}
