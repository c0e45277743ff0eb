import type { Socket } from 'node:net';
import { LogController, fastify } from 'fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpPort } from './http-port.ts';
import { limits } from '../limits.ts';
import type { Log } from './log.ts';
import type { Metrics, Reindexing } from './metrics.ts';

export interface HttpOptions {
  readonly port: HttpPort;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly newId: () => string;
  /** Rejects with what is wrong; its sentence goes to the log, not to the caller. */
  readonly check: () => Promise<void>;
  /** Types that are being indexed anew: `/health` tells how far that is. */
  readonly reindexing: () => readonly Reindexing[];
  /** Whoever calls; the metrics are for anyone we know. */
  readonly callerOf: (request: FastifyRequest) => Promise<object | undefined>;
  /** Answers an error that no room answered itself. */
  readonly onFailure: FailureAnswer;
  /** Answers what Node's parser refuses; the socket is all that there is, and it must be ended. */
  readonly onBadHead: (error: Error & { readonly code?: string }, socket: Socket) => void;
  /** Answers what is refused before any room sees it: an address that cannot be read. */
  readonly onBadUrl: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => void;
}

type FailureAnswer = (
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<unknown>;

/** The HTTP server without its rooms: request ids, log, metrics, `/health` and `/metrics`. */
export function createHttp(options: HttpOptions): FastifyInstance {
  const { log, metrics, newId } = options;
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: newId,
    // What is logged of a request names its id itself; a logger for each would be made for nothing.
    childLoggerFactory: (logger) => logger,
    frameworkErrors: options.onBadUrl,
    clientErrorHandler: (error, socket) => options.onBadHead(error, socket),
    bodyLimit: limits.restBodyBytesMax,
    // FHIR bodies are checked by our own validation; ajv's defaults would change or drop what it does not know.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 256 },
    serverFactory: (handler) => {
      options.port.attach(handler);
      return options.port.server;
    },
  }) as unknown as FastifyInstance;

  app.setErrorHandler(options.onFailure);
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id);
  });

  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    const method = request.method;
    metrics.requests.inc({ method, route, status: String(reply.statusCode) });
    metrics.requestSeconds.observe({ method, route }, reply.elapsedTime / 1000);
    const { statusCode: status } = reply;
    if (status >= 500) log.warn({ id: request.id, method, route, status }, 'Answered with a fault');
  });

  app.get('/health', async (request, reply) => {
    void reply.header('cache-control', 'no-store');
    try {
      await options.check();
      const reindexing = options.reindexing().map(shareDone);
      return { status: 'ok', ...(reindexing.length === 0 ? {} : { reindexing }) };
    } catch (error) {
      log.error({ id: request.id, err: error }, 'The health check failed');
      return reply.status(503).send({ status: 'failing' });
    }
  });

  app.get('/metrics', async (request, reply) => {
    if ((await options.callerOf(request)) === undefined) {
      return reply.status(401).send({ message: 'No token' });
    }
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  return app;
}

/** No counts: anyone may ask, and how many people there are is nobody's business. */
function shareDone({ type, done, total }: Reindexing): { type: string; percent: number } {
  return { type, percent: total === 0 ? 0 : Math.min(100, Math.floor((100 * done) / total)) };
}
