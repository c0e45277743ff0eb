import type { Guard } from '../objection.ts';
import { instantOf } from '../schedule.ts';

/** The rule was taken out of force, or the step is gone, after the message was planned. */
export const ruleWithdrawnGuard: Guard = ({ step }) =>
  step ? undefined : { kind: 'refuse', reason: 'rule-withdrawn' };

/** What the message is about is gone, its anchor has moved, or the rule's own `recheck` no longer holds. */
export const supersededGuard: Guard = ({ focus, step, payload }) => {
  if (!focus) return { kind: 'refuse', reason: 'superseded' };
  const scope = { focus, variables: { related: {}, before: {} } };
  const anchor = step?.at?.anchor.values(scope)[0];
  const moved =
    payload.anchor !== undefined &&
    instantOf(anchor, payload.zone)?.getTime() !==
      instantOf(payload.anchor, payload.zone)?.getTime();
  const holds = !step?.recheck || step.recheck.holds(scope);
  return moved || !holds ? { kind: 'refuse', reason: 'superseded' } : undefined;
};
