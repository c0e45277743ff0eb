import { join } from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from './config.ts';
import { start as startEngage } from './engage/start.ts';
import { startSubscriptions } from './engage/subscription/start.ts';
import type { ReaderDesk } from './feed/destination/change-reader.ts';
import { takeAnswers } from './feed/destination/answer-elsewhere.ts';
import { composer } from './feed/destination/compose.ts';
import { routerTo, type Router } from './feed/destination/router.ts';
import { standings } from './feed/destination/standing.ts';
import { startDestinations } from './feed/destination/start.ts';
import type { Destinations } from './feed/destination/start.ts';
import { listCodes } from './feed/code-worklist.ts';
import { describeMessage } from './feed/describe.ts';
import { indexEarlierMessages } from './feed/earlier-messages.ts';
import { explainMessage } from './feed/explain.ts';
import { raisedAlarms, watchFeeds } from './feed/alarm-watch.ts';
import { takeBatches } from './feed/batch-frame.ts';
import { feedStatuses } from './feed/feed-status.ts';
import { httpFeed } from './feed/http-feed.ts';
import { positionsOf } from './feed/message-fields.ts';
import { startMessageRuns } from './feed/message-run.ts';
import type { MessageRuns } from './feed/message-run.ts';
import { createProcessor } from './feed/process.ts';
import type { Pipeline } from './feed/pipeline.ts';
import type { Processor } from './feed/process.ts';
import { createRetention } from './feed/retention.ts';
import type { Retention } from './feed/retention.ts';
import { createRework } from './feed/rework.ts';
import type { Rework } from './feed/rework.ts';
import { fail } from './fhir/issue.ts';
import { limits } from './limits.ts';
import { parseAddress } from './ops/address.ts';
import { loopShare } from './ops/share.ts';
import { every } from './ops/every.ts';
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
import { checkRoutes } from './web/check-routes.ts';
import { codeRoutes } from './web/code-routes.ts';
import { destinationRoutes } from './web/destination-routes.ts';
import { answerFailure } from './web/failure.ts';
import { feedRoutes } from './web/feed-routes.ts';
import { messageRoutes } from './web/message-routes.ts';
import { messageWorkRoutes } from './web/message-work-routes.ts';
import { listening, openMllp, watchFolders } from './ways-in.ts';
import { pages } from './web/pages.ts';

export interface App {
  /** `http://host:port` and `host:port`, as they listen. */
  readonly http: string;
  readonly mllp: string;
  /** `host:port` of feeds that have a port of their own. */
  readonly mllpOfFeeds: ReadonlyMap<string, string>;
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
  readonly hasRow: Site['hasRow'];
  readonly outbound: Outbound;
  readonly onFrame: Processor['onFrame'];
  readonly processor: Processor;
  readonly feeds: Site['feeding']['feeds'];
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
  // What follows from a commit has one share of the thread, whether rules or subscriptions draw it.
  const share = loopShare();
  const engage = startEngage({ ...site.engaging, store, clock, log, share, zone: config.zone });
  running.push(() => engage.stop());
  const out = startOut(site, { store, clock, newId, log, config });
  running.push(() => out.destinations.stop());
  const pipeline = { ...site.feeding, store, clock, newId, log, router: out.router };
  const processor = createProcessor(pipeline);
  running.push(() => processor.close());
  const metrics = metricsOf(store, reindex, out.desk);
  const working = workOnMessages({ pipeline, processor, metrics, config, running });
  const single = timed(answersTakenOut(processor, pipeline, out), metrics);
  const onFrame = takeBatches({ onFrame: single, now: clock, newId });

  const { host, port } = parseAddress(config.http);
  const httpPort = await listening('HTTP', config.http, () => openHttpPort(host, port));
  running.push(() => httpPort.close());
  const { conformance, hasRow } = site;
  const outbound = createOutbound(config.outboundAllow);
  const serving = { store, keys, newId, audit, reindex, metrics, outbound, onFrame, processor };
  const feeds = site.feeding.feeds;
  const parts = { ...options, conformance, hasRow, ...serving, ...working, feeds, out };
  const http = await buildHttp(parts, httpPort);
  running.push(() => http.close());
  const subscriptions = startSubscriptions({
    ...parts,
    share,
    baseUrl: baseUrlOf(config, httpPort),
  });
  running.push(() => subscriptions.stop());
  await processor.resume();
  running.push(sweeping((stopping) => processor.sweep(stopping), log));
  running.push(sweeping(() => working.retention.sweep(), log));
  running.push(alarming(parts));
  const mllp = await openMllp(parts);
  running.push(() => mllp.close());
  running.push(...(await watchFolders({ ...parts, onFrame: single })));
  return {
    http: httpPort.url,
    mllp: mllp.main,
    mllpOfFeeds: mllp.ofFeeds,
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

/** Looks after the feeds' alarms now and then; gives what ends that. */
function alarming({ store, clock, log, feeds }: Parts): () => Promise<void> {
  const look = () => watchFeeds({ store, clock, log, feeds });
  return every(limits.alarmTickMs, look, (err) => log.error({ err }, 'Feeds were not looked at'));
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

/** What answers messages of destinations is no message of a feed. */
function answersTakenOut(
  { onFrame }: Processor,
  { feeds }: Pipeline,
  { desk, destinations: senders }: Out,
): Processor['onFrame'] {
  return takeAnswers({ onFrame, feeds, desk, senders });
}

function metricsOf(store: Store, reindex: Reindex, desk: ReaderDesk): Metrics {
  return createMetrics({
    journalCounts: () => store.journal.counts(),
    resourceCounts: () => store.counts(),
    alarms: () => raisedAlarms(store),
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
function sweeping(
  sweep: (stopping: AbortSignal) => Promise<void>,
  log: AppOptions['log'],
): () => Promise<void> {
  return every(limits.sweepMs, sweep, (err) => log.error({ err }, 'What is due was not done'));
}

function timed(onFrame: Processor['onFrame'], { answerSeconds }: Metrics): Processor['onFrame'] {
  return async (frame, accepted) => {
    const stop = answerSeconds.startTimer();
    const answer = await onFrame(frame, accepted);
    stop();
    return answer;
  };
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
  const charsetOf = (feed: string) => parts.feeds().find(({ name }) => name === feed)?.charset;
  await http.register(checkRoutes, { ...shared, charsetOf, read: (id) => store.journal.read(id) });
  await http.register(httpFeed, {
    onFrame: parts.onFrame,
    charsetOf,
    authorize: async (request) => requireSender(await callerOf(request)),
  });
  const secureCookie = baseUrl.startsWith('https:');
  authRoutes(http, { ...shared, keys, sessionHours: config.sessionHours, secureCookie });
  feedRoutes(http, {
    authenticate: callerOf,
    feeds: () => feedStatuses(store, parts.feeds()),
    resume: (feed, doing) => parts.processor.resumeFeed(feed, doing),
  });
  const { pipeline, rework, runs, retention } = parts;
  const messages = { ...shared, positions: () => positionsOf(pipeline.feeds()) };
  messageRoutes(http, {
    ...messages,
    describe: (id, unmasking) => describeMessage(store, id, unmasking),
    explain: (id) => explainMessage(pipeline, id),
    retention: retention.report,
  });
  messageWorkRoutes(http, { ...messages, rework, runs });
  const { hasRow } = parts;
  codeRoutes(http, { ...shared, codes: (asked) => listCodes({ ...pipeline, hasRow }, asked) });
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
