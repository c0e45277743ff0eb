import { setImmediate } from 'node:timers/promises';
import { errorIssue } from '../../fhir/issue.ts';
import type { Json } from '../../fhir/resource.ts';
import { limits } from '../../limits.ts';
import { bundleText } from '../bundle/bundle-text.ts';
import { requestBundle, requestEntry } from '../bundle/entry.ts';
import { entryOf, failedEntry } from '../bundle/response.ts';
import { placedAt } from '../bundle/step.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { issuesOf } from '../failure.ts';
import { parsePrefer } from '../prefer.ts';
import { transaction } from './transaction.ts';

/** `POST [base]` with a Bundle: http://hl7.org/fhir/R4/http.html#transaction. */
export async function bundle(context: RestContext, call: Call): Promise<Answer> {
  const { type, entries } = requestBundle(call);
  return type === 'batch' ? batch(context, call, entries) : transaction(context, call, entries);
}

/**
 * Each entry by itself, whatever becomes of the others, a few at a time; they must not depend on each
 * other. The answer is 200, its entries in the order of the requests.
 */
async function batch(context: RestContext, call: Call, entries: readonly Json[]): Promise<Answer> {
  const answers: string[] = [];
  let chars = 0;
  for (let start = 0; start < entries.length; start += limits.batchParallelMax) {
    const some = entries.slice(start, start + limits.batchParallelMax);
    const isFull = chars > limits.bundleAnswerChars;
    const part = some.map(async (entry, i) =>
      isFull ? unanswered(start + i) : batchEntry(context, call, entry, start + i),
    );
    for (const answer of await Promise.all(part)) {
      answers.push(answer);
      chars += answer.length;
    }
    // Reads may be answered without any wait; others have their turn between them.
    await setImmediate();
  }
  return { status: 200, body: bundleText({ type: 'batch-response', entries: answers }) };
}

/** An entry that is not performed, since the answers before it are too long already. */
function unanswered(position: number): string {
  const full = `The answers to a Bundle may have ${limits.bundleAnswerChars} characters`;
  const expression = [`Bundle.entry[${position}]`];
  return failedEntry([errorIssue('limit', `${full} (bundleAnswerChars)`, { expression })]);
}

async function batchEntry(
  context: RestContext,
  call: Call,
  json: Json,
  position: number,
): Promise<string> {
  try {
    const { method, path, params, headers, resource } = requestEntry(json, position, call);
    const { principal, requestId } = call;
    const body = resource === undefined ? {} : { body: resource };
    const entry = { principal, requestId, method, path, params, headers, ...body };
    return await entryOf(context, entry, parsePrefer(call.headers['prefer']).return);
  } catch (error) {
    return failedEntry(issuesOf(placedAt(error, position), context.log, call.requestId));
  }
}
