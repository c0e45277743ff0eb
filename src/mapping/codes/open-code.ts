import type { Json, Resource } from '../../fhir/resource.ts';
import type { MappingResult, TraceEntry } from '../result.ts';

/** A code that says nothing beyond its sender: no row of a table, or no coding of a known system beside it. */
export interface OpenCode {
  /** The table that has no row for it; empty where no table is asked. */
  readonly table: string;
  readonly code: string;
  /** URI; empty where the sender names none. */
  readonly system: string;
  /** As the sender calls it; may be empty. */
  readonly display: string;
  /** `OBX-3`; empty where it is not known. */
  readonly position: string;
  /** `Observation.code`, without indexes; empty for a code of a table. */
  readonly element: string;
  readonly count: number;
}

/** Code systems that a sender has for itself (datatypes/coding-system.ts). */
const ownSystem = /^urn:weir:codesystem:/;

/**
 * The codes of one message that are still open: those that a table has no row for, and those of which every coding is of the
 * sender's own system, or of none. A code that a table left over is not counted again where it was kept.
 */
export function openCodesOf(result: MappingResult): readonly OpenCode[] {
  const ofTables = result.unmapped.map(({ table, code, system = '', display = '', ...rest }) => {
    const { position, count } = rest;
    return { table, code, system, display, position, element: '', count };
  });
  const known = new Set(ofTables.map(({ code, system }) => keyOf(code, system)));
  const found = new Map<string, OpenCode>();
  for (const { name, resource } of result.resources) {
    for (const { coding, path } of ownCodings(resource)) {
      const { system = '', code = '', display = '' } = coding;
      if (known.has(keyOf(code, system))) continue;
      const element = `${resource.resourceType}.${path.replace(/\[\d+\]/g, '')}`;
      const key = JSON.stringify([code, system, element]);
      const count = (found.get(key)?.count ?? 0) + 1;
      const position = found.get(key)?.position ?? positionOf(result.trace, `${name}.${path}`);
      found.set(key, { table: '', code, system, display, position, element, count });
    }
  }
  return [...ofTables, ...found.values()];
}

function keyOf(code: string, system: string): string {
  return `${system}|${code}`;
}

interface SaidCoding {
  readonly system?: string;
  readonly code?: string;
  readonly display?: string;
}

interface Found {
  readonly coding: SaidCoding;
  /** Below the resource: `code`, `component[1].code`. */
  readonly path: string;
}

/** The first coding of each concept that has none of a system that others know. */
function ownCodings(resource: Resource): readonly Found[] {
  const found: Found[] = [];
  const walk = (value: Json | undefined, path: string): void => {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) walk(item as Json, `${path}[${String(index)}]`);
    } else if (typeof value === 'object' && value !== null) {
      const { coding } = value as { readonly coding?: readonly SaidCoding[] };
      if (Array.isArray(coding)) addOwn(coding as readonly SaidCoding[], path, found);
      else {
        for (const [key, each] of Object.entries(value)) walk(each as Json, below(path, key));
      }
    }
  };
  walk(resource as unknown as Json, '');
  return found;
}

function addOwn(codings: readonly SaidCoding[], path: string, found: Found[]): void {
  const [first] = codings;
  const isOwn = codings.every(({ system }) => system === undefined || ownSystem.test(system));
  if (first?.code !== undefined && isOwn) found.push({ coding: first, path });
}

function below(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** Where the nearest element at or above the path came from, as `OBX-3`. */
function positionOf(trace: readonly TraceEntry[], path: string): string {
  for (let at = path; at.includes('.'); at = at.replace(/(?:\.[^.]*|\[\d+\])$/, '')) {
    const source = trace.find((entry) => entry.target === at && entry.source !== undefined)?.source;
    if (source !== undefined) return fieldOf(source);
  }
  return '';
}

/** `OBX[4]-3[1].1` is OBX-3. */
function fieldOf(source: string): string {
  const match = /^([A-Z][A-Z0-9]{2})(?:\[\d+\])?-(\d+)/.exec(source);
  return match === null ? source : `${match[1] ?? ''}-${match[2] ?? ''}`;
}
