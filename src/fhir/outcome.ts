import { issueRow } from './issue-table.ts';
import type { Issue, Severity } from './issue.ts';
import type { Resource } from './resource.ts';

/**
 * The OperationOutcome of these issues (http://hl7.org/fhir/R4/operationoutcome.html). `internal` stays
 * out; our own code goes into `details`. No issue at all is "all is well", as FHIR wants at least one.
 */
export function toOperationOutcome(issues: readonly Issue[]): Resource {
  const said = issues.length > 0 ? issues.map(outcomeIssue) : [allIsWell];
  return { resourceType: 'OperationOutcome', issue: said };
}

const allIsWell = { severity: 'information', code: 'informational', diagnostics: 'All is well' };

function outcomeIssue(issue: Issue): object {
  return {
    severity: issue.severity,
    code: issueRow(issue.code).type,
    details: { coding: [{ system: 'urn:weir:issue', code: issue.code }] },
    diagnostics: issue.diagnostics,
    ...(issue.expression === undefined ? {} : { expression: issue.expression }),
    ...(issue.location === undefined ? {} : { location: [issue.location] }),
  };
}

/** The HTTP status of the gravest issue, the first among equals; 200 where none is an error. */
export function statusOf(issues: readonly Issue[]): number {
  const gravest = issues
    .filter(({ severity }) => isError(severity))
    .sort((a, b) => statusRank(b) - statusRank(a))[0];
  return gravest === undefined ? 200 : issueRow(gravest.code).status;
}

/** Whether an issue of this severity refuses the request. */
export function isError(severity: Severity): boolean {
  return severity === 'fatal' || severity === 'error';
}

/** A fault of ours outranks everything; what cannot be parsed outranks what breaks a rule. */
function statusRank(issue: Issue): number {
  const { status } = issueRow(issue.code);
  if (status >= 500) return 2;
  return status === 422 ? 0 : 1;
}
