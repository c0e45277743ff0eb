import type { IndexEntry } from '../fhir/search-ast.ts';
import type { IdentifiedResource } from '../fhir/resource.ts';
import { fail } from '../fhir/issue.ts';
import { parseJson } from '../fhir/json.ts';
import type { ArchivedVersion, ArchiveRecord, ReplayedChange, ReplayedCommit } from './archive.ts';
import { unstamp } from './stamp.ts';
import type { AuditRow } from './store.ts';

export interface ReplayOptions {
  /** The index entries of a current resource. */
  readonly extract: (resource: IdentifiedResource) => readonly IndexEntry[];
  /** The number of commits whose number is lost, since nothing tells it. */
  readonly seq: number;
}

/** Who or what wrote what has been consumed already. */
const forgottenOrigin = 'copy';

/** The commits that bring records of one section into another store, in their order. */
export function replayOf(
  records: readonly ArchiveRecord[],
  options: ReplayOptions,
): ReplayedCommit[] {
  const of = <Section extends ArchiveRecord['section']>(section: Section) =>
    records.filter((record) => record.section === section) as Extract<
      ArchiveRecord,
      { section: Section }
    >[];
  const rest = {
    claims: of('claim').map(({ key, owner }) => ({ key, owner })),
    sources: of('source').map(({ view }) => view),
    journal: of('journal').map(({ entry }) => entry),
    jobs: of('job').map(({ job }) => ({ op: 'put', job }) as const),
  };
  const isNeeded = Object.values(rest).some((effects) => effects.length > 0);
  return [
    ...versionCommits(
      of('version').map(({ version }) => version),
      options,
    ),
    ...(isNeeded ? [{ ...bare, seq: options.seq, ...rest }] : []),
    ...auditCommits(
      of('audit').map(({ row }) => row),
      options,
    ),
    ...of('state').map(({ entry: { key, value, revision } }) => ({
      ...bare,
      seq: revision,
      state: [{ key, value }],
    })),
  ];
}

const bare = { now: new Date(0), origin: forgottenOrigin, changes: [] } as const;

/** One commit for each run of versions that were one, with its outbox rows done that are done. */
function versionCommits(
  versions: readonly ArchivedVersion[],
  { extract }: ReplayOptions,
): ReplayedCommit[] {
  return runsOf(versions, isSameCommit).map((run) => {
    const [first] = run;
    const done = run.filter(({ pending }) => pending === undefined);
    return {
      seq: first.seq,
      position: first.position,
      now: first.lastUpdated,
      origin: run.find(({ pending }) => pending !== undefined)?.pending ?? forgottenOrigin,
      changes: run.map((version) => changeOf(version, extract)),
      outboxDone: done.map(({ position }) => ({ position })),
    };
  });
}

function isSameCommit(before: ArchivedVersion, next: ArchivedVersion): boolean {
  return next.seq === before.seq && next.position === before.position + 1;
}

function changeOf(version: ArchivedVersion, extract: ReplayOptions['extract']): ReplayedChange {
  const { type, id, body, versionId, lastUpdated, method } = version;
  if (method === 'DELETE') return { op: 'delete', type, id };
  const unstamped = unstamp(body, versionId, lastUpdated);
  if (unstamped === undefined) {
    return fail('exception', `${type}/${id}/_history/${versionId} does not bear its version`);
  }
  const index = version.current ? extract(readBody(version)) : [];
  return { op: 'put', type, id, body: unstamped, index };
}

function readBody({ type, id, body }: ArchivedVersion): IdentifiedResource {
  const { value } = parseJson(body);
  if (value === undefined) return fail('exception', `The body of ${type}/${id} is not JSON`);
  return value as unknown as IdentifiedResource;
}

/** Rows of one instant are one commit: the chain takes its time from there. */
function auditCommits(rows: readonly AuditRow[], { seq }: ReplayOptions): ReplayedCommit[] {
  const runs = runsOf(rows, (before, next) => before.at.getTime() === next.at.getTime());
  return runs.map((run) => ({
    ...bare,
    seq,
    now: run[0].at,
    audit: run.map(({ event }) => ({ event })),
  }));
}

type Run<Item> = [Item, ...Item[]];

function runsOf<Item>(
  items: readonly Item[],
  goOn: (before: Item, next: Item) => boolean,
): Run<Item>[] {
  const runs: Run<Item>[] = [];
  for (const item of items) {
    const run = runs.at(-1);
    const before = run?.at(-1);
    if (run !== undefined && before !== undefined && goOn(before, item)) run.push(item);
    else runs.push([item]);
  }
  return runs;
}
