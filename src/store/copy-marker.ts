import type { ArchivePage, ArchiveSection } from './archive.ts';
import { StoreOpenError } from './open-error.ts';
import type { Store } from './store.ts';

/** The state key under which a copy keeps its place in the target; gone when the copy is done. */
export const copyMarkerKey = 'store-copy';

/** How far a copy has come: what was written with it, and all before, is in the target. */
export interface CopyMarker {
  readonly source: string;
  /** The source's newest commit when the copy began. */
  readonly seq: number;
  readonly section: ArchiveSection;
  readonly after?: NonNullable<ArchivePage['next']>;
  /** The section has no more. */
  readonly ended?: boolean;
  /** Records of the section so far. */
  readonly done: number;
  /** Batches so far. */
  readonly batch: number;
}

export async function readMarker(store: Pick<Store, 'state'>): Promise<CopyMarker | undefined> {
  const entry = await store.state(copyMarkerKey);
  return entry && (JSON.parse(entry.value) as CopyMarker);
}

export function writeMarker(marker: CopyMarker): string {
  return JSON.stringify(marker);
}

/** A server must not work on half of a site. */
export async function refuseUnfinishedCopy(store: Pick<Store, 'state'>): Promise<void> {
  const marker = await readMarker(store);
  if (marker === undefined) return;
  throw new StoreOpenError(
    'unfinished',
    `The store holds a part of ${marker.source}: the copy was not finished; run weir store copy again`,
  );
}
