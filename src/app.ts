import { join } from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { flagName } from './config.ts';
import type { Config } from './config.ts';
import { start as startEngage } from './engage/start.ts';
import { startSubscriptions } from './engage/subscription/start.ts';
import type { ReaderDesk } from './feed/destination/change-reader.ts';
import { composer } from './feed/destination/compose.ts';
import { routerTo, type Router } from './feed/destination/router.ts';
import { standings } from './feed/destination/standing.ts';
import { startDestinations } from './feed/destination/start.ts';
import type { Destinations } from './feed/destination/start.ts';
import { describeMessage } from './feed/describe.ts';
import { indexEarlierMessages } from './feed/earlier-messages.ts';
import { explainMessage } from './feed/explain.ts';
import { takeBatches } from './feed/batch-frame.ts';
import { faultAnswer } from './feed/fault-answer.ts';
import { httpFeed } from './feed/http-feed.ts';
import { positionsOf } from './feed/message-fields.ts';
import { startMessageRuns } from './feed/message-run.ts';
import type { MessageRuns } from './feed/message-run.ts';
import { startMllpServer } from './feed/mllp-server.ts';
import { createProcessor } from './feed/process.ts';
import type { Pipeline, Processor } from './feed/process.ts';
import { createRetention } from './feed/retention.ts';
import type { Retention } from './feed/retention.ts';
import { createRework } from './feed/rework.ts';
import type { Rework } from './feed/rework.ts';
import { fail } from './fhir/issue.ts';
import { limits } from './limits.ts';
import { parseAddress } from './ops/address.ts';
import { createHttp } from './ops/http.ts';
import { openHttpPort } from './ops/http-port.ts';
import type { HttpPort } from './ops/http-port.ts';
import { createOutbound } from './ops/outbound.ts';
import type { Outbound } from './ops/outbound.ts';
import { uuidSource } from './ops/id.ts';
import { dataFile } from './ops/data-file.ts';
import type { Log } from './ops/log.ts';
import { createMetrics } from './ops/metrics.ts';
import type { Metrics } from './ops/metrics.ts';
import { parseCorsOrigins } from './rest/cors.ts';
import type { CorsOrigins } from './rest/cors.ts';
import { badHead, badUrl } from './rest/failure.ts';
import { fhirRest } from './rest/plugin.ts';
import { accessRecorder } from './security/access-recorder.ts';
import type { AccessRecorder } from './security/access-recorder.ts';
import { authenticate, credentialsOf } from './security/authenticate.ts';
import { loadKeys } from './security/keys.ts';
import type { Keys } from './security/keys.ts';
import { rememberTokens } from './security/known-tokens.ts';
import { requireSender } from './security/sender.ts';
import { openSite, type Site } from './site.ts';
import { refuseUnfinishedCopy } from './store/copy-marker.ts';
import { openMemoryStore } from './store/memory.ts';
import { isMongoUrl } from './store/mongodb/address.ts';
import { openSqliteStore } from './store/sqlite/open.ts';
import { registeredIndexing, startReindex } from './store/reindex.ts';
import type { Reindex } from './store/reindex.ts';
import type { Store } from './store/store.ts';
import { authRoutes } from './web/auth-routes.ts';
import { destinationRoutes } from './web/destination-routes.ts';
import { answerFailure } from './web/failure.ts';
import { messageRoutes } from './web/message-routes.ts';
import { messageWorkRoutes } from './web/message-work-routes.ts';
import { pages } from './web/pages.ts';

export interface App {
  /** `http://host:port` and `host:port`, as they listen. */
  readonly http: string;
  readonly mllp: string;
  readonly store: Store;
  readonly keys: Keys;
  /** Resolves when every message, event and due job taken so far is done. */
  idle(): Promise<void>;
  /** Takes nothing more, finishes what was taken, and closes the store. */
  close(): Promise<void>;
}

export interface AppOptions {
  readonly config: Config;
  readonly log: Log;
  readonly clock: () => Date;
  /** The folder of the program: mappings/, automations/, profiles/, dist/. */
  readonly root: string;
}

/** What the HTTP server is built from. */
interface Parts extends AppOptions {
  readonly store: Store;
  readonly keys: Keys;
  readonly newId: () => string;
  readonly audit: AccessRecorder;
  readonly reindex: Reindex;
  readonly metrics: Metrics;
  readonly conformance: Site['conformance'];
  readonly outbound: Outbound;
  readonly onFrame: Processor['onFrame'];
  readonly out: Out;
  readonly pipeline: Pipeline;
  readonly rework: Rework;
  readonly runs: MessageRuns;
  readonly retention: Retention;
}

/** Puts the rooms together. What any of them does is in the room. */
export async function startApp(options: AppOptions): Promise<App> {
  const running: Running = [];
  try {
    return await start(options, running);
  } catch (error) {
    await stop(running);
    throw error;
  }
}

/** How to stop what runs, in the order it was started. */
type Running = (() => Promise<unknown>)[];

async function stop(running: Running): Promise<void> {
  for (let last = running.pop(); last !== undefined; last = running.pop()) await last();
}

async function start(options: AppOptions, running: Running): Promise<App> {
  const { config, log, clock, root } = options;
  // While its threads start, the maps are read.
  const opening = openStore(config, log);
  // Whatever fails first is told; what is open then is closed.
  const opened = opening.catch(() => undefined);
  running.push(async () => (await opened)?.close());
  const site = await openSite({ root, folder: config.site, zone: config.zone });
  const keys = loadKeys(config.data);
  const newId = uuidSource(clock);
  const store = await opening;
  await refuseUnfinishedCopy(store);
  const holder = newId();
  const reindex = await startReindex({ store, clock, log, holder, ...registeredIndexing() });
  running.push(() => reindex.stop());
  const onFault = (err: unknown): void => log.error({ err }, 'Audit events were not written');
  const audit = accessRecorder({ store, clock, delayMs: 250, onFault });
  running.push(() => audit.close());
  const engage = startEngage({ ...site.engaging, store, clock, log, zone: config.zone });
  running.push(() => engage.stop());
  const out = startOut(site, { store, clock, newId, log, config });
  running.push(() => out.destinations.stop());
  const pipeline = { ...site.feeding, store, clock, newId, log, router: out.router };
  const processor = createProcessor(pipeline);
  running.push(() => processor.idle());
  const metrics = metricsOf(store, reindex, out.desk);
  const working = workOnMessages({ pipeline, processor, metrics, config, running });
  const single = timed(processor.onFrame, metrics);
  const onFrame = takeBatches({ onFrame: single, now: clock, newId });

  const { host, port } = parseAddress(config.http);
  const httpPort = await listening('HTTP', config.http, () => openHttpPort(host, port));
  running.push(() => httpPort.close());
  const { conformance } = site;
  const outbound = createOutbound(config.outboundAllow);
  const serving = { store, keys, newId, audit, reindex, metrics, outbound, onFrame, ...working };
  const parts = { ...options, conformance, ...serving, out };
  const http = await buildHttp(parts, httpPort);
  running.push(() => http.close());
  const subscriptions = startSubscriptions({ ...parts, baseUrl: baseUrlOf(config, httpPort) });
  running.push(() => subscriptions.stop());
  await processor.resume();
  running.push(sweeping(() => processor.sweep(), log));
  running.push(sweeping(() => working.retention.sweep(), log));
  const mllp = await listening('MLLP', config.mllp, () =>
    startMllpServer({
      ...parseAddress(config.mllp),
      limits,
      log,
      onFrame,
      onFault: (fault) => faultAnswer(fault, { now: clock(), controlId: newId() }),
    }),
  );
  running.push(() => mllp.close());
  return {
    http: httpPort.url,
    mllp: mllp.address,
    store,
    keys,
    idle: async () => {
      await processor.idle();
      await engage.idle();
      await subscriptions.idle();
      await out.destinations.idle();
    },
    close: () => stop(running),
  };
}

/** The way out: what sends to destinations, and what messages owe to them. */
interface Out {
  readonly desk: ReaderDesk;
  readonly destinations: Destinations;
  readonly router: Router;
}

function startOut(
  { destinations: all, outMaps }: Site,
  given: Pick<Parts, 'store' | 'clock' | 'newId' | 'log' | 'config'>,
): Out {
  const { config, ...shared } = given;
  const isAlone = !isMongoUrl(config.store);
  const compose = composer(given.store, outMaps);
  const desk = { ...shared, destinations: all, isAlone, compose };
  const destinations = startDestinations(desk);
  return { desk, destinations, router: routerTo(all, () => destinations.wake()) };
}

function metricsOf(store: Store, reindex: Reindex, desk: ReaderDesk): Metrics {
  return createMetrics({
    journalCounts: () => store.journal.counts(),
    resourceCounts: () => store.counts(),
    reindexing: () => reindex.unfinished(),
    destinations: () => standings(desk),
  });
}

/** What people, and time, do with messages that came. */
function workOnMessages(given: {
  readonly pipeline: Pipeline;
  readonly processor: Processor;
  readonly metrics: Metrics;
  readonly config: Config;
  readonly running: Running;
}): Pick<Parts, 'pipeline' | 'rework' | 'runs' | 'retention'> {
  const { pipeline, processor, metrics, config, running } = given;
  const rework = createRework(pipeline, processor);
  const runs = startMessageRuns({ ...pipeline, rework });
  running.push(() => runs.stop());
  const earlier = indexEarlierMessages(pipeline);
  running.push(() => earlier.stop());
  const retention = createRetention({
    ...pipeline,
    keepDays: { processed: config.keepProcessedDays, failed: config.keepFailedDays },
    onRemoved: (of, count) => metrics.messagesRemoved.inc({ class: of }, count),
  });
  running.push(() => retention.stop());
  return { pipeline, rework, runs, retention };
}

/** Looks after what waits now and then; gives what ends that. */
function sweeping(sweep: () => Promise<void>, log: AppOptions['log']): () => Promise<void> {
  let last = Promise.resolve();
  const timer = setInterval(() => {
    last = last
      .then(sweep)
      .catch((err: unknown) => log.error({ err }, 'What is due now and then was not done'));
  }, limits.sweepMs);
  return async () => {
    clearInterval(timer);
    await last;
  };
}

function timed(onFrame: Processor['onFrame'], { answerSeconds }: Metrics): Processor['onFrame'] {
  return async (frame, accepted) => {
    const stop = answerSeconds.startTimer();
    const answer = await onFrame(frame, accepted);
    stop();
    return answer;
  };
}

/** Says which address cannot be had, and how to name another. */
async function listening<T>(
  name: 'HTTP' | 'MLLP',
  address: string,
  open: () => Promise<T>,
): Promise<T> {
  try {
    return await open();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'it is in use' : message;
    const flag = flagName(name.toLowerCase());
    throw new Error(`${name} cannot listen on ${address}: ${why}; name another with ${flag}`, {
      cause: error,
    });
  }
}

/** The FHIR base as clients reach it. */
function baseUrlOf({ publicUrl }: Config, port: HttpPort): string {
  const url = publicUrl === '' ? port.url : publicUrl.replace(/\/$/, '');
  return `${url}/fhir`;
}

async function buildHttp(parts: Parts, port: HttpPort): Promise<FastifyInstance> {
  const { store, keys, clock, newId, log, audit, reindex, config, root, metrics, outbound } = parts;
  const baseUrl = baseUrlOf(config, port);
  const tokens = rememberTokens(keys);
  const callerOf = (request: Pick<FastifyRequest, 'method' | 'headers'>) =>
    authenticate(tokens, credentialsOf(request), clock());
  const shared = { store, clock, newId, log, authenticate: callerOf, recordAccess: audit.record };

  const http = createHttp({
    port,
    log,
    metrics,
    newId,
    callerOf,
    check: () => store.check(),
    reindexing: () => reindex.unfinished(),
    onFailure: answerFailure,
    onBadUrl: badUrl,
    onBadHead: badHead,
  });
  await http.register(fhirRest, {
    ...shared,
    prefix: '/fhir',
    baseUrl,
    secret: keys.signing,
    conformance: parts.conformance,
    outbound,
    corsOrigins: corsOriginsOf(config),
    isUnfinished: (type, param) => reindex.isUnfinished(type, param),
  });
  await http.register(httpFeed, {
    onFrame: parts.onFrame,
    authorize: async (request) => requireSender(await callerOf(request)),
  });
  const secureCookie = baseUrl.startsWith('https:');
  authRoutes(http, { ...shared, keys, sessionHours: config.sessionHours, secureCookie });
  const { pipeline, rework, runs, retention } = parts;
  const messages = { ...shared, positions: () => positionsOf(pipeline.feeds()) };
  messageRoutes(http, {
    ...messages,
    describe: (id, unmasking) => describeMessage(store, id, unmasking),
    explain: (id) => explainMessage(pipeline, id),
    retention: retention.report,
  });
  messageWorkRoutes(http, { ...messages, rework, runs });
  const { desk, destinations } = parts.out;
  destinationRoutes(http, { ...shared, ...desk, wake: () => destinations.wake() });
  await pages(http, join(root, 'dist/web'));
  await http.ready();
  return http;
}

function corsOriginsOf({ corsOrigins }: Config): CorsOrigins {
  return (
    parseCorsOrigins(corsOrigins) ??
    fail(
      'not-supported',
      'Setting "corsOrigins" is *, none, or origins such as https://app.example',
    )
  );
}

async function openStore(config: Config, log: Log): Promise<Store> {
  if (config.store === 'memory') return openMemoryStore();
  if (config.store === 'sqlite') {
    const onFault = (err: Error): void => log.error({ err }, 'The store is in trouble');
    return openSqliteStore({ ...dataFile(config), onFault });
  }
  if (isMongoUrl(config.store)) {
    // Its driver is loaded where it is used: it would take a tenth of a second of every start.
    const { openMongoStore } = await import('./store/mongodb/open.ts');
    return openMongoStore({ url: config.store });
  }
  // What was given may hold a password: it is not repeated.
  return fail(
    'not-supported',
    'There is no such store; --store is sqlite, memory or mongodb://...',
  );
}
