import { setImmediate } from 'node:timers/promises';
import { errorIssue, OutcomeError } from '../../fhir/issue.ts';
import type { Json } from '../../fhir/resource.ts';
import { limits } from '../../limits.ts';
import { bundleText } from '../bundle/bundle-text.ts';
import { entryCall, requestBundle, requestEntry } from '../bundle/entry.ts';
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
    const stop = reasonToStop(call, chars);
    const part = some.map(async (entry, i) => {
      const position = start + i;
      if (stop !== undefined) return notPerformed(context, call, placedAt(stop, position));
      return batchEntry(context, call, entry, position);
    });
    for (const answer of await Promise.all(part)) {
      answers.push(answer);
      chars += answer.length;
    }
    // Reads may be answered without any wait; others have their turn between them.
    await setImmediate();
  }
  return { status: 200, body: bundleText({ type: 'batch-response', entries: answers }) };
}

/**
 * Why the entries that are left are not performed: the answers before them are too long already, the time is over, or
 * nobody is there to be answered.
 */
function reasonToStop({ ended }: Call, chars: number): unknown {
  if (ended?.aborted === true) return ended.reason;
  if (chars <= limits.bundleAnswerChars) return undefined;
  const full = `The answers to a Bundle may have ${limits.bundleAnswerChars} characters`;
  return new OutcomeError([errorIssue('limit', `${full} (bundleAnswerChars)`)]);
}

function notPerformed(context: RestContext, call: Call, reason: unknown): string {
  return failedEntry(issuesOf(reason, context.log, call.requestId));
}

async function batchEntry(
  context: RestContext,
  call: Call,
  json: Json,
  position: number,
): Promise<string> {
  try {
    const entry = entryCall(call, requestEntry(context, call, { entry: json, position }));
    return await entryOf(context, entry, parsePrefer(call.headers['prefer']).return);
  } catch (error) {
    return notPerformed(context, call, placedAt(error, position));
  }
}
