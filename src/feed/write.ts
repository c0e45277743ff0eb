import type { IdentifiedResource, Resource } from '../fhir/resource.ts';
import type { Issue } from '../fhir/issue.ts';
import { rewriteReferences } from '../fhir/reference-walk.ts';
import { extractIndex } from '../fhir/search-extract.ts';
import type { MappedResource, MappingResult } from '../mapping/result.ts';
import { logicalId } from '../record/identity.ts';
import { mergeView, type MergeOutcome } from '../record/merge.ts';
import { nextView, type AbsentMeans } from '../record/source-view.ts';
import type { Change, SourceView, Store, StoredVersion } from '../store/store.ts';
import { faultsOf } from './fault.ts';
import { withoutInitial } from './initial.ts';
import type { Identities } from './effect/resolve.ts';
import type { SeenRecords } from './effect/seen-records.ts';
import { isIdentified, nextReference, parseStored } from './stored.ts';

/** Who says it and in which message; what meta.source and the source views are made of. */
export interface Speaker {
  readonly source: string;
  readonly feed: string;
  readonly controlId: string;
  readonly hash: string;
  readonly receivedAt: Date;
}

/** One resource of the message, merged and ready to commit. */
export interface PlannedWrite {
  /** `Type/id`. */
  readonly reference: string;
  /** Absent: nothing about it changed. */
  readonly change?: Extract<Change, { op: 'put' }>;
  /** `Type/id/_history/v` as the commit will make it; absent like `change`. */
  readonly written?: string;
  /** Absent where the event is stale, or the map only wanted it to exist. */
  readonly view?: SourceView;
  readonly stale: boolean;
  /** Elements where a stored value stood against this source. */
  readonly kept: readonly string[];
  /** With one of these the message must not be committed. */
  readonly faults: readonly Issue[];
}

/** Merges everything that the message says into what is stored, and checks what comes of it. */
export async function planWrites(
  store: Store,
  result: MappingResult,
  given: {
    readonly speaker: Speaker;
    readonly identities: Identities;
    readonly seen: SeenRecords;
    /** Between one resource and the next. */
    readonly breath?: (() => Promise<void>) | undefined;
  },
): Promise<readonly PlannedWrite[]> {
  const drafts = draft(result.resources, given);
  const all = await Promise.all(
    drafts.map(async (each) => ({ each, known: await known(store, given.seen, each) })),
  );
  const planned: PlannedWrite[] = [];
  for (const { each, known } of all) {
    await given.breath?.();
    planned.push(plan(each, { result, ...given, ...known }));
  }
  return planned;
}

/** A resource with its logical id and its references in place. */
interface Draft {
  readonly reference: string;
  readonly mapped: MappedResource;
  readonly mine: IdentifiedResource;
  readonly eventTime: Date;
}

function draft(
  resources: readonly MappedResource[],
  { speaker, identities }: { readonly speaker: Speaker; readonly identities: Identities },
): readonly Draft[] {
  const references = new Map(
    resources.map((mapped) => [mapped.fullUrl, referenceOf(mapped, { speaker, identities })]),
  );
  const drafts = new Map<string, Draft>();
  for (const mapped of resources) {
    const reference = references.get(mapped.fullUrl) ?? '';
    const id = reference.split('/')[1] ?? '';
    const { resourceType, ...rest } = rewriteReferences(mapped.resource, (url) =>
      references.get(url),
    );
    const mine = { resourceType, id, ...rest };
    const eventTime = eventTimeOf(mapped, speaker);
    const earlier = drafts.get(reference);
    const next = { reference, mapped, mine, eventTime };
    drafts.set(reference, earlier === undefined ? next : together(earlier, next));
  }
  return [...drafts.values()];
}

/**
 * When it happened, as the message says; no later than it came, lest one from a clock that is ahead makes all that follow
 * look old.
 */
function eventTimeOf({ eventTime }: MappedResource, { receivedAt }: Speaker): Date {
  if (eventTime === undefined) return receivedAt;
  return new Date(Math.min(Date.parse(eventTime), receivedAt.getTime()));
}

/** Two resources of one message that turn out to be the same one: the later adds to the earlier. */
function together(earlier: Draft, later: Draft): Draft {
  const both = mergeView({ theirs: earlier.mine, mine: later.mine, clears: [], stale: false });
  return {
    ...earlier,
    mine: both.resource as IdentifiedResource,
    eventTime: earlier.eventTime > later.eventTime ? earlier.eventTime : later.eventTime,
  };
}

function referenceOf(
  mapped: MappedResource,
  { speaker, identities }: { readonly speaker: Speaker; readonly identities: Identities },
): string {
  const { resource, fullUrl, identity, name } = mapped;
  const type = resource.resourceType;
  switch (identity.kind) {
    case 'person':
      return identities.byFullUrl.get(fullUrl)?.reference ?? '';
    case 'key':
      return identities.recordReference(mapped);
    case 'none': {
      const message = `${speaker.controlId}|${speaker.hash}|${name}`;
      return `${type}/${logicalId(type, `message:${speaker.source}`, message)}`;
    }
  }
}

/** What the store knows of a draft. */
interface Known {
  readonly stored: StoredVersion | undefined;
  readonly views: readonly SourceView[];
}

async function known(store: Store, seen: SeenRecords, { reference, mine }: Draft): Promise<Known> {
  const stored = await seen.version(reference);
  const views = stored === undefined ? [] : await store.sourceViews(mine.resourceType, mine.id);
  return { stored, views };
}

function plan(
  each: Draft,
  given: Known & { readonly speaker: Speaker; readonly result: MappingResult },
): PlannedWrite {
  const { reference, mapped, eventTime } = each;
  const { stored, speaker } = given;
  const theirs = isIdentified(stored) ? parseStored(stored) : undefined;
  const mine = withoutInitial(each.mine, mapped.initial, theirs);
  const nothing = { reference, stale: false, kept: [], faults: [] };
  if (mapped.write === 'create-only' && isIdentified(stored)) return nothing;
  const own = given.views.find(({ source }) => source === speaker.source);
  // Also of what was deleted since: only something newer brings it back.
  const stale = own !== undefined && eventTime < own.eventTime;
  if (stale) return { ...nothing, stale };
  const base = own === undefined ? undefined : parseStored({ body: own.view });
  const merged = merge({ ...each, mine }, { ...given, base, theirs });
  const view = {
    source: speaker.source,
    type: mine.resourceType,
    id: mine.id,
    eventTime,
    receivedAt: speaker.receivedAt,
    controlId: speaker.controlId,
    view: JSON.stringify(
      nextView({ base, mine, clears: mapped.clears, absent: absentMeans(mine) }),
    ),
  };
  if (!merged.changed) return { ...nothing, kept: merged.kept, view };
  const resource = merged.resource as IdentifiedResource;
  return {
    reference,
    change: {
      op: 'put',
      resource,
      expect: isIdentified(stored) ? { versionId: stored.versionId } : 'absent-or-deleted',
      index: extractIndex(resource),
      skipIfSame: true,
    },
    written: nextReference(reference, stored),
    view,
    stale,
    kept: merged.kept,
    faults: faultsOf(resource, { mapped, result: given.result }),
  };
}

function merge(
  { mapped, mine, eventTime }: Draft,
  given: Known & {
    readonly speaker: Speaker;
    readonly base: Resource | undefined;
    readonly theirs: Resource | undefined;
  },
): MergeOutcome {
  const { theirs, speaker, base, views } = given;
  return mergeView({
    base,
    theirs,
    mine,
    clears: mapped.clears,
    stale: false,
    absent: absentMeans(mine),
    speaker: { source: speaker.source, at: eventTime },
    others: views
      .filter(({ source }) => source !== speaker.source)
      .map(({ source, eventTime: at, view }) => ({
        source,
        at,
        view: parseStored({ body: view }),
      })),
  });
}

/**
 * A result that is sent again replaces the one before as a whole (HL7 v2.5.1 7.4.2, OBX-11): a flag or note that it does
 * not repeat is taken back. One that says nothing but its status (U: now final; D, W: was wrong) leaves the rest as it is.
 * Everything else is a snapshot of what the sender happened to fill.
 */
function absentMeans(mine: Resource): AbsentMeans {
  return mine.resourceType === 'Observation' && saysResult(mine) ? 'withdrawn' : 'keep';
}

/** A value, parts of one, an attachment, or why there is none. */
function saysResult(observation: Resource): boolean {
  return Object.keys(observation).some((name) =>
    /^(value[A-Z]|component$|dataAbsentReason$|extension$)/.test(name),
  );
}
