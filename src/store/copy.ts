import { limits } from '../limits.ts';
import {
  archiveSections,
  type ArchiveCounters,
  type ArchivedStore,
  type ArchivePage,
  type ArchiveRecord,
  type ArchiveSection,
  type ReplayedCommit,
} from './archive.ts';
import { copyMarkerKey, readMarker, writeMarker, type CopyMarker } from './copy-marker.ts';
import type { CopyOptions } from './copy-options.ts';
import { proveEqual, type CopyProof } from './copy-proof.ts';
import { indexStateKey, indexStatePrefix, writeIndexState } from './index-state.ts';
import { replayOf } from './replay.ts';
import { CommitRefused } from './store.ts';

/** The copy cannot begin or go on; nothing was written. The message says what to do. */
export class CopyRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CopyRefused';
  }
}

/**
 * Moves everything a store holds into an empty one, with every number it has: versions and their positions, the
 * audit chain, revisions. Each batch leaves its place in the target, so that a copy that was ended, however it was,
 * goes on from there. At the end both are read anew and compared; until they are equal the target is no
 * store that a server opens.
 *
 * The index is made from the bodies by the search parameters of this process. Throws `CopyRefused`.
 */
export async function copyStore(options: CopyOptions): Promise<CopyProof> {
  const { source, target } = options;
  const counters = await source.archive.counters();
  let marker = await beginning(options, counters);
  for (const section of archiveSections.slice(archiveSections.indexOf(marker.section))) {
    if (section !== marker.section) marker = atBeginning(marker, section);
    marker = await copySection(options, counters, marker);
  }
  const proof = await proveEqual(options, isCopied);
  const now = await source.archive.counters();
  if (now.seq !== counters.seq) {
    throw new CopyRefused(
      'The source was written to meanwhile; stop its servers, empty the target, and begin anew',
    );
  }
  if (proof.equal) await target.archive.replay([await lastCommit(options, counters)]);
  return proof;
}

/** Where an earlier run left off, or the start; refused where the target holds anything else. */
async function beginning(
  { source, target, sourceName }: CopyOptions,
  { seq }: ArchiveCounters,
): Promise<CopyMarker> {
  if ((await readMarker(source)) !== undefined) {
    throw new CopyRefused('The source is itself a copy that is not finished');
  }
  const marker = await readMarker(target);
  if (marker === undefined) {
    if (await isEmpty(target))
      return { source: sourceName, seq, section: 'version', done: 0, batch: 0 };
    throw new CopyRefused('The target is not empty; a copy needs an empty one');
  }
  if (marker.source !== sourceName) {
    throw new CopyRefused(`The target holds a part of ${marker.source}; copy that, or empty it`);
  }
  if (marker.seq !== seq) {
    throw new CopyRefused(
      'The source was written to since the copy began; empty the target and begin anew',
    );
  }
  return marker;
}

async function isEmpty({ archive }: ArchivedStore): Promise<boolean> {
  for (const section of archiveSections) {
    const { records } = await archive.export(section, undefined, 1);
    if (records.length > 0) return false;
  }
  return true;
}

/** Batch by batch, each with the place it ends at; gives the place after the last one. */
async function copySection(
  options: CopyOptions,
  counters: ArchiveCounters,
  from: CopyMarker,
): Promise<CopyMarker> {
  const { source, target, extract, onProgress = () => undefined } = options;
  const total = from.section === 'version' ? { total: counters.position } : {};
  let marker = from;
  let limit = 1;
  for (let more = marker.ended !== true; more;) {
    const page = await source.archive.export(marker.section, marker.after, limit);
    marker = markerAfter(marker, page);
    const records = page.records.filter(isCopied);
    await writeBatch(target, marker, (seq) => replayOf(records, { extract, seq }));
    onProgress({ section: marker.section, done: marker.done, ...total });
    limit = nextLimit(page.records);
    more = page.next !== undefined;
  }
  return marker;
}

function markerAfter(
  { after: _, ...marker }: CopyMarker,
  { records, next }: ArchivePage,
): CopyMarker {
  return {
    ...marker,
    batch: marker.batch + 1,
    done: marker.done + records.length,
    ...(next === undefined ? { ended: true } : { after: next }),
  };
}

function atBeginning({ source, seq, batch }: CopyMarker, section: ArchiveSection): CopyMarker {
  return { source, seq, batch, section, done: 0 };
}

/**
 * Writes a batch and the place it ends at. Its number is below those of all commits: what is named by numbers must be
 * unique among the batches. The mark must be that of the batch before: of two copies at work only one goes on.
 */
async function writeBatch(
  { archive }: ArchivedStore,
  marker: CopyMarker,
  commits: (seq: number) => readonly ReplayedCommit[],
): Promise<void> {
  const seq = -marker.batch;
  const value = writeMarker(marker);
  const mark = { key: copyMarkerKey, value, expectRevision: seq + 1 };
  try {
    await archive.replay([...commits(seq), { ...bare, seq, state: [mark] }]);
  } catch (error) {
    if (!(error instanceof CommitRefused)) throw error;
    throw new CopyRefused(
      'Something else writes to the target; stop it, empty the target, and begin anew',
    );
  }
}

const bare = { now: new Date(0), origin: 'copy', changes: [] } as const;

/** As many records as fit into one batch, if they are like the last ones. */
function nextLimit(records: readonly ArchiveRecord[]): number {
  const bytes = records.reduce((sum, record) => sum + bytesOf(record), 0);
  const fitting = Math.floor((limits.copyBatchBytes * records.length) / Math.max(1, bytes));
  // No more than a few times the last ones, which may have been small by chance.
  return Math.max(1, Math.min(fitting, limits.copyBatchRecords, records.length * 8));
}

function bytesOf(record: ArchiveRecord): number {
  switch (record.section) {
    case 'version':
      return record.version.body.length;
    case 'source':
      return record.view.view.length;
    case 'journal':
      return record.entry.bytes.byteLength + (record.entry.report?.length ?? 0);
    case 'job':
      return record.job.payload.length;
    case 'audit':
      return record.row.event.length;
    case 'state':
      return record.entry.value.length;
    case 'claim':
      return 0;
  }
}

/** What is said of the index is said anew by the target, whose index is new; and the mark goes when all is done. */
function isCopied(record: ArchiveRecord): boolean {
  if (record.section !== 'state') return true;
  const { key } = record.entry;
  return key !== copyMarkerKey && !key.startsWith(indexStatePrefix);
}

/** With it the target is a store: the mark is gone, the index is said to be sound, and `seq` goes on from the source's. */
async function lastCommit(
  { source, parametersOf }: CopyOptions,
  { seq }: ArchiveCounters,
): Promise<ReplayedCommit> {
  const types = [...(await source.counts()).keys()];
  const sound = types.map((type) => ({
    key: indexStateKey(type),
    value: writeIndexState({ sound: parametersOf(type) }),
  }));
  return { ...bare, seq, state: [{ key: copyMarkerKey }, ...sound] };
}
