import { fail } from '../../fhir/issue.ts';
import { ownWork } from '../background/status.ts';
import { joinText } from '../background/text-parts.ts';
import type { Work } from '../background/work.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { ndjson } from '../media.ts';
import type { ImportPosition } from './import-task.ts';

/** What a finished import came to; the lines that were not taken are in a file of OperationOutcomes. */
export function importManifest({ baseUrl }: RestContext, work: Work): Answer {
  const { written, faults } = work.position as ImportPosition;
  const url = `${baseUrl}/$import-file/${work.id}/${faultFile}`;
  const manifest = {
    transactionTime: new Date(work.startedAt).toISOString(),
    request: work.request,
    requiresAccessToken: true,
    output: Object.entries(written).map(([type, count]) => ({ type, count })),
    error: faults === 0 ? [] : [{ type: 'OperationOutcome', url, count: faults }],
  };
  return {
    status: 200,
    raw: { contentType: 'application/json', bytes: Buffer.from(JSON.stringify(manifest)) },
  };
}

const faultFile = 'OperationOutcome.1.ndjson';

/** `GET $import-file/id/name`. */
export async function importFile(context: RestContext, call: Call): Promise<Answer> {
  const work = await ownWork(context, call, 'import');
  const position = work.position as ImportPosition | undefined;
  if (work.status !== 'done' || call.at.file !== faultFile || position?.faults === 0) {
    fail('not-found', 'The import has no such file');
  }
  const count = position?.faultParts ?? 0;
  const text = joinText(context.store, work.id, { name: 'faults', count });
  return { status: 200, stream: { contentType: ndjson, text } };
}
