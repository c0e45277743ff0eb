import type { FastifyInstance } from 'fastify';
import type { CodeList } from '../feed/code-worklist.ts';
import { fail } from '../fhir/issue.ts';
import { limits } from '../limits.ts';
import { accessBy, answerMisuse, callerOf } from './message-caller.ts';
import type { CallerOptions } from './message-caller.ts';

export interface CodeRoutesOptions extends CallerOptions {
  readonly codes: (asked: { readonly feed?: string; readonly count: number }) => Promise<CodeList>;
}

const answering = { errorHandler: answerMisuse };
/** Messages that are read through where nobody says how many. */
const countByDefault = 500;

/** `GET /api/codes?feed=&count=`: codes that are still open; `count` messages are read through for those of no table. */
export function codeRoutes(app: FastifyInstance, options: CodeRoutesOptions): void {
  app.get<{ Querystring: { feed?: string; count?: string } }>(
    '/api/codes',
    answering,
    async (request, reply) => {
      const principal = await callerOf(request, options);
      const { feed = '', count } = request.query;
      const asked = { count: messagesOf(count), ...(feed === '' ? {} : { feed }) };
      const list = await options.codes(asked);
      const access = accessBy(principal, request, options);
      await options.recordAccess({ ...access, interaction: 'search-type', patients: [] });
      void reply.header('cache-control', 'no-store');
      return list;
    },
  );
}

function messagesOf(given: string | undefined): number {
  if (given === undefined) return countByDefault;
  const most = limits.codeMessagesMax;
  if (!/^[1-9]\d{0,5}$/.test(given) || Number(given) > most) {
    fail('value', `count is a number of messages, at most ${String(most)}`);
  }
  return Number(given);
}
