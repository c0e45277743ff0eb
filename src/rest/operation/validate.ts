import { errorIssue, fail } from '../../fhir/issue.ts';
import type { Issue } from '../../fhir/issue.ts';
import { stringify } from '../../fhir/json.ts';
import { toOperationOutcome } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/resource.ts';
import { validateResource } from '../../fhir/validate.ts';
import { allowed } from '../../security/policy.ts';
import type { StoredVersion } from '../../store/store.ts';
import { authorize } from '../authorize.ts';
import { jsonOf, resourceOf } from '../body.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { visible } from '../interaction/read.ts';
import { claimedIssues, claimsOf, issuesOfProfile } from '../profiles.ts';
import { inputOf, missing } from './input.ts';

const modes = ['create', 'update', 'delete', 'profile'] as const;
type Mode = (typeof modes)[number];

/**
 * `Type[/id]/$validate` (http://hl7.org/fhir/R4/resource-operation-validate.html): a resource, or Parameters with one, or
 * the stored one of the address, is held against R4, the profiles that it claims, and `profile`. What is found is the
 * answer, with status 200; only what cannot be read at all is an error. Nothing is stored.
 */
export async function validate(context: RestContext, call: Call): Promise<Answer> {
  const input = inputOf(call);
  const mode = modeOf(input.text('mode'));
  const profile = input.text('profile');
  if (mode === 'delete') return outcome(await deleteIssues(context, call));
  if (mode === 'profile' && profile === undefined) missing('profile in the mode profile');
  const given =
    input.body?.resourceType === 'Parameters' && call.at.type !== 'Parameters'
      ? input.resource('resource')
      : (input.resource('resource') ?? input.body);
  const stored = given === undefined ? await storedVersion(context, call) : undefined;
  const resource = given ?? (stored && resourceOf(jsonOf(stored.body)));
  if (!resource) return missing('resource, in Parameters or as the body');
  const base = validateResource(resource);
  const issues = [...placeIssues(call, resource, mode), ...base];
  // What has another shape than R4's cannot be held against a profile.
  if (!base.some(({ code }) => code === 'structure')) {
    issues.push(...(await claimedIssues(context, call, claimsOf(resource))));
    if (profile !== undefined) {
      issues.push(...(await issuesOfProfile(context, call, resource, profile)));
    }
  }
  return { ...outcome(issues), ...(stored ? { shown: [stored] } : {}) };
}

function outcome(issues: readonly Issue[]): Answer {
  return { status: 200, body: stringify(toOperationOutcome(distinct(issues))) };
}

/** A profile that is claimed and asked for says everything twice. */
function distinct(issues: readonly Issue[]): readonly Issue[] {
  return [...new Map(issues.map((issue) => [JSON.stringify(issue), issue])).values()];
}

function modeOf(text: string | undefined): Mode | undefined {
  if (text === undefined) return undefined;
  const mode = modes.find((each) => each === text);
  return mode ?? fail('value', `The parameter mode takes ${modes.join(', ')}`);
}

/** The resource of the address, for those who may read it; undefined where the address has no id. */
async function storedVersion(context: RestContext, call: Call): Promise<StoredVersion | undefined> {
  const { type, id } = call.at;
  if (type === undefined || id === undefined) return undefined;
  authorize(call.principal, 'read', call.at);
  return visible(call, await context.store.read(type, id));
}

async function deleteIssues(context: RestContext, call: Call): Promise<readonly Issue[]> {
  const { type, id } = call.at;
  if (id === undefined) return missing('the address of a resource in the mode delete');
  if (!allowed(call.principal, 'delete', type)) {
    return [errorIssue('forbidden', `The role ${call.principal.role} may not delete it`)];
  }
  await storedVersion(context, call);
  return [];
}

/** What the address says against the resource; an id is of an update only. */
function placeIssues({ at: { type, id } }: Call, resource: Resource, mode: Mode | undefined) {
  const issues: Issue[] = [];
  if (type !== undefined && type !== resource.resourceType) {
    issues.push(errorIssue('id-mismatch', `The resource is no ${type}`));
  }
  const isOther = id !== undefined && resource.id !== id;
  if ((mode === undefined || mode === 'update') && isOther) {
    const expression = [`${resource.resourceType}.id`];
    issues.push(errorIssue('id-mismatch', 'The id is not that of the address', { expression }));
  } else if (mode === 'update' && resource.id === undefined) {
    const expression = [resource.resourceType];
    issues.push(errorIssue('required', 'An update needs an id', { expression }));
  }
  return issues;
}
