import type { UnmappedCode } from '../mapping/result.ts';
import type { StateChange, Store } from '../store/store.ts';

/** A code that a table has no row for, and how often it came. */
export interface UnmappedTally {
  readonly feed: string;
  readonly table: string;
  readonly code: string;
  readonly system?: string;
  /** What the sender called it last. */
  readonly display?: string;
  /** Where it stood first, such as `OBX-3`. */
  readonly position: string;
  readonly count: number;
  /** Instants. */
  readonly firstAt: string;
  readonly lastAt: string;
}

/** Prefix of the state entries of the worklist. */
export const unmappedPrefix = 'unmapped|';

/** Counts the unmapped codes of one message; part of its commit, so that no crash counts twice. */
export async function countUnmapped(
  store: Store,
  codes: readonly UnmappedCode[],
  { feed, now }: { readonly feed: string; readonly now: Date },
): Promise<readonly StateChange[]> {
  const byKey = Map.groupBy(
    codes,
    ({ table, code }) => unmappedPrefix + [feed, table, code].map(encodeURIComponent).join('|'),
  );
  const changes = [...byKey].map(async ([key, same]): Promise<StateChange | undefined> => {
    const [first] = same;
    if (first === undefined) return undefined;
    const entry = await store.state(key);
    const before = entry && (JSON.parse(entry.value) as UnmappedTally);
    const { table, code, system, position } = first;
    const display = first.display ?? before?.display;
    const tally: UnmappedTally = {
      feed,
      table,
      code,
      ...(system === undefined ? {} : { system }),
      ...(display === undefined ? {} : { display }),
      position: before?.position ?? position,
      count: (before?.count ?? 0) + same.reduce((sum, { count }) => sum + count, 0),
      firstAt: before?.firstAt ?? now.toISOString(),
      lastAt: now.toISOString(),
    };
    return { key, value: JSON.stringify(tally), expectRevision: entry?.revision ?? 0 };
  });
  return (await Promise.all(changes)).filter((change) => change !== undefined);
}
