/** One round: a fault, the traffic under it, and the ledger held against what is left. */
import { seeded } from '../e2e/hospital-traffic.ts';
import { reconcile, type Reconciled } from './ledger-check.ts';
import type { Fault } from './ledger-faults.ts';
import { Hospital } from './ledger-hospital.ts';
import { planTraffic, playTraffic, type TrafficSize } from './ledger-traffic.ts';
import { Ledger } from './ledger.ts';

export interface Round extends Reconciled {
  readonly fault: string;
  readonly store: 'SQLite' | 'MongoDB';
  readonly seed: number;
  /** How often the fault struck. */
  readonly times: number;
}

export async function playRound(
  fault: Fault,
  given: { readonly folder: string; readonly store: string; readonly size: TrafficSize },
): Promise<Round> {
  const { folder, store, size } = given;
  const since = new Date();
  const streams = planTraffic(size);
  const ledger = new Ledger(`${folder}/ledger.jsonl`);
  const hospital = new Hospital({ folder, store, ...fault.hospital });
  await hospital.start();
  const disturbance = await fault.begin(hospital, seeded(size.seed + 2), () => ledger.answers);
  try {
    await playTraffic(streams, {
      ledger,
      addresses: disturbance.addresses ?? hospital.addresses,
      seed: size.seed,
      connections: 16,
      sendsMax: 5,
      timeoutMs: 5_000,
    });
  } finally {
    await disturbance.stop();
  }
  const left = await hospital.settled();
  try {
    const { journaled = false } = fault.hospital ?? {};
    const found = await reconcile(left, { streams, lines: ledger.lines(), since, journaled });
    const kind = store === 'sqlite' ? 'SQLite' : 'MongoDB';
    return {
      fault: fault.name,
      store: kind,
      seed: size.seed,
      times: disturbance.times(),
      ...found,
    };
  } finally {
    await left.close();
  }
}
