import { setTimeout as pause } from 'node:timers/promises';
import { limits } from '../limits.ts';
import { KeyedOrder } from '../ops/keyed-order.ts';
import type { JournalEntry } from '../store/store.ts';
import { backlog, isDue } from './backlog.ts';
import type { Line } from './line.ts';
import { olderThan } from './older-rows.ts';
import { personOfClaimKey } from '../record/identity.ts';
import { withAllNumbers } from './person-numbers.ts';
import type { Pipeline } from './pipeline.ts';
import type { Reading } from './reading.ts';
import { numberField, saysTurns, sharedTurns, turnFields } from './turn-field.ts';

interface Taking extends Pick<Pipeline, 'store' | 'clock' | 'log' | 'map'> {
  readonly line: Line;
}

/**
 * What was acknowledged and is not yet processed: since a moment ago, or since a process stopped. It is worked off behind
 * what comes in (line.ts), oldest first; a new message about somebody of whom an older one still waits has that one put in
 * line before itself (I3).
 */
export interface Waiting {
  /** From here on what the journal holds is worked off. Resolves when new messages may come. */
  readonly begin: () => Promise<void>;
  /**
   * Takes the place of a new message in its line, behind all that is older. `take` gets it with all that it takes turns
   * for while older ones are under way: also the other numbers of its people.
   */
  readonly behind: <T>(reading: Reading, take: (reading: Reading) => Promise<T>) => Promise<T>;
}

export function startWaiting({ store, clock, log, map, line }: Taking): Waiting {
  /** New messages find their older ones here, in the order in which they came. */
  const gate = new KeyedOrder(limits.messagesWaitingMax);

  /** Puts what is older than a new message in line, with what is older than that. */
  async function lineUpBefore(reading: Reading): Promise<void> {
    const numbers = reading.orderKeys.flatMap((key) => personOfClaimKey(key)?.value ?? []);
    const turns = [...sharedTurns(turnFields(reading, map)), ...numbers.map(numberField)];
    const rows = await olderRows(turns);
    // When it is done is nothing to wait for here.
    for (const row of rows) await line.takeUp(row).placed;
  }

  /** Where they are too many, when the line has worked off most of them by itself. */
  async function olderRows(turns: readonly string[]): Promise<readonly JournalEntry[]> {
    for (let look = 0; look <= limits.backlogLooksMax; look += 1) {
      const rows = await olderThan(store, line, turns);
      if (rows !== undefined) return rows;
      await pause(limits.backlogLookMs);
    }
    log.warn({}, 'Too many older messages wait for one to be put in line before it; it goes on');
    return [];
  }

  return {
    begin: async () => {
      for await (const rows of backlog(store)) {
        // Rows of an earlier program do not say what they take turns for: nothing new comes before they are done.
        if (rows.every(saysTurns)) break;
        const now = clock();
        const due = rows.filter((row) => isDue(row, now));
        const underWay: Promise<void>[] = [];
        for (const row of due) {
          const { placed, done } = line.takeUp(row);
          underWay.push(done);
          await placed;
        }
        await Promise.all(underWay);
      }
      line.walk();
    },
    behind: async (reading, take) => {
      if (line.isAtRest && gate.size === 0) return take(reading);
      const placed = await gate.run(reading.orderKeys, async () => {
        if (line.isAtRest) return { taken: take(reading) };
        const whole = await withAllNumbers(store, reading);
        await line.placed();
        if (!line.isEmpty) await lineUpBefore(whole);
        return { taken: take(whole) };
      });
      return placed.taken;
    },
  };
}
