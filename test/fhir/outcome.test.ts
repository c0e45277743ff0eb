import { describe, expect, it } from 'vitest';
import { errorIssue, type Issue } from '../../src/fhir/issue.ts';
import type { IssueCode } from '../../src/fhir/issue-table.ts';
import { isError, statusOf, toOperationOutcome } from '../../src/fhir/outcome.ts';
import { validateResource } from '../../src/fhir/validate.ts';

function warning(code: IssueCode): Issue {
  return { code, severity: 'warning', diagnostics: 'w' };
}

describe('toOperationOutcome', () => {
  it('renders the wire face and nothing internal', () => {
    const place = { expression: ['Patient.gender'], location: 'PID-8', internal: 'secret' };
    const outcome = toOperationOutcome([errorIssue('code-invalid', 'Not in the set', place)]);
    expect(outcome).toEqual({
      resourceType: 'OperationOutcome',
      issue: [
        {
          severity: 'error',
          code: 'code-invalid',
          details: { coding: [{ system: 'urn:weir:issue', code: 'code-invalid' }] },
          diagnostics: 'Not in the set',
          location: ['PID-8'],
          expression: ['Patient.gender'],
        },
      ],
    });
    expect(validateResource(outcome)).toEqual([]);
  });

  it('is valid without issues', () => {
    expect(validateResource(toOperationOutcome([]))).toEqual([]);
  });
});

describe('statusOf', () => {
  it.each<readonly [readonly Issue[], number]>([
    [[], 200],
    [[warning('invariant')], 200],
    [[errorIssue('invariant', '')], 422],
    [[errorIssue('invariant', ''), errorIssue('structure', '')], 400],
    [[errorIssue('structure', ''), errorIssue('exception', '')], 500],
    [[errorIssue('transient', ''), errorIssue('exception', '')], 503],
    [[warning('exception'), errorIssue('not-found', '')], 404],
  ])('%j is %i', (issues, status) => {
    expect(statusOf(issues)).toBe(status);
  });

  it('counts fatal as an error', () => {
    expect(isError({ ...warning('structure'), severity: 'fatal' })).toBe(true);
    expect(isError(warning('structure'))).toBe(false);
  });
});
