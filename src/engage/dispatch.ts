/**
 * One event's way. A commit left a row in the outbox; here the row is taken, the rules are asked, and what
 * they want (Tasks, CommunicationRequests with their jobs, the Provenance of both) is committed together with
 * the row's done mark. Killed before that commit, the event is still there; killed after it, it is gone:
 * its effect happens exactly once. A second process that took the same row is refused by the store.
 *
 * What is planned here is sent by send.ts.
 */
import { setImmediate } from 'node:timers/promises';
import { limits } from '../limits.ts';
import { CommitRefused, type OutboxDone, type OutboxEvent } from '../store/store.ts';
import type { Desk } from './desk.ts';
import { Draft } from './draft.ts';
import { evaluate, fociOf } from './evaluate.ts';
import type { Occurrence } from './intent.ts';
import { readOccurrence } from './occurrence.ts';
import { draftOutcome, type Outcome } from './outcome.ts';
import type { Rule } from './rule.ts';
import { storeWorld, StoreUnreadable } from './world.ts';

/** Handles every pending event, oldest first, until there is none left or `stopping` says so. */
export async function drainOutbox(desk: Desk, stopping: () => boolean): Promise<void> {
  for (;;) {
    const events = await desk.store.outbox.pending(limits.outboxBatchMax);
    if (events.length === 0 || stopping()) return;
    const asked = new Set<string>();
    const quiet: OutboxDone[] = [];
    for (const event of events) {
      if (stopping()) break;
      if (!(await act(desk, event, asked))) quiet.push({ position: event.position });
    }
    await markDone(desk, quiet);
  }
}

/** True if the event's effect was committed with its done mark; false if it only remains to be marked. */
async function act(desk: Desk, event: OutboxEvent, asked: Set<string>): Promise<boolean> {
  if (event.origin.startsWith('rule:')) return false;
  const rules = desk.rules.triggeredBy(event.type);
  const occurrence = rules.length > 0 ? await readOccurrence(desk.store, event) : undefined;
  if (!occurrence) return false;
  // Reads of an embedded store answer at once: whoever calls meanwhile gets a turn between two events.
  await setImmediate();
  const outcomes: Outcome[] = [];
  for (const rule of rules) {
    outcomes.push(...(await consult(desk, rule, { event, occurrence, asked })));
  }
  for (let attempt = 1; outcomes.length > 0; attempt++) {
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
}

async function consult(desk: Desk, rule: Rule, matter: Matter): Promise<readonly Outcome[]> {
  const { event, occurrence, asked } = matter;
  const world = storeWorld(desk.store, event.seq);
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

/** Events without an effect, in one commit; where another process was faster with some, the others. */
async function markDone(desk: Desk, quiet: readonly OutboxDone[]): Promise<void> {
  if (quiet.length === 0) return;
  try {
    await desk.store.commit(new Draft(desk.store).commit(desk.clock(), 'engage', quiet));
  } catch (error) {
    if (!(error instanceof CommitRefused)) throw error;
    const pending = await desk.store.outbox.pending(limits.outboxBatchMax);
    const left = new Set(pending.map(({ position }) => position));
    const others = quiet.filter(({ position }) => left.has(position));
    // Refused although all are pending: they come again with the next batch.
    if (others.length < quiet.length) await markDone(desk, others);
  }
}
