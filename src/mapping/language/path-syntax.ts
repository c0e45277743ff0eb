/**
 * Paths into a message, as maps write them; docs/reference/mapping-language.md names the forms.
 * Numbers count from 1.
 */
export type SourcePath =
  /** `PID-5.1`, `OBSERVATION.OBX-5`, `NTE` (no field). */
  | {
      readonly kind: 'segment';
      readonly text: string;
      readonly groups: readonly string[];
      readonly segment: string;
      readonly field?: number;
      readonly repetition?: number;
      readonly component?: number;
      readonly subcomponent?: number;
    }
  /** `"4.1"`, or `.` without numbers. */
  | {
      readonly kind: 'relative';
      readonly text: string;
      readonly component?: number;
      readonly subcomponent?: number;
    }
  /** `$name`. */
  | { readonly kind: 'setting'; readonly text: string; readonly name: string };

export type SegmentPath = Extract<SourcePath, { kind: 'segment' }>;
export type RelativePath = Extract<SourcePath, { kind: 'relative' }>;

const segmentForm =
  /^((?:[A-Z][A-Z0-9_]*\.)*)([A-Z][A-Z0-9]{2})(?:-(\d+)(?:\[(\d+)\])?(?:\.(\d+))?(?:\.(\d+))?)?$/;
const relativeForm = /^(\d+)(?:\.(\d+))?$/;

/** The path, or undefined where the text is none. Whether segment and field exist is the checker's work. */
export function parsePath(text: string): SourcePath | undefined {
  if (text === '.') return { kind: 'relative', text };
  if (/^\$[A-Za-z]\w*$/.test(text)) return { kind: 'setting', text, name: text.slice(1) };
  const relative = relativeForm.exec(text);
  if (relative) {
    return {
      kind: 'relative',
      text,
      component: Number(relative[1]),
      ...(relative[2] !== undefined && { subcomponent: Number(relative[2]) }),
    };
  }
  const match = segmentForm.exec(text);
  if (!match) return undefined;
  const [, groups = '', segment = '', field, repetition, component, subcomponent] = match;
  return {
    kind: 'segment',
    text,
    groups: groups.split('.').filter((name) => name !== ''),
    segment,
    ...(field !== undefined && { field: Number(field) }),
    ...(repetition !== undefined && { repetition: Number(repetition) }),
    ...(component !== undefined && { component: Number(component) }),
    ...(subcomponent !== undefined && { subcomponent: Number(subcomponent) }),
  };
}

/** What makes instances of a resource: a segment or group, or fields. */
export type InstanceSource =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'field'; readonly path: SegmentPath };

/** `PID`, `ORDER_OBSERVATION.OBX`, `ORDER_OBSERVATION` or `PV1-7`. */
export function parseInstanceSource(text: string): InstanceSource | undefined {
  if (/^[A-Z][A-Z0-9_]*(\.[A-Z][A-Z0-9_]*)*$/.test(text)) {
    return { kind: 'names', names: text.split('.') };
  }
  const path = parsePath(text);
  return path?.kind === 'segment' && path.field !== undefined ? { kind: 'field', path } : undefined;
}
