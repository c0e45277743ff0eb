import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { limits } from '../limits.ts';

/** How long clients may take; the defaults are those of limits.ts. */
export interface ClientTimes {
  /** From a connection, or the end of an answer that another request follows, until the head is there. */
  readonly headTimeoutMs: number;
  /** Until the body is there too. */
  readonly requestTimeoutMs: number;
  /** Nothing of an answer was taken for so long. */
  readonly stallTimeoutMs: number;
  /** Until all of an answer that is ready was taken. */
  readonly answerTimeoutMs: number;
  /** How often this is looked at. */
  readonly checkMs: number;
}

export const clientTimes: ClientTimes = {
  headTimeoutMs: limits.httpHeadTimeoutMs,
  requestTimeoutMs: limits.httpRequestTimeoutMs,
  stallTimeoutMs: limits.httpStallTimeoutMs,
  answerTimeoutMs: limits.httpAnswerTimeoutMs,
  checkMs: limits.httpCheckMs,
};

/**
 * Cuts off clients that do not read: an answer waits in memory for them. (Those that do not send are cut off by Node's own
 * timeouts.) `takes` is asked with each request before it is answered: one that is of too many at once on its connection
 * ends that.
 */
export function cutOffSlowReaders(
  server: Server,
  { stallTimeoutMs, answerTimeoutMs, checkMs }: ClientTimes,
): { readonly takes: (request: IncomingMessage, response: ServerResponse) => boolean } {
  /** Responses that are not over, with how often they were found ready and not taken. */
  const open = new Map<ServerResponse, { readonly socket: Socket; times: number }>();
  const counts = new WeakMap<Socket, number>();
  const count = (socket: Socket, more: number): number => {
    const sum = (counts.get(socket) ?? 0) + more;
    counts.set(socket, sum);
    return sum;
  };
  // Fires where a socket was silent both ways. Work on an answer may take long; then nothing waits to be sent.
  server.setTimeout(stallTimeoutMs, (socket) => {
    if (socket.writableLength > 0 || count(socket, 0) === 0) socket.destroy();
  });
  const most = Math.ceil(answerTimeoutMs / checkMs);
  const timer = setInterval(() => {
    for (const [response, unread] of open) {
      if (!response.writableEnded || response.writableFinished) continue;
      unread.times += 1;
      if (unread.times > most) unread.socket.destroy();
    }
  }, checkMs).unref();
  server.once('close', () => clearInterval(timer));
  return {
    takes: ({ socket }, response) => {
      if (count(socket, 1) > limits.httpPipelinedMax) {
        socket.destroy();
        return false;
      }
      open.set(response, { socket, times: 0 });
      response.once('close', () => {
        open.delete(response);
        count(socket, -1);
      });
      return true;
    },
  };
}
