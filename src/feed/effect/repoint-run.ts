import type { IdentifiedResource } from '../../fhir/resource.ts';
import { extractIndex } from '../../fhir/search-extract.ts';
import { limits } from '../../limits.ts';
import { logicalId } from '../../record/identity.ts';
import { systemAudit } from '../../security/write-audit.ts';
import {
  CommitRefused,
  type Change,
  type Commit,
  type StateChange,
  type StateEntry,
  type Store,
  type StoredVersion,
} from '../../store/store.ts';
import type { Log } from '../log.ts';
import { changedBy, nextReference, parseStored } from '../stored.ts';
import { findReferring, repointed, type Repointing } from './repoint.ts';

/** Prefix of the state entries of what a merge or move has still to look at; written with it, removed when nothing is left. */
export const repointPrefix = 'repoint|';

/** Whose message it is for. */
interface Cause {
  readonly feed: string;
  readonly controlId: string;
  /** The journal row. */
  readonly row: string;
  /** That of the merge itself, where there is one. */
  readonly provenance?: string;
}

interface Pending extends Repointing {
  readonly cause: Cause;
  /** When, an instant. */
  readonly at: string;
  /** Batches done; names the next. */
  readonly done: number;
  /** The commit of the merge, once an entry says more than it did then. */
  readonly seq?: number;
  /** Nothing was left of what the merge met; what rules make of earlier events may still come. */
  readonly looked?: boolean;
}

interface Repointer {
  readonly store: Store;
  readonly clock: () => Date;
  readonly log: Log;
}

/** The entries that a commit leaves for what it turns: one each, also where it seems to have turned all. */
export function pendingRepointings(
  repointings: readonly Repointing[],
  { now, ...cause }: Cause & { readonly now: Date },
): readonly StateChange[] {
  return repointings.map((repointing, index) => {
    const pending: Pending = { ...repointing, cause, at: now.toISOString(), done: 0 };
    return { key: `${repointPrefix}${cause.row}|${String(index)}`, value: JSON.stringify(pending) };
  });
}

/** Finishes what a commit that is in left behind. What cannot be finished now is left to {@link finishAll}. */
export async function finishOf(repointer: Repointer, commit: Commit): Promise<void> {
  for (const { key } of commit.state ?? []) {
    if (key.startsWith(repointPrefix)) await finish(repointer, key);
  }
}

/** Finishes what any process left behind. */
export async function finishAll(repointer: Repointer): Promise<void> {
  for (const { key } of await repointer.store.states(repointPrefix)) await finish(repointer, key);
}

/**
 * Turns batch after batch, each in one commit with the count of batches: of several processes that do it one gets on,
 * and none does it twice. Messages that went by the old owner of a number were either in before the merge, and are met by
 * it, or are refused and planned anew (owned-keys.ts). A rule that handles an event of before sees the record of before: so
 * the last look comes when all these events are handled.
 */
async function finish({ store, clock, log }: Repointer, key: string): Promise<void> {
  let refused = 0;
  try {
    for (let entry = await store.state(key); entry; entry = await store.state(key)) {
      const step = await stepOf(store, entry, clock());
      if (step === 'waits') return;
      refused = step === 'refused' ? refused + 1 : 0;
      if (refused === limits.commitAttemptsMax) return;
    }
  } catch (err) {
    log.error({ err }, 'What refers to a merged record could not be turned; it is tried again');
  }
}

/** `refused`: somebody else changed meanwhile what it goes by. */
async function stepOf(
  store: Store,
  entry: StateEntry,
  now: Date,
): Promise<'turned' | 'waits' | 'refused'> {
  try {
    return await step(store, entry, now);
  } catch (error) {
    if (!(error instanceof CommitRefused)) throw error;
    return 'refused';
  }
}

async function step(store: Store, entry: StateEntry, now: Date): Promise<'turned' | 'waits'> {
  const read = JSON.parse(entry.value) as Pending;
  const pending = { ...read, seq: read.seq ?? entry.revision };
  const waits = await isWatched(store, pending, now);
  if (waits && pending.looked === true) return 'waits';
  const found = await findReferring(store, pending, limits.repointBatchMax);
  if (found.length > 0) {
    await turn(store, { entry, pending, found, now });
    return 'turned';
  }
  const value = waits ? { value: JSON.stringify({ ...pending, looked: true }) } : {};
  await store.commit({
    now,
    origin: `feed:${pending.cause.feed}`,
    changes: [],
    state: [{ key: entry.key, ...value, expectRevision: entry.revision }],
  });
  return waits ? 'waits' : 'turned';
}

/** Whether an event of before the merge, or of itself, is still to be handled. */
async function isWatched(
  store: Store,
  { seq, at }: Pending & { readonly seq: number },
  now: Date,
): Promise<boolean> {
  if (now.getTime() - Date.parse(at) > limits.repointWatchMs) return false;
  const [oldest] = await store.outbox.pending(1);
  return oldest !== undefined && oldest.seq <= seq;
}

interface Turning {
  readonly entry: StateEntry;
  readonly pending: Pending;
  readonly found: readonly StoredVersion[];
  readonly now: Date;
}

async function turn(store: Store, { entry, pending, found, now }: Turning): Promise<void> {
  const { cause, done } = pending;
  const origin = `feed:${cause.feed}`;
  const turned = found.map((version): Change => {
    const { id, versionId } = version;
    const resource = changedBy(cause, repointed(parseStored(version), pending), id);
    return { op: 'put', resource, expect: { versionId }, index: extractIndex(resource) };
  });
  const why = provenanceOf(pending, {
    targets: found.map((each) => nextReference(`${each.type}/${each.id}`, each)),
    now,
  });
  const changes = [...turned, { op: 'put', resource: why, index: extractIndex(why) } as const];
  const value = JSON.stringify({ ...pending, done: done + 1, looked: false });
  await store.commit({
    now,
    origin,
    changes,
    audit: systemAudit({ now, origin, requestId: cause.row, changes }),
    state: [{ key: entry.key, value, expectRevision: entry.revision }],
  });
}

/** Why they refer to another one: because of the merge, whose own Provenance names the message. */
function provenanceOf(
  { from, to, cause, done }: Pending,
  { targets, now }: { readonly targets: readonly string[]; readonly now: Date },
): IdentifiedResource {
  const { feed, row, provenance } = cause;
  const what =
    provenance === undefined
      ? { identifier: { system: 'urn:weir:message', value: row } }
      : { reference: provenance };
  return {
    resourceType: 'Provenance',
    id: logicalId('Provenance', `repoint:${row}`, `${from}|${to}|${String(done)}`),
    target: targets.map((reference) => ({ reference })),
    recorded: now.toISOString(),
    activity: { text: `${from} became ${to}` },
    agent: [{ who: { identifier: { system: 'urn:weir:source', value: feed } } }],
    entity: [{ role: 'derivation', what }],
  };
}
