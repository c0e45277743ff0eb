import type { IssueCode } from './issue-table.ts';

/** How grave an issue is: FHIR's IssueSeverity (http://hl7.org/fhir/R4/valueset-issue-severity.html). */
export type Severity = 'fatal' | 'error' | 'warning' | 'information';

/**
 * One fault or remark, rendered as OperationOutcome.issue or as MSA/ERR (see outcome.ts and
 * feed/ack.ts). `diagnostics` and the places may reach the wire, so they carry no patient data and
 * no internals; whatever only the operator may see goes into `internal`, which only the log prints.
 */
export interface Issue {
  readonly code: IssueCode;
  readonly severity: Severity;
  /** A sentence that names the thing and what to do; no full stop, no patient data. */
  readonly diagnostics: string;
  /** FHIRPath of the element, such as `Patient.birthDate` or `Bundle.entry[3].resource`. */
  readonly expression?: readonly string[];
  /** HL7 v2 position, such as `PID-3.1` or `OBX[2]-5`. */
  readonly location?: string;
  /** For the log only. */
  readonly internal?: string;
}

/** The one error class that crosses rooms; only the shells (rest/, feed/, cli/) catch it. */
export class OutcomeError extends Error {
  readonly issues: readonly [Issue, ...Issue[]];

  constructor(issues: readonly [Issue, ...Issue[]], options?: ErrorOptions) {
    super(issues[0].diagnostics, options);
    this.name = 'OutcomeError';
    this.issues = issues;
  }
}

/** Builds an issue of severity `error`. */
export function errorIssue(
  code: IssueCode,
  diagnostics: string,
  where: Pick<Issue, 'expression' | 'location' | 'internal'> = {},
): Issue {
  return { code, severity: 'error', diagnostics, ...where };
}

/** Throws an {@link OutcomeError} with a single issue of severity `error`. */
export function fail(
  code: IssueCode,
  diagnostics: string,
  where: Pick<Issue, 'expression' | 'location' | 'internal'> & { cause?: unknown } = {},
): never {
  const { cause, ...place } = where;
  throw new OutcomeError([errorIssue(code, diagnostics, place)], { cause });
}
