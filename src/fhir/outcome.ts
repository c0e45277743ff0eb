import type { Issue } from './issue.ts';
import { issueRow } from './issue-table.ts';
import type { Resource } from './resource.ts';

/** System of our own issue codes in `OperationOutcome.issue.details`. */
const issueCodeSystem = 'urn:weir:issue';

/**
 * Renders issues as an OperationOutcome (http://hl7.org/fhir/R4/operationoutcome.html), in their order.
 * `code` is the FHIR issue type of the row, `details` carries our code; `internal` is left out. An empty list
 * gives the one information issue that the resource needs to be valid.
 */
export function toOperationOutcome(issues: readonly Issue[]): Resource {
  if (issues.length === 0) {
    const issue = [{ severity: 'information', code: 'informational', diagnostics: 'All is well' }];
    return { resourceType: 'OperationOutcome', issue };
  }
  return { resourceType: 'OperationOutcome', issue: issues.map(toOutcomeIssue) };
}

/**
 * The HTTP status that a list of issues asks for: that of its worst error. Our own faults (5xx) come before
 * the caller's; among those the lowest comes first, so that what cannot be read (400) is told before the rule
 * it would break (422). 200 where nothing is an error.
 */
export function statusOf(issues: readonly Issue[]): number {
  const statuses = issues.filter(isError).map((issue) => issueRow(issue.code).status);
  if (statuses.length === 0) return 200;
  const worst = Math.max(...statuses);
  return worst >= 500 ? worst : Math.min(...statuses);
}

/** Whether an issue stands in the way; warnings and information do not. */
export function isError(issue: Issue): boolean {
  return issue.severity === 'error' || issue.severity === 'fatal';
}

function toOutcomeIssue(issue: Issue): unknown {
  return {
    severity: issue.severity,
    code: issueRow(issue.code).type,
    details: { coding: [{ system: issueCodeSystem, code: issue.code }] },
    diagnostics: issue.diagnostics,
    ...(issue.location === undefined ? {} : { location: [issue.location] }),
    ...(issue.expression && issue.expression.length > 0 ? { expression: issue.expression } : {}),
  };
}
