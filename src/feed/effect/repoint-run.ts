import { messageUri } from '../../fhir/message-source.ts';
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
} from '../../store/store.ts';
import type { Log } from '../log.ts';
import { nextReference, parseStored } from '../stored.ts';
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
  /** Batches done; names the next. */
  readonly done: number;
}

interface Repointer {
  readonly store: Store;
  readonly clock: () => Date;
  readonly log: Log;
}

/** The entries that a commit leaves for what it turns: one each, also where it seems to have turned all. */
export function pendingRepointings(
  repointings: readonly Repointing[],
  cause: Cause,
): readonly StateChange[] {
  return repointings.map((repointing, index) => {
    const pending: Pending = { ...repointing, cause, done: 0 };
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
 * and none does it twice. Ends with a look that finds nothing: messages that went by the old owner of a number were either
 * in before the merge, and are seen by it, or are refused and planned anew (owned-keys.ts).
 */
async function finish({ store, clock, log }: Repointer, key: string): Promise<void> {
  let refused = 0;
  try {
    for (let entry = await store.state(key); entry; entry = await store.state(key)) {
      refused = (await isTurned(store, entry, clock())) ? 0 : refused + 1;
      if (refused === limits.commitAttemptsMax) return;
    }
  } catch (err) {
    log.error({ err }, 'What refers to a merged record could not be turned; it is tried again');
  }
}

/** False where somebody else changed meanwhile what a batch goes by. */
async function isTurned(store: Store, entry: StateEntry, now: Date): Promise<boolean> {
  try {
    await turnBatch(store, entry, now);
    return true;
  } catch (error) {
    if (!(error instanceof CommitRefused)) throw error;
    return false;
  }
}

async function turnBatch(store: Store, entry: StateEntry, now: Date): Promise<void> {
  const pending = JSON.parse(entry.value) as Pending;
  const found = await findReferring(store, pending, limits.repointBatchMax);
  const { cause, done } = pending;
  const origin = `feed:${cause.feed}`;
  const expectRevision = entry.revision;
  if (found.length === 0) {
    const state = [{ key: entry.key, expectRevision }];
    await store.commit({ now, origin, changes: [], state });
    return;
  }
  const source = messageUri(cause.feed, cause.controlId);
  const turned = found.map((version): Change => {
    const next = repointed(parseStored(version), pending);
    const resource = { ...next, id: version.id, meta: { ...next.meta, source } };
    const { versionId } = version;
    return { op: 'put', resource, expect: { versionId }, index: extractIndex(resource) };
  });
  const why = provenanceOf(pending, {
    targets: found.map((each) => nextReference(`${each.type}/${each.id}`, each)),
    now,
  });
  const changes = [...turned, { op: 'put', resource: why, index: extractIndex(why) } as const];
  const value = JSON.stringify({ ...pending, done: done + 1 });
  await store.commit({
    now,
    origin,
    changes,
    audit: systemAudit({ now, origin, requestId: cause.row, changes }),
    state: [{ key: entry.key, value, expectRevision }],
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
