/**
 * One event's way. A commit left a row in the outbox; here the row is taken, the rules are asked, and what
 * they want (Tasks, CommunicationRequests with their jobs, the Provenance of both) is committed together with
 * the row's done mark. Killed before that commit, the event is still there; killed after it, it is gone:
 * its effect happens exactly once. A second process that took the same row is refused by the store.
 *
 * What is planned here is sent by send.ts.
 */
import { limits } from '../limits.ts';
import { CommitRefused, type OutboxDone, type OutboxEvent } from '../store/store.ts';
import type { Desk } from './desk.ts';
import { Draft } from './draft.ts';
import { evaluate, fociOf } from './evaluate.ts';
import { draftFailureTask } from './failure.ts';
import type { Firing, Occurrence } from './intent.ts';
import { readOccurrence } from './occurrence.ts';
import { draftPlan, revokePlans } from './plan.ts';
import { provenanceOf } from './provenance.ts';
import { referenceTo } from './reference.ts';
import type { Rule } from './rule.ts';
import { cancelTasks, draftTask } from './task.ts';
import { storeWorld } from './world.ts';

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
  const outcomes: Outcome[] = [];
  for (const rule of rules)
    outcomes.push(...(await consult(desk, rule, { event, occurrence, asked })));
  for (let attempt = 1; outcomes.length > 0; attempt++) {
    const draft = new Draft(desk.store);
    for (const [index, outcome] of outcomes.entries()) {
      outcomes[index] = await draftOutcome(desk, draft, outcome);
    }
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

/** A rule that fired, or one that broke; either leaves something behind. */
type Outcome =
  | Firing
  | {
      readonly rule: Rule;
      readonly occurrence: Occurrence;
      readonly focus: string;
      readonly broke: true;
    };

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
  for (const focus of await fociOf(rule, occurrence, world)) {
    const question = `${rule.id} ${focus} ${event.seq}`;
    if (asked.has(question)) continue;
    asked.add(question);
    try {
      const firing = await evaluate(rule, occurrence, focus, surroundings);
      if (!firing) continue;
      desk.log.info({ rule: rule.id, version: rule.version, mode: rule.mode, focus }, 'rule fired');
      if (rule.mode === 'live') outcomes.push(firing);
    } catch (error) {
      outcomes.push(broken(desk, { rule, occurrence, focus }, error));
    }
  }
  return outcomes;
}

/** Writes an outcome into the draft. A rule that breaks here is put down as broken from now on. */
async function draftOutcome(desk: Desk, draft: Draft, outcome: Outcome): Promise<Outcome> {
  const now = desk.clock();
  if ('broke' in outcome) {
    const { rule } = outcome;
    const about = referenceTo(outcome.occurrence.resource);
    const description = `Rule ${rule.id}, version ${rule.version}, failed; the log says why`;
    await draftFailureTask(
      draft,
      { code: 'rule-failed', ruleId: rule.id, about, description },
      now,
    );
    return outcome;
  }
  const { focus } = outcome;
  const before = draft.written.length;
  for (const intent of outcome.intents) {
    if (intent.kind === 'task') await draftTask(draft, outcome, intent, now);
    else if (intent.kind === 'message') await draftPlan(draft, outcome, intent, now);
    else {
      const target = desk.rules.rule(intent.rule);
      if (target) await cancelTasks(draft, target, { focus, intent, now });
      await revokePlans(desk.store, draft, { focus, intent });
    }
  }
  const targets = draft.written.slice(before);
  if (targets.length > 0) await draft.putNew(provenanceOf(outcome, targets, now));
  return outcome;
}

function broken(
  desk: Desk,
  at: { readonly rule: Rule; readonly occurrence: Occurrence; readonly focus: string },
  error: unknown,
): Outcome {
  desk.log.error({ rule: at.rule.id, focus: at.focus, err: error }, 'rule failed');
  return { ...at, broke: true };
}

/** Events without an effect, in one commit; singly where another process was faster with some. */
async function markDone(desk: Desk, quiet: readonly OutboxDone[]): Promise<void> {
  if (quiet.length === 0) return;
  try {
    await desk.store.commit(new Draft(desk.store).commit(desk.clock(), 'engage', quiet));
  } catch (error) {
    if (!(error instanceof CommitRefused)) throw error;
    if (quiet.length > 1) for (const one of quiet) await markDone(desk, [one]);
  }
}
