import type { ClientSession, Collection, Document } from 'mongodb';
import { limits } from '../../limits.ts';
import { expectationHolds } from '../expectation.ts';
import { claimId } from './claim-id.ts';
import { frameOwner, sameness } from './journal-document.ts';
import type { Collections, OrderDocument, ResourceDocument } from './layout.ts';
import type { JournalEntry } from '../store.ts';
import type { Parts } from './parts.ts';
import { commitsOf, type PreparedChange, type WriteRequest } from './request.ts';
import { WorkingSet } from './working-set.ts';

interface Loading {
  readonly collections: Collections;
  readonly parts: Parts;
  readonly session: ClientSession;
  readonly set: WorkingSet;
}

/** Reads what a group's requests name, with a query per collection that is named. */
export async function loadWorkingSet(
  place: Omit<Loading, 'set'>,
  order: OrderDocument,
  requests: readonly WriteRequest[],
): Promise<WorkingSet> {
  const { seq, position, row, audit } = order;
  const set = new WorkingSet({ seq, position, row, audit });
  const loading = { ...place, set };
  const commits = requests.flatMap(commitsOf);
  await loadResources(
    loading,
    commits.flatMap(({ changes }) => changes),
  );
  await loadClaims(
    loading,
    commits.flatMap(({ claims = [], releases = [] }) => [
      ...claims.map(({ key }) => key),
      ...releases,
    ]),
  );
  await loadJournal(loading, requests);
  await loadOutbox(
    loading,
    commits.flatMap(({ outboxDone = [] }) => outboxDone.map(({ position: done }) => done)),
  );
  await loadJobs(loading, requests);
  await loadState(
    loading,
    commits.flatMap(({ state = [] }) => state.map(({ key }) => key)),
  );
  return set;
}

async function loadResources(loading: Loading, changes: readonly PreparedChange[]): Promise<void> {
  const { collections, set } = loading;
  const ids = changes.map(({ type, id }) => `${type}/${id}`);
  const projection = { keys: 0, dates: 0, numbers: 0, composites: 0, points: 0, references: 0 };
  const found = await findAmong(loading, { in: collections.resource, values: ids, projection });
  const present = new Map(found.map((resource) => [resource._id, resource]));
  const bodies = await loadBodies(loading, positionsNeeded(changes, present));
  for (const resource of found) {
    const body = resource.live ? bodies.get(resource.position) : '';
    set.resources.load(resource._id, { ...resource, body });
  }
}

/** Where the current body takes part: to be compared, or to be given back. */
function positionsNeeded(
  changes: readonly PreparedChange[],
  present: ReadonlyMap<string, ResourceDocument>,
): number[] {
  return changes.flatMap((change) => {
    const resource = present.get(`${change.type}/${change.id}`);
    if (resource?.live !== true) return [];
    const last = { version: resource.version, deleted: false };
    const holds = expectationHolds(change.expect, last);
    const compared = change.op === 'index' || (change.op === 'put' && change.skipIfSame === true);
    return holds && !compared ? [] : [resource.position];
  });
}

async function loadBodies(
  loading: Loading,
  positions: readonly number[],
): Promise<Map<number, string>> {
  const { collections, parts, session } = loading;
  const bodies = new Map<number, string>();
  const projection = { body: 1, parts: 1 };
  for (const version of await findAmong(loading, {
    in: collections.version,
    values: positions,
    projection,
  })) {
    const body = await parts.text(version.body, `v${version._id}`, version.parts, session);
    bodies.set(version._id, body);
  }
  return bodies;
}

async function loadClaims(loading: Loading, keys: readonly string[]): Promise<void> {
  const ids = keys.map(claimId);
  for (const { key, owner } of await findAmong(loading, {
    in: loading.collections.claim,
    values: ids,
  })) {
    loading.set.claims.load(key, owner);
  }
}

async function loadJournal(loading: Loading, requests: readonly WriteRequest[]): Promise<void> {
  const entries = requests.flatMap((request) => {
    if (request.kind === 'append') return [request.entry];
    return commitsOf(request).flatMap(({ journal = [] }) => journal);
  });
  await loadEntries(loading, entries);
  await loadRemoved(
    loading,
    requests.flatMap((request) => (request.kind === 'remove' ? request.ids : [])),
  );
}

/** Without the pieces of long frames: nobody is answered with what is removed. */
async function loadRemoved(loading: Loading, ids: readonly string[]): Promise<void> {
  const { collections, set } = loading;
  for (const document of await findAmong(loading, { in: collections.journal, values: ids })) {
    if (set.journal.get(document._id) === undefined) set.journal.load(document._id, document);
  }
}

async function loadEntries(loading: Loading, entries: readonly JournalEntry[]): Promise<void> {
  const { collections, parts, session, set } = loading;
  if (entries.length === 0) return;
  const known = await findAmong(loading, {
    in: collections.journal,
    values: entries.map(({ id }) => id),
  });
  const same = await findAmong(loading, {
    in: collections.journal,
    field: 'same',
    values: entries.map(sameness),
  });
  for (const document of [...known, ...same]) {
    if (set.journal.get(document._id) !== undefined) continue;
    const bytes = await parts.bytes(
      document.bytes,
      frameOwner(document.row),
      document.parts,
      session,
    );
    set.journal.load(document._id, { ...document, bytes });
    set.same.load(document.same, document._id);
  }
}

async function loadOutbox(loading: Loading, positions: readonly number[]): Promise<void> {
  const { collections, set } = loading;
  for (const event of await findAmong(loading, { in: collections.outbox, values: positions })) {
    set.outbox.load(event._id, event);
  }
}

/** Jobs that are named, and the due ones that a lease may take: as many as could be left over. */
async function loadJobs(loading: Loading, requests: readonly WriteRequest[]): Promise<void> {
  const { collections, session, set } = loading;
  const named = requests
    .flatMap(commitsOf)
    .flatMap(({ jobs = [] }) => jobs.map((job) => (job.op === 'put' ? job.job.key : job.key)));
  const jobs = await findAmong(loading, { in: collections.job, values: named });
  for (const job of jobs) set.jobs.load(job._id, job);
  for (const request of requests) {
    if (request.kind !== 'lease') continue;
    const now = request.now.getTime();
    const others = requests.reduce(
      (sum, each) => sum + (each.kind === 'lease' ? each.limit : 0),
      0,
    );
    const limit = others + named.length;
    if (limit === 0) continue;
    const due = await collections.job
      .find(
        { due: { $lte: now }, leasedUntil: { $lte: now } },
        { session, sort: { due: 1, _id: 1 }, limit, batchSize: limit },
      )
      .toArray();
    for (const job of due) if (set.jobs.get(job._id) === undefined) set.jobs.load(job._id, job);
  }
}

async function loadState(loading: Loading, keys: readonly string[]): Promise<void> {
  const { collections, set } = loading;
  for (const { _id: key, value, revision } of await findAmong(loading, {
    in: collections.state,
    values: keys,
  })) {
    set.state.load(key, { key, value, revision });
  }
}

interface Sought<Row extends Document> {
  readonly in: Collection<Row>;
  readonly field?: 'same';
  readonly values: readonly (string | number)[];
  readonly projection?: Document;
}

/** The documents whose field (`_id`) has one of these values; no query where there are none. */
async function findAmong<Row extends Document>(
  { session }: Loading,
  { in: collection, field, values, projection }: Sought<Row>,
): Promise<Row[]> {
  if (values.length === 0) return [];
  const filter = { [field ?? '_id']: { $in: [...new Set(values)] } };
  const found = await collection
    .find(filter as object, {
      session,
      batchSize: limits.mongoBatchMax,
      ...(projection === undefined ? {} : { projection }),
    })
    .toArray();
  return found as unknown as Row[];
}
