/**
 * One event's way. A commit left a row in the outbox; here the row is taken, the rules are asked, and what
 * they want (Tasks, CommunicationRequests with their jobs, the Provenance of both) is committed together with
 * the row's done mark. Killed before that commit, the event is still there; killed after it, it is gone:
 * its effect happens exactly once. A second process that took the same row is refused by the store.
 *
 * What is planned here is sent by send.ts.
 */
import { limits } from '../limits.ts';
import { CommitRefused, type OutboxEvent } from '../store/store.ts';
import type { Desk } from './desk.ts';
import { Draft } from './draft.ts';
import { evaluate, fociOf } from './evaluate.ts';
import type { Occurrence } from './intent.ts';
import { Lanes } from './lanes.ts';
import { Marks } from './marks.ts';
import { changesOf, readOccurrence } from './occurrence.ts';
import { draftOutcome, type Outcome } from './outcome.ts';
import { referenceTo } from './reference.ts';
import type { Rule } from './rule.ts';
import { Whom } from './whom.ts';
import { storeWorld, StoreUnreadable, type StoreWorld, type World } from './world.ts';

/**
 * Handles pending events, oldest first, until there is none left or `stopping` says so; `more` where its time was over
 * before. Events about one person are handled one after another; those about others go on while a commit is under way.
 */
export async function drainOutbox(desk: Desk, stopping: () => boolean): Promise<'more' | 'none'> {
  const lanes = new Lanes(limits.eventsParallelMax);
  const marks = new Marks(desk);
  const end = desk.clock().getTime() + limits.eventsBeforeJobsMs;
  let left: 'more' | 'none' = 'more';
  let after = 0;
  try {
    while (!stopping() && !lanes.hasFailed && desk.clock().getTime() < end) {
      const events = await desk.store.outbox.pending(limits.outboxBatchMax, after);
      const [oldest] = events;
      desk.share.isLate = isLate(desk, oldest);
      if (oldest === undefined) {
        left = 'none';
        break;
      }
      after = events.at(-1)?.position ?? after;
      await takePage(desk, events, { lanes, marks, stopping });
      await marks.begin();
      await desk.share.turn();
    }
    await lanes.done();
    await marks.begin();
  } finally {
    await Promise.allSettled([lanes.settled(), marks.done()]);
  }
  await marks.done();
  return left;
}

function isLate({ clock }: Desk, oldest: OutboxEvent | undefined): boolean {
  return oldest !== undefined && clock().getTime() - oldest.at.getTime() > limits.eventLateMs;
}

/** Where the events of a page go. */
interface Round {
  readonly lanes: Lanes;
  readonly marks: Marks;
  readonly stopping: () => boolean;
}

/** Resolves when all are taken; some may still be under way. */
async function takePage(
  desk: Desk,
  events: readonly OutboxEvent[],
  { lanes, marks, stopping }: Round,
): Promise<void> {
  const whom = new Whom(desk.store);
  const asked = new Set<string>();
  let world: StoreWorld | undefined;
  for (const event of events) {
    if (stopping() || lanes.hasFailed) return;
    const rules = rulesFor(desk, event);
    if (rules.length > 0) await desk.share.turn();
    const occurrence = rules.length > 0 ? await readOccurrence(desk.store, event) : undefined;
    if (!occurrence) {
      marks.add(event);
      continue;
    }
    if (world?.seq !== event.seq) world = storeWorld(desk.store, event.seq);
    tell(world, occurrence);
    const matter = { event, occurrence, asked, world };
    const work = async (): Promise<void> => {
      if (!(await act(desk, rules, matter))) marks.add(event);
    };
    const { keys, isKnown } = await whom.of(occurrence);
    if (isKnown || !rules.some((rule) => leadsOn(rule, event))) await lanes.take(keys, work);
    else await lanes.alone(work);
  }
}

/** Rules that the row alone does not rule out: what they made sets off none. */
function rulesFor(desk: Desk, event: OutboxEvent): readonly Rule[] {
  if (event.origin.startsWith('rule:')) return [];
  const changes = changesOf(event);
  return desk.rules
    .triggeredBy(event.type)
    .filter(({ on }) =>
      on.some(
        ({ resource, change }) =>
          resource === event.type && change.some((each) => changes.includes(each)),
      ),
    );
}

/** Whether a change of this type leads the rule to other resources. */
function leadsOn({ on }: Rule, { type }: OutboxEvent): boolean {
  return on.some(({ resource, about }) => resource === type && about !== undefined);
}

/** True if the event's effect was committed with its done mark; false if it only remains to be marked. */
async function act(desk: Desk, rules: readonly Rule[], matter: Matter): Promise<boolean> {
  const { event } = matter;
  const outcomes: Outcome[] = [];
  for (const rule of rules) {
    await desk.share.turn();
    outcomes.push(...(await consult(desk, rule, matter)));
  }
  for (let attempt = 1; outcomes.length > 0; attempt++) {
    await desk.share.turn();
    const draft = new Draft(desk.store);
    for (const outcome of outcomes) await draftOutcome(desk, draft, outcome);
    if (draft.isEmpty) return false;
    const origin = `rule:${outcomes.map(({ rule }) => rule.id).join('+')}`;
    try {
      await desk.store.commit(draft.commit(desk.clock(), origin, [{ position: event.position }]));
      return true;
    } catch (error) {
      if (!(error instanceof CommitRefused)) throw error;
      if (error.refusal.kind === 'outbox-done') return true;
      if (attempt === limits.commitAttemptsMax) throw error;
    }
  }
  return false;
}

interface Matter {
  readonly event: OutboxEvent;
  readonly occurrence: Occurrence;
  /** Rule, focus and commit already dealt with: a panel of twelve results asks about its report once. */
  readonly asked: Set<string>;
  /** That of the event's commit. */
  readonly world: World;
}

/** What was read of one event is known to the others of its commit. */
function tell(world: StoreWorld, { change, resource, previous }: Occurrence): void {
  world.know(referenceTo(resource), {
    ...(change === 'delete' ? {} : { now: resource }),
    ...(previous === undefined ? {} : { before: previous }),
  });
}

async function consult(desk: Desk, rule: Rule, matter: Matter): Promise<readonly Outcome[]> {
  const { event, occurrence, asked, world } = matter;
  const surroundings = { world, zones: desk.zones, departments: desk.rules.settings.departments };
  const outcomes: Outcome[] = [];
  try {
    for (const focus of await fociOf(rule, occurrence, world)) {
      const question = `${rule.id} ${focus} ${event.seq}`;
      if (asked.has(question)) continue;
      asked.add(question);
      const firing = await evaluate(rule, occurrence, focus, surroundings);
      if (!firing) continue;
      desk.log.info({ rule: rule.id, version: rule.version, mode: rule.mode, focus }, 'rule fired');
      if (rule.mode === 'live') outcomes.push(firing);
    }
  } catch (error) {
    if (error instanceof StoreUnreadable) throw error;
    desk.log.error({ rule: rule.id, event: occurrence.version, err: error }, 'rule failed');
    outcomes.push({ rule, occurrence, broke: true });
  }
  return outcomes;
}
