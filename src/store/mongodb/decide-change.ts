import { expectationHolds, neverExisted, putMethod, type LastVersion } from '../expectation.ts';
import { stampBody } from '../stamp.ts';
import { CommitRefused, type StoredVersion } from '../store.ts';
import { storedVersion } from '../stored-version.ts';
import { noFields, type IndexFields } from './index-fields.ts';
import { splitText } from './parts.ts';
import type { PreparedChange } from './request.ts';
import type { Present, WorkingSet } from './working-set.ts';

/** A change's place among all. */
interface ChangePlace {
  /** In its commit. */
  readonly index: number;
  readonly seq: number;
  readonly now: Date;
  readonly origin: string;
}

/** Writes one version, or leaves things as they are where there is nothing to change. */
export function applyChange(
  set: WorkingSet,
  change: PreparedChange,
  place: ChangePlace,
): StoredVersion {
  const { type, id } = change;
  const present = set.resources.get(`${type}/${id}`);
  const last = present && lastVersion(present);
  if (!expectationHolds(change.expect, last)) {
    const current = present && stored(present);
    throw new CommitRefused({ kind: 'expectation', index: place.index, current });
  }
  if (change.op === 'put') return put(set, change, place);
  if (present === undefined) return neverExisted(type, id, place.now);
  if (!present.live) return stored(present);
  if (change.op === 'index') {
    const { fields } = change;
    set.resources.set(present._id, { ...present, sort: fields.sort, fields });
    return stored(present);
  }
  return write(set, place, { type, id, present, method: 'DELETE', body: '', fields: noFields });
}

function put(
  set: WorkingSet,
  change: Extract<PreparedChange, { op: 'put' }>,
  place: ChangePlace,
): StoredVersion {
  const { type, id, fields } = change;
  const present = set.resources.get(`${type}/${id}`);
  const last = present && lastVersion(present);
  if (change.skipIfSame === true && present?.live === true) {
    const same = stampBody(change.body, String(present.version), new Date(present.updated));
    if (same === present.body) return stored(present);
  }
  const body = stampBody(change.body, String((last?.version ?? 0) + 1), place.now);
  return write(set, place, { type, id, present, method: putMethod(last), body, fields });
}

interface NewVersion {
  readonly type: string;
  readonly id: string;
  readonly present: Present | undefined;
  readonly method: StoredVersion['method'];
  readonly body: string;
  readonly fields: IndexFields;
}

function write(set: WorkingSet, place: ChangePlace, next: NewVersion): StoredVersion {
  const { type, id, present, method, body, fields } = next;
  const position = set.nextPosition();
  const of = `${type}/${id}`;
  const version = (present?.version ?? 0) + 1;
  const row = { type, id, version, seq: place.seq, updated: place.now.getTime(), method };
  const after: Present = {
    ...row,
    _id: of,
    ordinal: present?.ordinal ?? position,
    liveSince: method === 'POST' ? position : (present?.liveSince ?? position),
    position,
    live: method !== 'DELETE',
    ...{ body, sort: fields.sort, fields },
  };
  set.resources.set(of, after);
  if (present !== undefined) replace(set, present, after);
  const { value, parts, documents } = splitText(body, `v${position}`);
  const split = parts === undefined ? {} : { parts };
  set.versions.set(position, { _id: position, of, ...row, body: value, ...split });
  for (const piece of documents) set.parts.set(piece._id, piece);
  const { seq, origin } = place;
  set.outbox.set(position, {
    _id: position,
    seq,
    type,
    id,
    version,
    method,
    at: row.updated,
    origin,
  });
  count(set, type, Number(after.live) - Number(present?.live ?? false));
  return { ...storedVersion(row, body), changed: true };
}

/** Notes at the version before until when it stood, and by what it was sorted. */
function replace(set: WorkingSet, before: Present, after: Present): void {
  set.replaced.set(before.position, {
    replacedBy: after.position,
    until: after.updated,
    sort: before.sort,
  });
}

function count(set: WorkingSet, type: string, live: number): void {
  const known = set.types.get(type) ?? { live: 0, versions: 0 };
  set.types.set(type, { _id: type, live: known.live + live, versions: known.versions + 1 });
}

function lastVersion(present: Present): LastVersion {
  return { version: present.version, deleted: !present.live };
}

function stored(present: Present): StoredVersion {
  if (present.body === undefined) throw new Error(`The body of ${present.type} was not loaded`);
  return storedVersion(present, present.body);
}
