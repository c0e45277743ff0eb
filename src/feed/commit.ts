import { extractIndex } from '../fhir/search-extract.ts';
import type { IdentifiedResource } from '../fhir/resource.ts';
import type { Issue } from '../fhir/issue.ts';
import { systemAudit } from '../security/write-audit.ts';
import type { Change, Commit, JournalChange, StateChange, Store } from '../store/store.ts';
import { freshnessKey, type Freshness } from '../record/freshness.ts';
import { withOutcome } from './journal-entry.ts';
import { carryOut } from './effect/carry-out.ts';
import { pendingRepointings } from './effect/repoint-run.ts';
import { resolveIdentities, type Identities } from './effect/resolve.ts';
import { SeenRecords } from './effect/seen-records.ts';
import type { Pipeline } from './pipeline.ts';
import { provenanceOf } from './provenance.ts';
import type { MappingResult } from '../mapping/result.ts';
import type { Reading } from './reading.ts';
import { identityReviewTask, mergeReviewTask } from './review-task.ts';
import { withReviewsSettled } from './settled-review.ts';
import { countUnmapped } from './worklist.ts';
import { planWrites, type PlannedWrite } from './write.ts';

/** Either a commit, or why there is none. */
export type CommitPlan =
  | { readonly commit: Commit; readonly faults?: undefined }
  | {
      readonly faults: readonly [Issue, ...Issue[]];
      /** The Task for whoever decides it, where it is for a human to decide. */
      readonly review?: Pick<Commit, 'changes' | 'audit'>;
    };

/**
 * Everything one message changes, as one commit. Reads the store and writes nothing: when the commit is
 * refused because something moved meanwhile, plan again.
 */
export async function planCommit(
  pipeline: Pick<Pipeline, 'store' | 'newId' | 'breath'>,
  reading: Reading,
  given: { readonly entry: JournalChange; readonly now: Date; readonly reused: boolean },
): Promise<CommitPlan> {
  const { store, newId, breath } = pipeline;
  const { result, source, controlId, hash, receivedAt, feed } = reading;
  const { entry, now } = given;
  const seen = new SeenRecords(store);
  const identities = await resolveIdentities(store, result ?? { resources: [] }, { seen, newId });
  const occasion = { now, feedTitle: feed.title };
  const origin = `feed:${feed.name}`;
  const { refusal, conflicts } = identities;
  if (refusal !== undefined) {
    const task = mergeReviewTask(refusal, { ...occasion, message: entry.id });
    const changes = await unlessKnown(store, [task]);
    const audit = systemAudit({ now, origin, requestId: entry.id, changes });
    return { faults: [refusal.issue], review: { changes, audit } };
  }
  await breath?.();
  const speaker = { source, feed: feed.name, controlId, hash, receivedAt };
  const planned = result
    ? await planWrites(store, result, { speaker, identities, seen, breath })
    : [];
  const [fault, ...faults] = planned.flatMap((write) => write.faults);
  if (fault !== undefined) return { faults: [fault, ...faults] };
  const { outcomes } = identities;
  const { writes, repointings } = await carryOut(store, planned, { outcomes, seen, speaker });
  await breath?.();
  const provenance = provenanceOf(reading, writes, { entryId: entry.id, now });
  await breath?.();
  const outcome = {
    state: result?.nothing === true ? 'ignored' : 'processed',
    issues: [...reading.issues, ...remarks(writes, identities, given.reused)],
    now,
    written: writes.flatMap(({ written }) => written ?? []),
    patient: personOf(result, identities),
  } as const;
  const written = [
    ...writes.flatMap(({ change }) => change ?? []),
    ...(await unlessKnown(
      store,
      conflicts.map((conflict) => identityReviewTask(conflict, occasion)),
    )),
    ...(provenance === undefined ? [] : [put(provenance)]),
  ];
  const changes = await withReviewsSettled(store, written, { result, now });
  return {
    commit: {
      now,
      origin,
      changes,
      audit: systemAudit({ now, origin, requestId: entry.id, changes }),
      claims: identities.claims,
      sources: writes.flatMap(({ view }) => view ?? []),
      journal: [withOutcome(entry, reading, outcome)],
      state: [
        await freshness(store, reading, writes),
        ...pendingRepointings(repointings, {
          ...{ feed: feed.name, controlId, row: entry.id, now },
          ...(provenance === undefined ? {} : { provenance: `Provenance/${provenance.id}` }),
        }),
        ...(await countUnmapped(store, result?.unmapped ?? [], { feed: feed.name, now })),
      ],
    },
  };
}

/** The person that the message is about: the first that it names. */
function personOf(
  result: MappingResult | undefined,
  { byFullUrl }: Identities,
): string | undefined {
  const people = result?.resources.flatMap(({ fullUrl }) => byFullUrl.get(fullUrl) ?? []) ?? [];
  return people[0]?.reference;
}

function put(resource: IdentifiedResource): Change {
  return { op: 'put', resource, index: extractIndex(resource) };
}

/** Each Task is opened once, whatever became of it. */
async function unlessKnown(
  store: Store,
  tasks: readonly IdentifiedResource[],
): Promise<readonly Change[]> {
  const known = await Promise.all(tasks.map(({ id }) => store.read('Task', id)));
  return tasks
    .filter((_, index) => known[index] === undefined)
    .map((task) => ({ ...put(task), expect: 'absent' as const }));
}

async function freshness(
  store: Store,
  reading: Reading,
  writes: readonly PlannedWrite[],
): Promise<StateChange> {
  const { source, feed, receivedAt, controlId, messageType } = reading;
  const events = writes.flatMap(({ view }) => view?.eventTime.getTime() ?? []);
  // A message that tells nothing new says that its source speaks, and nothing of how much it has told.
  const isStale = events.length === 0 && writes.some(({ stale }) => stale);
  const before = isStale ? await store.state(freshnessKey(source)) : undefined;
  const event = new Date(Math.max(...events, 0) || receivedAt).toISOString();
  const value: Freshness = {
    source,
    title: feed.sender === undefined ? source : feed.title,
    lastMessageAt: receivedAt.toISOString(),
    lastEventAt: before === undefined ? event : (JSON.parse(before.value) as Freshness).lastEventAt,
    lastControlId: controlId,
    lastMessageType: messageType,
    ...(feed.expectedEveryMs === undefined ? {} : { expectedEveryMs: feed.expectedEveryMs }),
  };
  return { key: freshnessKey(source), value: JSON.stringify(value) };
}

/** What the message page should say although the message was taken. */
function remarks(
  writes: readonly PlannedWrite[],
  { conflicts, remarks: ofEffects }: Identities,
  reused: boolean,
): readonly Issue[] {
  const issues: Issue[] = [...ofEffects];
  if (reused) {
    const diagnostics = 'MSH-10 was used before with other content';
    issues.push({ code: 'control-id-reuse', severity: 'warning', diagnostics });
  }
  for (const { stale, reference } of writes) {
    if (!stale) continue;
    const diagnostics = `${reference} has a newer event of this source; nothing of it was changed`;
    issues.push({ code: 'stale-event', severity: 'information', diagnostics });
  }
  for (const { use } of conflicts) {
    const diagnostics = `The identifiers belong to different people; ${use} was used, a review Task is open`;
    issues.push({ code: 'identity-conflict', severity: 'warning', diagnostics });
  }
  return issues;
}
