/** The rounds of the ledger that every run plays; `scripts/ledger.ts` plays every fault in longer ones, as often as it is told. */
import type { Findings } from './ledger-check.ts';
import { faults, type Fault, type FaultKind } from './ledger-faults.ts';
import { playRound } from './ledger-round.ts';
import { everyFault, pick, seed } from './sample.ts';

/** Of every four patients one is merged. */
const size = { seed, patients: everyFault ? 12 : 6, messagesPerPatient: 6 };

export const roundMs = 240_000;

/** All faults of a store, or one of each kind that is named: by turns, so that a few runs see all of them. */
export function chosenFaults(
  store: 'sqlite' | 'mongodb',
  kinds: readonly FaultKind[],
): readonly Fault[] {
  const all = faults.filter(({ on }) => on === store || on === 'both');
  if (everyFault) return all;
  return kinds.flatMap((kind) => pick(all.filter((fault) => fault.kind === kind)) ?? []);
}

/** Plays a round; gives what was found, by what is wrong with it. */
export async function findingsUnder(
  fault: Fault,
  where: { readonly folder: string; readonly store: string },
): Promise<Findings> {
  return (await playRound(fault, { ...where, size })).findings;
}

export const nothing: Findings = {
  lost: [],
  doubled: [],
  half: [],
  disordered: [],
  unexplained: [],
  differs: [],
};
