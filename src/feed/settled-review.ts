import { extractIndex } from '../fhir/search-extract.ts';
import type { IdentifiedResource } from '../fhir/resource.ts';
import type { MappingResult } from '../mapping/result.ts';
import type { Change, Store } from '../store/store.ts';
import { mergedNumbers } from './effect/resolve.ts';
import { decidedTask, isAboutMessage, mergeReviewId } from './review-task.ts';
import { isIdentified, parseStored } from './stored.ts';

/**
 * The changes of a commit that settles a message, with the Tasks completed that refused merges of its numbers opened: it is
 * taken, which decides them, or, where `only` names its journal row, is set aside or replaced, which decides what it opened
 * itself. The commit may change such a Task already: as a merge turns what refers to a person.
 */
export async function withReviewsSettled(
  store: Store,
  changes: readonly Change[],
  given: {
    readonly result: Pick<MappingResult, 'effects'> | undefined;
    readonly now: Date;
    readonly only?: string;
  },
): Promise<readonly Change[]> {
  const { result, now, only } = given;
  const all = [...changes];
  for (const id of new Set(mergedNumbers(result ?? {}).map(mergeReviewId))) {
    const at = all.findIndex((change) => change.op === 'put' && isTask(change.resource, id));
    const before = at < 0 ? await stored(store, id) : all[at];
    if (before?.op !== 'put') continue;
    const resource = decidedTask(before.resource, now);
    if (resource === undefined) continue;
    if (only !== undefined && !isAboutMessage(resource, only)) continue;
    const change = { ...before, resource, index: extractIndex(resource) };
    if (at < 0) all.push(change);
    else all[at] = change;
  }
  return all;
}

function isTask({ resourceType, id }: IdentifiedResource, taskId: string): boolean {
  return resourceType === 'Task' && id === taskId;
}

/** The Task as it stands, to be written over. */
async function stored(store: Store, id: string): Promise<Change | undefined> {
  const version = await store.read('Task', id);
  if (!isIdentified(version)) return undefined;
  const resource = parseStored(version) as IdentifiedResource;
  return { op: 'put', resource, index: [], expect: { versionId: version.versionId } };
}
