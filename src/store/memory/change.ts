import { expectationHolds, neverExisted, putMethod, type LastVersion } from '../expectation.ts';
import { renderUnstamped, stampBody } from '../stamp.ts';
import { CommitRefused, type Change, type StoredVersion } from '../store.ts';
import type { IndexEntry } from '../../fhir/search-ast.ts';
import { resourceKey, type MemoryData, type MemoryResource } from './data.ts';
import type { Undo } from './undo.ts';

interface PlacedChange {
  readonly change: Change;
  readonly index: number;
  readonly seq: number;
  readonly now: Date;
  readonly origin: string;
}

/** Writes one version, or leaves things as they are where there is nothing to change. */
export function applyChange(data: MemoryData, placed: PlacedChange, undo: Undo): StoredVersion {
  const { change, index, now } = placed;
  const [type, id] =
    change.op === 'put'
      ? [change.resource.resourceType, change.resource.id]
      : [change.type, change.id];
  const before = data.resources.get(resourceKey(type, id));
  const current = before?.versions.at(-1)?.stored;
  const last = current && { version: Number(current.versionId), deleted: current.deleted };
  if (!expectationHolds(change.expect, last)) {
    throw new CommitRefused({ kind: 'expectation', index, current });
  }
  if (change.op !== 'put') {
    if (current === undefined) return neverExisted(type, id, now);
    if (current.deleted) return current;
    if (change.op === 'index') return reindex(data, change, undo) ?? current;
    return appendVersion(data, placed, { type, id, before, body: '', method: 'DELETE' }, undo);
  }
  const unstamped = renderUnstamped(change.resource);
  if (change.skipIfSame === true && current !== undefined && !current.deleted) {
    const same = stampBody(unstamped, current.versionId, current.lastUpdated);
    if (same === current.body) return current;
  }
  const body = stampBody(unstamped, nextVersionId(last), now);
  const { index: entries } = change;
  return appendVersion(
    data,
    placed,
    { type, id, before, body, entries, method: putMethod(last) },
    undo,
  );
}

/** Gives the current version other index entries; nothing else changes. */
function reindex(
  data: MemoryData,
  { type, id, index }: Extract<Change, { op: 'index' }>,
  undo: Undo,
): StoredVersion | undefined {
  const key = resourceKey(type, id);
  const resource = data.resources.get(key);
  const last = resource?.versions.at(-1);
  if (resource === undefined || last === undefined) return undefined;
  const versions = [...resource.versions.slice(0, -1), { ...last, entries: [...index] }];
  undo.set(data.resources, key, { ...resource, versions });
  return last.stored;
}

interface NewVersion {
  readonly type: string;
  readonly id: string;
  readonly before: MemoryResource | undefined;
  readonly body: string;
  readonly entries?: readonly IndexEntry[];
  readonly method: StoredVersion['method'];
}

/** Writes a version after the last one. */
export function appendVersion(
  data: MemoryData,
  { seq, now, origin }: Pick<PlacedChange, 'seq' | 'now' | 'origin'>,
  { type, id, before, body, method, entries = [] }: NewVersion,
  undo: Undo,
): StoredVersion {
  const position = ++data.numbers;
  const versionId = String((before?.versions.length ?? 0) + 1);
  const deleted = method === 'DELETE';
  const stored: StoredVersion = {
    ...{ type, id, versionId, lastUpdated: now, seq, deleted, body, method },
    changed: false,
  };
  const version = { position, stored, entries: [...entries] };
  undo.push(data.versions, version);
  undo.set(data.resources, resourceKey(type, id), {
    ordinal: before?.ordinal ?? position,
    liveSince: method === 'POST' ? seq : (before?.liveSince ?? seq),
    versions: [...(before?.versions ?? []), version],
  });
  undo.set(data.outbox, position, { position, seq, type, id, versionId, method, origin, at: now });
  return { ...stored, changed: true };
}

function nextVersionId(last: LastVersion | undefined): string {
  return String((last?.version ?? 0) + 1);
}
