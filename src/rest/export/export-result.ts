import { fail } from '../../fhir/issue.ts';
import type { StoredVersion } from '../../store/store.ts';
import { allowed } from '../../security/policy.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { accessOf } from '../trace.ts';
import { ownWork } from '../background/status.ts';
import type { Work } from '../background/work.ts';
import { subsetText } from '../subset.ts';
import { isToldDeleted } from './export-run.ts';
import type { ExportFile, ExportPosition, ExportTask } from './export-task.ts';
import { selection } from './selection.ts';
import { snapshot } from './snapshot.ts';

/** The manifest of a finished export. */
export function exportManifest({ baseUrl }: RestContext, work: Work): Answer {
  const { files, deleted } = work.position as ExportPosition;
  const address = (name: string): string => `${baseUrl}/$export-file/${work.id}/${name}`;
  const manifest = {
    transactionTime: new Date(work.startedAt).toISOString(),
    request: work.request,
    requiresAccessToken: true,
    output: namedFiles(files).map(({ name, file }) => {
      return { type: file.type, url: address(name), count: file.count };
    }),
    deleted:
      deleted === 0 ? [] : [{ type: 'Bundle', url: address('deleted.ndjson'), count: deleted }],
    error: [],
  };
  return {
    status: 200,
    raw: { contentType: 'application/json', bytes: Buffer.from(JSON.stringify(manifest)) },
  };
}

/** `GET $export-file/id/name`: the file is made while it is sent, from the data as it was at the start. */
export async function exportFile(context: RestContext, call: Call): Promise<Answer> {
  const work = await ownWork(context, call, 'export');
  if (work.status !== 'done') fail('not-found', 'The export is not finished');
  const task = work.task as ExportTask;
  const { files, deleted } = work.position as ExportPosition;
  const named = namedFiles(files).find(({ name }) => name === call.at.file);
  const isDeletions = deleted > 0 && call.at.file === 'deleted.ndjson';
  if (named === undefined && !isDeletions) fail('not-found', 'The export has no such file');
  for (const type of named === undefined ? task.types : [named.file.type]) {
    // What the caller's role has lost since.
    if (!allowed(call.principal, 'search-type', type)) fail('forbidden', `No access to ${type}`);
  }
  const text =
    named === undefined ? deletions(context, work) : resources(context, call, work, named.file);
  return { status: 200, stream: { contentType: 'application/fhir+ndjson', text } };
}

function namedFiles(files: readonly ExportFile[]) {
  const numbers = new Map<string, number>();
  return files.map((file) => {
    const number = (numbers.get(file.type) ?? 0) + 1;
    numbers.set(file.type, number);
    return { name: `${file.type}.${number}.ndjson`, file };
  });
}

async function* resources(
  context: RestContext,
  call: Call,
  work: Work,
  { type, after, to }: ExportFile,
): AsyncGenerator<string> {
  const task = work.task as ExportTask;
  const { seq } = work.position as ExportPosition;
  const selects = await selection(context, work);
  const elements = elementsOf(task, type);
  const stretch = { seq, types: new Set([type]), since: task.since ?? 0, after, to };
  for await (const { found } of snapshot(context.store, stretch)) {
    const shown = found
      .map(({ version }) => version)
      .filter((version) => !version.deleted && selects(version, true));
    if (shown.length === 0) continue;
    await context.recordAccess(accessOf(context, call, { interaction: 'export', shown }));
    yield lines(shown.map(({ body }) => subsetText(body, elements)));
  }
}

/** One transaction Bundle per page, as the guide has it. */
async function* deletions(context: RestContext, work: Work): AsyncGenerator<string> {
  const task = work.task as ExportTask;
  const { seq } = work.position as ExportPosition;
  const selects = await selection(context, work);
  const types = new Set(task.types);
  const stretch = { seq, types, since: task.since ?? 0, after: 0, to: Infinity };
  for await (const { found } of snapshot(context.store, stretch)) {
    const told: string[] = [];
    for (const { version } of found) {
      if (!version.deleted || !(await isToldDeleted(context, task, version, selects))) continue;
      told.push(deletionBundle(version));
    }
    if (told.length > 0) yield lines(told);
  }
}

function deletionBundle({ type, id }: StoredVersion): string {
  const entry = [{ request: { method: 'DELETE', url: `${type}/${id}` } }];
  return JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry });
}

/** Those of this type, and those that name no type; where there are none the resource is shown whole. */
function elementsOf({ elements }: ExportTask, type: string): { readonly elements?: string[] } {
  const own = elements.filter((name) => !name.includes('.') || name.startsWith(`${type}.`));
  return own.length === 0 ? {} : { elements: own };
}

/** Stored bodies have no line break in them. */
function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
