import { fail } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import type { StoredVersion } from '../../store/store.ts';
import type { HeldWork } from '../background/held-work.ts';
import { partKey } from '../background/work.ts';
import type { RestContext } from '../call.ts';
import type { ExportFile, ExportPosition, ExportTask } from './export-task.ts';
import { selection } from './selection.ts';
import type { Selects } from './selection.ts';
import { snapshot } from './snapshot.ts';

/**
 * Carries an export out: goes through the data as it was at the start, counts what belongs to it, and divides it into
 * files. Nothing is copied: a file is the stretch of the change feed that it is made from when it is fetched. What has
 * been counted is saved with every few pages, so that a restart goes on from there.
 */
export async function runExport(context: RestContext, held: HeldWork): Promise<void> {
  const { work } = held;
  const task = work.task as ExportTask;
  const selects = await selection(context, work);
  const start =
    (work.position as ExportPosition | undefined) ?? (await beginning(context, work.id));
  const tally = new Tally(task, start);
  const types = new Set(task.types);
  const stretch = {
    seq: start.seq,
    types,
    since: task.since ?? 0,
    after: start.after,
    to: Infinity,
  };
  let pages = 0;
  for await (const { found, position } of snapshot(context.store, stretch)) {
    for (const one of found)
      tally.count(one.position, await kindOf(context, task, one.version, selects));
    tally.after = position;
    if (held.stopping.aborted) return;
    pages += 1;
    if (pages % pagesPerSave === 0) await held.save(tally.progress());
  }
  await held.save({ ...tally.progress(), status: 'done', holder: '', progress: 'Done' });
}

const pagesPerSave = 100;

/** The commit that took the export on is where its snapshot stands. */
async function beginning({ store }: RestContext, id: string): Promise<ExportPosition> {
  const entry = await store.state(partKey(id, 'start'));
  if (entry === undefined) fail('gone', 'The export has expired');
  return { seq: entry.revision, after: 0, files: [], deleted: 0 };
}

/** The type whose file the version goes into, `deleted`, or undefined where it is no part of the export. */
async function kindOf(
  context: RestContext,
  task: ExportTask,
  version: StoredVersion,
  selects: Selects,
): Promise<string | undefined> {
  if (!version.deleted) return selects(version, true) ? version.type : undefined;
  return (await isToldDeleted(context, task, version, selects)) ? 'deleted' : undefined;
}

/** Whether a deletion is told: only beside `_since`, and only of what the export would have shown before. */
export async function isToldDeleted(
  { store }: RestContext,
  task: ExportTask,
  { type, id, versionId }: StoredVersion,
  selects: Selects,
): Promise<boolean> {
  if (task.since === undefined) return false;
  const before = await store.readVersion(type, id, String(Number(versionId) - 1));
  return before !== undefined && !before.deleted && selects(before, false);
}

/** Counts, and closes a file when it is full. */
class Tally {
  after: number;
  readonly #seq: number;
  readonly #files: Map<string, ExportFile[]>;
  readonly #types: readonly string[];
  #deleted: number;
  #counted = 0;

  constructor({ types }: ExportTask, { seq, after, files, deleted }: ExportPosition) {
    this.after = after;
    this.#seq = seq;
    this.#types = types;
    this.#deleted = deleted;
    this.#files = new Map();
    for (const file of files) {
      this.#filesOf(file.type).push(file);
      this.#counted += file.count;
    }
  }

  count(position: number, kind: string | undefined): void {
    if (kind === undefined) return;
    if (kind === 'deleted') {
      this.#deleted += 1;
      return;
    }
    this.#counted += 1;
    const files = this.#filesOf(kind);
    const last = files.at(-1);
    if (last === undefined || last.count >= limits.exportFileResources) {
      files.push({ type: kind, after: position - 1, to: position, count: 1 });
    } else {
      files[files.length - 1] = { ...last, to: position, count: last.count + 1 };
    }
  }

  progress(): { readonly position: ExportPosition; readonly progress: string } {
    const files = this.#types.flatMap((type) => this.#files.get(type) ?? []);
    return {
      position: { seq: this.#seq, after: this.after, files, deleted: this.#deleted },
      progress: `${this.#counted} resources found`,
    };
  }

  #filesOf(type: string): ExportFile[] {
    const files = this.#files.get(type) ?? [];
    this.#files.set(type, files);
    return files;
  }
}
