import type { TraceEntry } from '../mapping/result.ts';
import type { Store } from '../store/store.ts';
import { findMessage, messageRow, reportOf, type MessageRow } from './describe.ts';
import type { MessageReport } from './journal-entry.ts';
import type { Pipeline } from './pipeline.ts';
import { readFrame } from './reading.ts';

/** Why a message became what it became. */
export interface MessageExplanation {
  readonly entry: MessageRow;
  /** What was found when it was processed: the map, what no rule read, codes without a row, issues. */
  readonly then: MessageReport;
  /** The same by the maps of now. */
  readonly now: MessageReport;
  /** By the maps of now: each element with the field it comes from and the line of the rule. */
  readonly elements: readonly TraceEntry[];
}

/** Runs the maps of now over a message of the journal; writes nothing. Undefined where there is none. */
export async function explainMessage(
  pipeline: Pick<Pipeline, 'feeds' | 'map'> & { readonly store: Store },
  id: string,
): Promise<MessageExplanation | undefined> {
  const entry = await findMessage(pipeline.store, id);
  if (entry === undefined) return undefined;
  const { bytes, peer, feed, receivedAt } = entry;
  const given = { feeds: pipeline.feeds(), map: pipeline.map, receivedAt };
  const { result, charset, issues } = readFrame({ bytes, peer, feed }, given);
  const { map = '', loss = [], unmapped = [], trace = [] } = result ?? {};
  return {
    entry: messageRow(entry),
    then: reportOf(entry),
    now: { map, charset, loss, unmapped, issues: issues.map(({ internal: _, ...issue }) => issue) },
    elements: trace,
  };
}
