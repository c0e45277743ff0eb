import autocannon from 'autocannon';
import { quantile } from '../store/sample.ts';
import type { BenchServer } from './server.ts';
import type { ShapeRequest } from './shapes.ts';

/** What calls of one kind came to. */
export interface CallFigures {
  readonly connections: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than 2xx, and calls without an answer. */
  readonly failed: number;
}

/** So many connections, each with its next call as soon as the last is answered. */
export async function measureCalls(
  server: BenchServer,
  { connections, seconds }: { readonly connections: number; readonly seconds: number },
  next: () => ShapeRequest,
): Promise<CallFigures> {
  const { pathname } = new URL(server.base);
  const prefix = pathname === '/' ? '' : pathname;
  const times: number[] = [];
  let failed = 0;
  const options: autocannon.Options = {
    url: server.base,
    connections,
    duration: seconds,
    headers: server.headers,
    requests: [
      {
        setupRequest: (request) => {
          const { method, path, body } = next();
          const text = body === undefined ? {} : { body: JSON.stringify(body) };
          return { ...request, method, path: `${prefix}${path}`, ...text };
        },
      },
    ],
  };
  const { errors, duration } = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon(options, (error, result) => {
      if (error instanceof Error) reject(error);
      else resolve(result);
    });
    // Its own figures are whole milliseconds.
    run.on('response', (_client, status, _bytes, milliseconds) => {
      if (status >= 200 && status < 300) times.push(milliseconds);
      else failed += 1;
    });
  });
  return {
    connections,
    perSecond: times.length / duration,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    failed: failed + errors,
  };
}
