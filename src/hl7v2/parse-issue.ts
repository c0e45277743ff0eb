/**
 * What this room found wrong or odd. The codes are rows of the issue table, by name only: hl7v2 does
 * not know fhir, so whoever knows both (mapping, feed) turns these into issues one to one.
 */
export interface ParseIssue {
  readonly code: ParseIssueCode;
  /** `error`: the thing cannot be used. `warning`: it was read, and this is what was assumed. */
  readonly severity: 'error' | 'warning';
  /** A sentence without full stop and without patient data. */
  readonly text: string;
  /** HL7 v2 position, such as `PID-3.1` or `OBX[2]-5`. */
  readonly location?: string;
}

export type ParseIssueCode =
  'syntax-hl7' | 'syntax-xml' | 'structure' | 'segment-sequence' | 'data-type' | 'value' | 'limit';

/** An issue of severity `error`. */
export function parseError(code: ParseIssueCode, text: string, location?: string): ParseIssue {
  return { code, severity: 'error', text, ...(location === undefined ? {} : { location }) };
}

/** An issue of severity `warning`. */
export function parseWarning(code: ParseIssueCode, text: string, location?: string): ParseIssue {
  return { code, severity: 'warning', text, ...(location === undefined ? {} : { location }) };
}
