import { setImmediate } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import { errorIssue, OutcomeError } from '../fhir/issue.ts';
import type { Call } from './call.ts';

/**
 * Aborts when work on a call is of no use any more: its client is gone, or it has taken its time. The reason is an
 * OutcomeError.
 */
export function callEnd(reply: FastifyReply, timeoutMs: number): AbortSignal {
  const end = new AbortController();
  const over = (diagnostics: string): void => {
    end.abort(new OutcomeError([errorIssue('timeout', diagnostics)]));
  };
  const time = `The Bundle took longer than ${String(timeoutMs)} ms (bundleTimeoutMs)`;
  const timer = setTimeout(() => {
    over(`${time}; send fewer entries, or Prefer: respond-async`);
  }, timeoutMs);
  reply.raw.once('close', () => {
    clearTimeout(timer);
    if (!reply.raw.writableFinished) over('The client went away; the rest was not carried out');
  });
  return end.signal;
}

/** Lets other calls have their turn. Throws the reason where the call is over. */
export async function takeTurn({ ended }: Pick<Call, 'ended'>): Promise<void> {
  await setImmediate();
  ended?.throwIfAborted();
}
