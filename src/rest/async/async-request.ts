/**
 * `Prefer: respond-async` on a read, search, batch or transaction (http://hl7.org/fhir/R4/async.html, with the answer
 * of R5's async-bundle): 202 and an address; there, when it is done, a batch-response Bundle with one entry.
 */
import { errorIssue, OutcomeError } from '../../fhir/issue.ts';
import type { Store } from '../../store/store.ts';
import { authorize, checkPlace } from '../authorize.ts';
import { WorkLost } from '../background/held-work.ts';
import type { HeldWork } from '../background/held-work.ts';
import { accepted } from '../background/status.ts';
import { cutText, joinText } from '../background/text-parts.ts';
import { partKey } from '../background/work.ts';
import type { Work } from '../background/work.ts';
import { bundleText } from '../bundle/bundle-text.ts';
import { requestBundle } from '../bundle/entry.ts';
import { failedEntry, responseEntry } from '../bundle/response.ts';
import type { Answer, Call, Params, RestContext, Route } from '../call.ts';
import { issuesOf } from '../failure.ts';
import { fhirJson } from '../negotiate.ts';
import { isAsync } from '../prefer.ts';
import { perform } from '../take.ts';

interface AsyncTask {
  readonly method: string;
  readonly path: string;
  readonly params: Params;
  readonly headers: Call['headers'];
  /** Pieces of the body. */
  readonly bodyParts: number;
}

/** Whether a call is one that may be answered later, and its caller wants that. */
export function goesBackground(route: Route, { headers }: Call): boolean {
  if (!isAsync(headers['prefer']) || route.background === true || route.open === true) return false;
  return route.reads === true || route.interaction === 'batch';
}

/** Takes the call on, to be carried out later; what can be refused at once is. */
export async function takeAsync(context: RestContext, route: Route, call: Call): Promise<Answer> {
  checkPlace(call.at);
  authorize(call.principal, route.interaction, call.at);
  if (route.interaction === 'batch') requestBundle(call);
  const { method, path, params } = call;
  const parts = cutText('body', typeof call.body === 'string' ? call.body : '');
  const task: AsyncTask = {
    method,
    path,
    params,
    headers: keptHeaders(call.headers),
    bodyParts: parts.length,
  };
  const { interaction } = route;
  const work = await context.background.take(call, { kind: 'async', interaction, task, parts });
  return accepted(context, work);
}

/** What bears on the answer. Without Accept a Binary comes as a resource. */
function keptHeaders(headers: Call['headers']): Call['headers'] {
  const kept = ['if-none-match', 'if-modified-since', 'content-type'].flatMap((name) => {
    return headers[name] === undefined ? [] : [[name, headers[name]] as const];
  });
  const prefer = (headers['prefer'] ?? '').replace(/(^|[,;])\s*respond-async\b[^,;]*/gi, '');
  return { ...Object.fromEntries(kept), prefer };
}

/**
 * Carries the call out. Whatever it writes is marked in the same commit: after a restart a call without a mark is
 * carried out from the beginning, one with a mark is not repeated, and its answer says so.
 */
export async function runAsync(context: RestContext, held: HeldWork): Promise<void> {
  const { work } = held;
  await held.save({ progress: 'Under way' });
  const mark = partKey(work.id, 'written');
  const hasWritten = (await context.store.state(mark)) !== undefined;
  const entry = hasWritten ? failedEntry([interrupted]) : await carriedOut(context, held, mark);
  const parts = cutText('result', bundleText({ type: 'batch-response', entries: [entry] }));
  for (const [name, value] of parts) {
    await held.save({}, { state: [{ key: partKey(work.id, name), value }] });
  }
  const result = { parts: parts.length };
  await held.save({ status: 'done', holder: '', progress: 'Done', result });
}

const interrupted = errorIssue(
  'interrupted',
  'The server stopped while this was carried out; what it had written by then stands: look before you send it again',
);

async function carriedOut(context: RestContext, held: HeldWork, mark: string): Promise<string> {
  const { work } = held;
  const { method, path, params, headers, bodyParts } = work.task as AsyncTask;
  const { owner: principal, requestId } = work;
  const pieces = joinText(context.store, work.id, { name: 'body', count: bodyParts });
  let body = '';
  for await (const piece of pieces) body += piece;
  const lost = new AbortController();
  const call = { principal, requestId, method, path, params, headers, body, ended: lost.signal };
  const marking = markingContext(context, held, { key: mark, lost });
  try {
    const answer = await perform(marking, call);
    return responseEntry(context.baseUrl, answer, 'representation');
  } catch (error) {
    return failedEntry(issuesOf(error, context.log, requestId));
  }
}

/**
 * The same context, but that each commit with changes leaves a mark, and is refused where the work was cancelled or
 * another process has it: then nothing more is done.
 */
function markingContext(
  context: RestContext,
  held: HeldWork,
  { key, lost }: { readonly key: string; readonly lost: AbortController },
): RestContext {
  const { store } = context;
  const commit: Store['commit'] = async (work) => {
    if (work.changes.length === 0) return store.commit(work);
    try {
      return await held.commit({ ...work, state: [...(work.state ?? []), { key, value: '' }] });
    } catch (error) {
      if (!(error instanceof WorkLost)) throw error;
      lost.abort(new OutcomeError([interrupted], { cause: error }));
      throw lost.signal.reason;
    }
  };
  const marking: RestContext = {
    ...context,
    store: { ...store, commit },
    perform: (call) => perform(marking, call),
  };
  return marking;
}

/** The Bundle of a finished call. */
export function asyncResult({ store }: RestContext, work: Work): Answer {
  const { parts } = work.result as { readonly parts: number };
  const text = joinText(store, work.id, { name: 'result', count: parts });
  return { status: 200, stream: { contentType: fhirJson, text } };
}
