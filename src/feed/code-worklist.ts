import { setImmediate as breath } from 'node:timers/promises';
import { openCodesOf } from '../mapping/codes/open-code.ts';
import { CodeWorklist, type CodeToDo } from '../mapping/codes/worklist.ts';
import type { JournalEntry, Store } from '../store/store.ts';
import { limits } from '../limits.ts';
import type { Pipeline } from './pipeline.ts';
import { readFrame } from './reading.ts';
import { unmappedPrefix, type UnmappedTally } from './worklist.ts';

/** The codes of a running server that are still open, by the maps of now. */
export interface CodeList {
  readonly codes: readonly CodeToDo[];
  /** Messages that were read through, newest first. */
  readonly messages: number;
  /** Whether there are older ones. */
  readonly more: boolean;
}

export interface CodeListOptions extends Pick<Pipeline, 'store' | 'feeds' | 'map'> {
  /** Whether the maps of now have a row for a code. */
  readonly hasRow: (code: Pick<UnmappedTally, 'feed' | 'table' | 'code'>) => boolean;
}

/**
 * What was counted of every message since the first (worklist.ts), and of the newest ones, which are read through by the maps
 * of now, the codes of senders' own systems that no table is asked for, and those that a refused message had.
 */
export async function listCodes(
  options: CodeListOptions,
  { feed, count }: { readonly feed?: string; readonly count: number },
): Promise<CodeList> {
  const seen = new CodeWorklist();
  const { messages, more } = await readThrough(options, { feed, count }, seen);
  const found = new Map(seen.rows().map((row) => [keyOf(row), row]));
  const counted = (await tallies(options.store))
    .filter((tally) => feed === undefined || tally.feed === feed)
    .filter((tally) => !options.hasRow(tally));
  const all = new CodeWorklist();
  for (const tally of counted) {
    const { table, code, system = '', position, count: times, firstAt, lastAt } = tally;
    const row = found.get(keyOf(tally));
    const display = row?.display || (tally.display ?? '');
    const rest = { display, position, element: '', example: row?.example ?? '' };
    all.put({ feed: tally.feed, table, code, system, count: times, firstAt, lastAt, ...rest });
  }
  const known = new Set(counted.map(keyOf));
  for (const row of found.values()) {
    if (row.table === '' || !known.has(keyOf(row))) all.put(row);
  }
  return { codes: all.rows(), messages, more };
}

function keyOf(row: Pick<CodeToDo, 'feed' | 'table' | 'code'> & Partial<CodeToDo>): string {
  const own = row.table === '' ? [row.system, row.element] : [];
  return JSON.stringify([row.feed, row.table, row.code, ...own]);
}

async function tallies(store: Store): Promise<readonly UnmappedTally[]> {
  const entries = await store.states(unmappedPrefix);
  return entries.map(({ value }) => JSON.parse(value) as UnmappedTally);
}

async function readThrough(
  options: CodeListOptions,
  { feed, count }: { readonly feed: string | undefined; readonly count: number },
  seen: CodeWorklist,
): Promise<{ readonly messages: number; readonly more: boolean }> {
  let messages = 0;
  let cursor: string | undefined;
  do {
    const page = await options.store.journal.list({
      state: ['processed', 'failed', 'parked'],
      count: Math.min(limits.runPageMax, count - messages),
      ...(feed === undefined ? {} : { feed }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const entry of page.entries) {
      addMessage(entry, options, seen);
      // A list is not worth that a message waits for it.
      await breath();
    }
    messages += page.entries.length;
    cursor = page.next;
  } while (cursor !== undefined && messages < count);
  return { messages, more: cursor !== undefined };
}

function addMessage(
  { id, bytes, peer, feed, receivedAt }: JournalEntry,
  { feeds, map }: CodeListOptions,
  seen: CodeWorklist,
): void {
  const { result } = readFrame({ bytes, peer, feed }, { feeds: feeds(), map, receivedAt });
  if (result === undefined) return;
  seen.add(openCodesOf(result), { feed, at: receivedAt.toISOString(), example: id });
}
