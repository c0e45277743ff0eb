import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { stringify } from '../fhir/json.ts';
import type { JsonObject } from '../fhir/resource.ts';
import { toXml } from '../fhir/xml/write.ts';
import { OutcomeError } from '../fhir/issue.ts';
import type { Issue } from '../fhir/issue.ts';
import { issueRow } from '../fhir/issue-table.ts';
import { statusOf, toOperationOutcome } from '../fhir/outcome.ts';
import type { Answer, Call } from './call.ts';
import { jsonOf } from './body.ts';
import { etagOf } from './etag.ts';
import { negotiate, plainJson } from './negotiate.ts';
import type { Format } from './negotiate.ts';
import { parsePrefer } from './prefer.ts';
import { prettyJson } from './pretty.ts';

/** Puts an answer on the wire: http://hl7.org/fhir/R4/http.html#versions for the headers. */
export function respond(
  reply: FastifyReply,
  baseUrl: string,
  call: Call,
  answer: Answer,
): FastifyReply {
  versionHeaders(reply, baseUrl, answer);
  for (const [name, value] of Object.entries(answer.headers ?? {})) void reply.header(name, value);
  if (answer.stream !== undefined) {
    const { contentType, text } = answer.stream;
    const stream = text instanceof Readable ? text : Readable.from(text);
    return reply.status(answer.status).type(contentType).send(stream);
  }
  if (answer.raw !== undefined) {
    return reply.status(answer.status).type(answer.raw.contentType).send(answer.raw.bytes);
  }
  const format = negotiate(call.params, call.headers['accept']);
  const body = wantedBody(call, answer);
  if (body === undefined) {
    return reply.status(answer.status).send();
  }
  const status = answer.status === 204 ? 200 : answer.status;
  // What was written stays written, whether or not XML can show it.
  const shown = answer.written === true ? textOrNothing(body, format) : textOf(body, format);
  if (shown === undefined) return reply.status(status).send();
  return send(reply, status, shown, format);
}

/** Answers with an OperationOutcome and the status that its issues ask for. */
export function refuse(
  reply: FastifyReply,
  issues: readonly [Issue, ...Issue[]],
  format: Format = plainJson,
): FastifyReply {
  const status = statusOf(issues);
  if (status === 401) void reply.header('www-authenticate', 'Bearer realm="weir"');
  if (issueRow(issues[0].code).retryable && status !== 409) void reply.header('retry-after', '1');
  const body = stringify(toOperationOutcome(issues));
  const shown = textOrNothing(body, format);
  if (shown === undefined) return send(reply, status, body, plainJson);
  return send(reply, status, shown, format);
}

/** Undefined where the format cannot carry it. */
function textOrNothing(body: string, format: Format): string | undefined {
  try {
    return textOf(body, format);
  } catch (error) {
    if (error instanceof OutcomeError) return undefined;
    throw error;
  }
}

function send(reply: FastifyReply, status: number, text: string, format: Format): FastifyReply {
  return reply.status(status).header('content-type', format.contentType).send(text);
}

/** Stored text goes out as it is, unless another form is asked for. */
function textOf(body: string, { xml, pretty }: Format): string {
  if (xml) return toXml(jsonOf(body) as JsonObject, pretty);
  return pretty ? prettyJson(body) : body;
}

function versionHeaders(reply: FastifyReply, baseUrl: string, answer: Answer): void {
  const { version, etag, written, created } = answer;
  if (etag !== undefined) void reply.header('etag', etag);
  if (version === undefined || version.seq === 0) return;
  void reply.header('etag', etagOf(version.versionId));
  void reply.header('last-modified', version.lastUpdated.toUTCString());
  const address = `${baseUrl}/${version.type}/${version.id}/_history/${version.versionId}`;
  if (written === true && !version.deleted) {
    void reply.header(created === true ? 'location' : 'content-location', address);
  }
}

/** Prefer chooses what a write shows; whatever else has a body shows it. */
function wantedBody(call: Call, answer: Answer): string | undefined {
  const wanted = parsePrefer(call.headers['prefer']).return;
  const isWrite = answer.written === true || answer.status === 204;
  if (!isWrite) return answer.body;
  if (wanted === 'OperationOutcome') return stringify(toOperationOutcome(answer.issues ?? []));
  return wanted === 'minimal' || answer.status === 204 ? undefined : answer.version?.body;
}
