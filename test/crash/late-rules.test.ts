import { expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import type { Store } from '../../src/store/store.ts';
import { finalState, type FinalState } from '../e2e/final-state.ts';
import { seeded } from '../e2e/hospital-traffic.ts';
import { runApp } from '../e2e/running-app.ts';
import { settle } from './ledger-check.ts';
import { planTraffic } from './ledger-traffic.ts';
import { seed } from './sample.ts';

const since = new Date();

/** Rules are shown an event now and then, and few of those that wait, until that is called. */
function holdEvents({ outbox }: Store, random: () => number): () => void {
  const pending = outbox.pending.bind(outbox);
  outbox.pending = async (count, after) => {
    // A merge asks for the oldest event alone, to know what rules have still to handle.
    if (count !== limits.outboxBatchMax) return pending(count, after);
    return random() < 0.7 ? [] : pending(1 + Math.floor(random() * 6), after);
  };
  return () => (outbox.pending = pending);
}

async function play(of: number, isLate: boolean): Promise<FinalState> {
  const running = await runApp({ store: 'memory' });
  try {
    const { store } = running.app;
    const release = isLate ? holdEvents(store, seeded(of)) : (): void => undefined;
    const streams = planTraffic({ seed: of, patients: 16, messagesPerPatient: 8 });
    const messages = streams.flatMap(({ first, then }) => [...first, ...then]);
    await running.send(...messages.map(({ bytes }) => bytes));
    release();
    await settle(running.app);
    return await finalState(store, { since, claims: [] });
  } finally {
    await running.close();
  }
}

// With the first, a discharge is handled after the merge of a patient whose result was put up for review before it.
it.each([4, seed])(
  'rules that run late, also after a merge, make what rules at once make (seed %i)',
  async (of) => {
    const { resources } = await play(of, true);
    expect(Object.fromEntries(resources)).toEqual(
      Object.fromEntries((await play(of, false)).resources),
    );
  },
  60_000,
);
