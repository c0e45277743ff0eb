import { destination, pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

export type Log = Logger;

/**
 * The log: JSON lines on stderr. No patient data: callers log ids, positions and codes; bodies, names and
 * credentials that slip into an object are cut out here by name as a second line of defence.
 */
export function openLog(level: string, out: DestinationStream = stderr()): Log {
  return pino(
    {
      level,
      base: null,
      redact: {
        paths: [
          '*.authorization',
          '*.cookie',
          '*.password',
          '*.body',
          '*.bytes',
          '*.raw',
          '*.view',
        ],
        remove: true,
      },
      serializers: { req: requestLine, err: faultLine },
    },
    out,
  );
}

function stderr(): DestinationStream {
  return destination({ dest: 2, sync: false });
}

/** Method and path without the query: a query may hold a name or a number of a patient. */
function requestLine(request: { method?: string; url?: string; id?: unknown }): object {
  return { id: request.id, method: request.method, path: request.url?.split('?')[0] };
}

function faultLine(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: faultLine(error.cause) }),
  };
}
