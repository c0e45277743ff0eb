import type { ArchivedStore, ArchiveSection } from './archive.ts';
import type { registeredIndexing } from './reindex.ts';

export interface CopyOptions extends ReturnType<typeof registeredIndexing> {
  readonly source: ArchivedStore;
  readonly target: ArchivedStore;
  /** Names the source in the target until the copy is done: the same one must go on with it. */
  readonly sourceName: string;
  readonly onProgress?: (progress: CopyProgress) => void;
}

export interface CopyProgress {
  readonly section: ArchiveSection | 'proof';
  readonly done: number;
  /** Known of versions. */
  readonly total?: number;
}
