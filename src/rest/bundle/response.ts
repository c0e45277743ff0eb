import { STATUS_CODES } from 'node:http';
import type { Issue } from '../../fhir/issue.ts';
import { statusOf, toOperationOutcome } from '../../fhir/outcome.ts';
import { stringify } from '../../fhir/json.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { etagOf } from '../etag.ts';
import { issuesOf } from '../failure.ts';
import type { Preference } from '../prefer.ts';

/** The entry that answers a request of a batch or transaction, as JSON text. */
export function responseEntry(
  baseUrl: string,
  answer: Answer,
  wanted: Preference['return'],
): string {
  const { status, version, written, issues } = answer;
  const response = {
    status: statusLine(status),
    ...(version === undefined || version.seq === 0
      ? {}
      : {
          location: `${baseUrl}/${version.type}/${version.id}/_history/${version.versionId}`,
          etag: etagOf(version.versionId),
          lastModified: version.lastUpdated.toISOString(),
        }),
    ...(issues === undefined ? {} : { outcome: toOperationOutcome(issues) }),
  };
  const shown = answer.body ?? binaryText(answer.raw);
  const body = written === true && wanted === 'representation' ? version?.body : shown;
  const resource = body === undefined || body === '' ? '' : `"resource":${body},`;
  return `{${resource}"response":${stringify(response)}}`;
}

/** In a Bundle what is no FHIR comes as a Binary. */
function binaryText(raw: Answer['raw']): string | undefined {
  if (raw === undefined) return undefined;
  const data = Buffer.from(raw.bytes).toString('base64');
  const [contentType] = raw.contentType.split(';');
  return stringify({ resourceType: 'Binary', contentType, data });
}

/** Performs the request of an entry; a failure is the answer of that entry. */
export async function entryOf(
  context: RestContext,
  call: Omit<Call, 'at'>,
  wanted: Preference['return'],
): Promise<string> {
  try {
    return responseEntry(context.baseUrl, await context.perform(call), wanted);
  } catch (error) {
    return failedEntry(issuesOf(error, context.log, call.requestId));
  }
}

/** The entry of a request that failed. */
export function failedEntry(issues: readonly Issue[]): string {
  const response = { status: statusLine(statusOf(issues)), outcome: toOperationOutcome(issues) };
  return `{"response":${stringify(response)}}`;
}

function statusLine(status: number): string {
  return `${String(status)} ${STATUS_CODES[status] ?? ''}`.trim();
}
