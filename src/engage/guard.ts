/**
 * The guard chain: every message passes it, whoever wants it sent, in this order; the first guard that objects
 * decides. A refusal is a Communication `not-done` with the guard's reason; a deferral waits and asks again.
 */
import type { Facts } from './facts.ts';
import { contentGuard } from './guards/content.ts';
import { duplicateGuard } from './guards/duplicate.ts';
import { expiredGuard } from './guards/expired.ts';
import { frequencyCapGuard } from './guards/frequency-cap.ts';
import { deceasedGuard, inactiveGuard, mergedGuard } from './guards/living.ts';
import { noChannelGuard } from './guards/no-channel.ts';
import { optOutGuard } from './guards/opt-out.ts';
import { quietHoursGuard } from './guards/quiet-hours.ts';
import { ruleWithdrawnGuard, supersededGuard } from './guards/superseded.ts';
import { templateErrorGuard } from './guards/template-error.ts';
import type { Guard, Objection } from './objection.ts';

export const guardChain: readonly (readonly [name: string, guard: Guard])[] = [
  ['rule-withdrawn', ruleWithdrawnGuard],
  ['merged', mergedGuard],
  ['deceased', deceasedGuard],
  ['inactive', inactiveGuard],
  ['superseded', supersededGuard],
  ['expired', expiredGuard],
  ['opt-out', optOutGuard],
  ['no-channel', noChannelGuard],
  ['quiet-hours', quietHoursGuard],
  ['frequency-cap', frequencyCapGuard],
  ['duplicate', duplicateGuard],
  ['content', contentGuard],
  ['template-error', templateErrorGuard],
];

export function firstObjection(facts: Facts): Objection | undefined {
  for (const [, guard] of guardChain) {
    const objection = guard(facts);
    if (objection) return objection;
  }
  return undefined;
}
