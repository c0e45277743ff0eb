import type { Desk } from './desk.ts';
import type { Draft } from './draft.ts';
import { draftFailureTask } from './failure.ts';
import type { Firing, Occurrence } from './intent.ts';
import { draftPlan, revokePlans } from './plan.ts';
import { provenanceOf } from './provenance.ts';
import { referenceTo } from './reference.ts';
import type { Rule } from './rule.ts';
import { cancelTasks, draftTask } from './task.ts';

/** A rule that fired, or one that broke; either leaves something behind. */
export type Outcome =
  Firing | { readonly rule: Rule; readonly occurrence: Occurrence; readonly broke: true };

/** Writes what a rule wants, and why, into the commit. */
export async function draftOutcome(desk: Desk, draft: Draft, outcome: Outcome): Promise<void> {
  const now = desk.clock();
  if ('broke' in outcome) {
    await draftBroken(draft, outcome, now);
    return;
  }
  const { focus } = outcome;
  const before = draft.written.length;
  for (const intent of outcome.intents) {
    switch (intent.kind) {
      case 'task':
        await draftTask(draft, outcome, intent, now);
        break;
      case 'message':
        await draftPlan(draft, outcome, intent, now);
        break;
      case 'revoke': {
        const target = desk.rules.rule(intent.rule);
        if (target) await cancelTasks(draft, target, { focus, intent, now });
        await revokePlans(desk.store, draft, { focus, intent });
      }
    }
  }
  const targets = draft.written.slice(before);
  if (targets.length > 0) await draft.putNew(provenanceOf(outcome, targets, now));
}

function draftBroken(
  draft: Draft,
  { rule, occurrence }: Omit<Outcome, 'broke'>,
  now: Date,
): Promise<void> {
  const about = referenceTo(occurrence.resource);
  const description = `Rule ${rule.id}, version ${rule.version}, failed; the log says why`;
  return draftFailureTask(draft, { code: 'rule-failed', ruleId: rule.id, about, description }, now);
}
