/**
 * The data as it was at a commit, read from the change feed: of every resource the last version that was written by
 * then. Versions never change, so a walk gives the same each time, whenever and by whichever process it is made.
 */
import { setImmediate } from 'node:timers/promises';
import { limits } from '../../limits.ts';
import type { ChangeEvent, Store, StoredVersion } from '../../store/store.ts';

export interface Stretch {
  /** The last commit that counts. */
  readonly seq: number;
  readonly types: ReadonlySet<string>;
  /** Epoch milliseconds: only versions written then or later. */
  readonly since: number;
  /** Positions of the feed: after this one, up to that one. */
  readonly after: number;
  readonly to: number;
}

export interface SnapshotPage {
  /** Each with its position in the feed; a deletion is a version. */
  readonly found: readonly { readonly position: number; readonly version: StoredVersion }[];
  /** The position up to which the feed has been read. */
  readonly position: number;
}

/** Ends with the page that reaches the end of the stretch. */
export async function* snapshot(store: Store, stretch: Stretch): AsyncGenerator<SnapshotPage> {
  let after = stretch.after;
  for (;;) {
    const events = await store.changes(after, limits.exportPageMax);
    const inside = events.filter(({ seq, position }) => {
      return seq <= stretch.seq && position <= stretch.to;
    });
    const found = await lastVersions(store, stretch, inside);
    after = inside.at(-1)?.position ?? after;
    yield { found, position: after };
    if (inside.length < events.length || events.length === 0) return;
    // Reads of an embedded store may answer at once: others get their turn.
    await setImmediate();
  }
}

async function lastVersions(
  store: Store,
  { seq, types, since }: Stretch,
  events: readonly ChangeEvent[],
): Promise<SnapshotPage['found']> {
  const wanted = events.filter(({ type, at }) => types.has(type) && at.getTime() >= since);
  const current = await store.readMany(wanted);
  const found: { position: number; version: StoredVersion }[] = [];
  for (const [i, event] of wanted.entries()) {
    const version = await asOf(store, event, { seq, current: current[i] });
    if (version !== undefined) found.push({ position: event.position, version });
  }
  return found;
}

/** The version that the event tells of, unless a later one was written by then. */
async function asOf(
  store: Store,
  { type, id, versionId }: ChangeEvent,
  { seq, current }: { readonly seq: number; readonly current: StoredVersion | undefined },
): Promise<StoredVersion | undefined> {
  if (current === undefined || current.versionId === versionId) return current;
  if (current.seq <= seq) return undefined;
  const next = await store.readVersion(type, id, String(Number(versionId) + 1));
  if (next !== undefined && next.seq <= seq) return undefined;
  return store.readVersion(type, id, versionId);
}
