import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
} from 'fastify';
import { fail } from '../fhir/issue.ts';
import { limits } from '../limits.ts';
import type { Resource } from '../fhir/resource.ts';
import { KeyedOrder } from '../ops/keyed-order.ts';
import { createOutbound } from '../ops/outbound.ts';
import type { Outbound } from '../ops/outbound.ts';
import type { AccessEvent } from '../security/audit-event.ts';
import type { Principal } from '../security/principal.ts';
import type { Store } from '../store/store.ts';
import { goesBackground, runAsync, takeAsync } from './async/async-request.ts';
import { WorkBench } from './background/bench.ts';
import type { Call, Params, RestContext, Route } from './call.ts';
import { runExport } from './export/export-run.ts';
import { issuesOf } from './failure.ts';
import { runImport } from './import/import-run.ts';
import { contentCodings } from './content-coding.ts';
import { corsHeaders, isPreflight } from './cors.ts';
import type { CorsOrigins } from './cors.ts';
import { callEnd } from './call-end.ts';
import { capabilities } from './interaction/capabilities.ts';
import { readBody } from './media.ts';
import { formatOrPlain, negotiate } from './negotiate.ts';
import { allowAt, offers } from './offer.ts';
import { createPageSeal } from './page-seal.ts';
import { parsePrefer } from './prefer.ts';
import { parseQuery, splitUrl } from './query-string.ts';
import { refuse, respond } from './respond.ts';
import { locateRoute } from './route.ts';
import { routes } from './routes.ts';
import { EventStreams } from './subscription/event-stream.ts';
import { Hub } from './subscription/hub.ts';
import { WebSockets } from './subscription/web-sockets.ts';
import { perform, take } from './take.ts';

export interface FhirRestOptions {
  readonly store: Store;
  readonly clock: () => Date;
  readonly newId: () => string;
  /** Who calls; undefined: nobody we know. */
  readonly authenticate: (
    request: Pick<FastifyRequest, 'method' | 'headers'>,
  ) => Promise<Principal | undefined>;
  /** The path below which it is registered. */
  readonly prefix?: string;
  /** Absolute address of the FHIR base, without a slash at the end. */
  readonly baseUrl: string;
  /** Seals page links; the same in all processes on one store. */
  readonly secret: Uint8Array;
  readonly log: FastifyBaseLogger;
  /** Takes the audit events of reads and refusals, many at a time; a promise where the caller has to wait. */
  readonly recordAccess: (event: AccessEvent) => Promise<void> | undefined;
  /** Profiles, code systems, value sets and concept maps, beside R4's own; later ones go first. */
  readonly conformance?: readonly Resource[];
  /** Calls what an import names; absent: only public addresses. */
  readonly outbound?: Outbound;
  /** Whether a type is still being indexed by a search parameter; absent: none is. */
  readonly isUnfinished?: (type: string, param: string) => boolean;
  /** How long a batch or transaction may take; absent: limits.bundleTimeoutMs. */
  readonly bundleTimeoutMs?: number;
  /** The origins whose pages may call with a token; absent: any. */
  readonly corsOrigins?: CorsOrigins;
}

/**
 * The FHIR interface, encapsulated: register it under the prefix of `baseUrl`. Its parsers, error handler
 * and 404 stay inside and answer OperationOutcomes. Everything but what routes.ts marks open needs a
 * principal, also what does not exist.
 */
export const fhirRest: FastifyPluginAsync<FhirRestOptions> = async (app, options) => {
  const { context, bench, hub, streams } = createContext(options);
  app.addHook('onReady', async () => bench.start());
  app.addHook('onClose', () => bench.stop());
  listening(app, options, { context, hub, streams });
  const principals = new WeakMap<FastifyRequest, Principal>();

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, readBody);

  const { corsOrigins = '*' } = options;
  const vary = corsOrigins === '*' ? 'Accept, Accept-Encoding' : 'Accept, Accept-Encoding, Origin';
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', chosenId(request));
    void reply.header('vary', vary);
    // What is not open is about people: no cache keeps it.
    void reply.header('cache-control', isOpen(request) ? 'no-cache' : 'no-store');
    corsHeaders(request, reply, corsOrigins);
    const principal = await options.authenticate(request);
    if (principal !== undefined) principals.set(request, principal);
    else if (!isOpen(request)) fail('login', 'Send a valid token as Authorization: Bearer');
  });

  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const principal = principals.get(request) ?? nobody;
    const { route, call: plain } = callOf(request, reply, principal);
    const call = route.interaction === 'batch' ? ending(reply, plain, options) : plain;
    if (!hasOwnFormat(call, route)) negotiate(call.params, call.headers['accept']);
    parsePrefer(call.headers['prefer']);
    const taken = goesBackground(route, call) ? takeAsync : take;
    return respond(reply, options.baseUrl, call, await taken(context, route, call));
  };
  for (const { method, url, open = false } of routes) {
    app.route({ method, url, bodyLimit: limits.restBodyBytesMax, config: { open }, handler });
  }
  offers(app, pathOf, async (request, reply) => {
    const call = { ...unplaced(request, reply, nobody), at: {} };
    return respond(reply, options.baseUrl, call, await capabilities(context, call));
  });
  contentCodings(app);
  refusals(app, options);
};

/** WebSockets and event streams; they end before the server closes, which would wait for them. */
function listening(
  app: FastifyInstance,
  { authenticate, prefix = '' }: FhirRestOptions,
  { context, hub, streams }: Omit<Workings, 'bench'>,
): void {
  const path = `${prefix}/$ws`;
  const sockets = new WebSockets({ context, hub, authenticate, path });
  app.server.on('upgrade', sockets.upgrade);
  app.addHook('preClose', async () => {
    app.server.off('upgrade', sockets.upgrade);
    sockets.close();
    streams.close();
    hub.close();
  });
}

/** The caller of an open route that came without a token. */
const nobody: Principal = { id: 'anonymous', display: 'Anonymous', role: 'app' };

/** The context of every call, and what works behind it. */
interface Workings {
  readonly context: RestContext;
  readonly bench: WorkBench;
  readonly hub: Hub;
  readonly streams: EventStreams;
}

function createContext(options: FhirRestOptions): Workings {
  const { store, clock, newId, baseUrl, log, recordAccess, secret } = options;
  const { isUnfinished = () => false, conformance = [], corsOrigins = '*' } = options;
  const { outbound = createOutbound('') } = options;
  const context: RestContext = {
    listen: (call) => streams.open(call),
    background: { take: (call, work) => bench.take(call, work) },
    store,
    clock,
    newId,
    baseUrl,
    cors: corsOrigins.length > 0,
    log,
    recordAccess,
    outbound,
    isUnfinished,
    conformance: conformance.toReversed(),
    routes,
    seal: createPageSeal(secret),
    turns: new KeyedOrder(limits.amendmentsWaitingMax),
    locate: (method, path) => locateRoute(routes, method, path),
    perform: (call) => perform(context, call),
  };
  const bench = new WorkBench(context, {
    export: runExport,
    import: runImport,
    async: runAsync,
  });
  const hub = new Hub(context);
  const streams = new EventStreams(context, hub);
  return { context, bench, hub, streams };
}

function refusals(app: FastifyInstance, { log }: FhirRestOptions): void {
  app.setErrorHandler((error, request, reply) => {
    const issues = issuesOf(error, log, requestIdOf(reply));
    if (issues[0].code === 'method-not-allowed') {
      void reply.header('allow', allowAt(pathOf(request)));
    }
    const { accept } = request.headers;
    return refuse(
      reply,
      issues,
      formatOrPlain(() => unplaced(request, reply, nobody).params, accept),
    );
  });
  app.setNotFoundHandler(noSuchAddress);
  // Otherwise a page of the client, which is whatever else can be got, would be the answer below the prefix too.
  app.get('/*', noSuchAddress);
}

function noSuchAddress(request: FastifyRequest): never {
  const { route } = locateRoute(routes, request.method, pathOf(request));
  // There is such a route: the router gave up on a part that is too long for it.
  return fail('id-invalid', `The address does not fit ${route.url}`);
}

function ending(reply: FastifyReply, call: Call, options: FhirRestOptions): Call {
  const { bundleTimeoutMs = limits.bundleTimeoutMs } = options;
  return { ...call, ended: callEnd(reply, bundleTimeoutMs) };
}

function callOf(
  request: FastifyRequest,
  reply: FastifyReply,
  principal: Principal,
): { readonly route: Route; readonly call: Call } {
  const call = unplaced(request, reply, principal);
  const { route, at } = locateRoute(routes, call.method, call.path);
  return { route, call: { ...call, at } };
}

/** A call whose address has not been looked at. */
function unplaced(
  request: FastifyRequest,
  reply: FastifyReply,
  principal: Principal,
): Omit<Call, 'at'> {
  const { path, params: asked } = splitUrl(belowPrefix(request));
  const { method, body } = request;
  const params = [...asked, ...formatInForm(request)];
  return {
    principal,
    requestId: requestIdOf(reply),
    method,
    path: path.replace(/^\/+|\/+$/g, ''),
    params,
    headers: request.headers as Call['headers'],
    ...(typeof body === 'string' ? { body } : {}),
  };
}

/** What the form of a search by POST says of the answer's format, as an address would. */
function formatInForm({ headers, body }: FastifyRequest): Params {
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  if (!isForm || typeof body !== 'string' || !/_(format|pretty)/.test(body)) return [];
  return parseQuery(body).filter(([name]) => name === '_format' || name === '_pretty');
}

function pathOf(request: FastifyRequest): string {
  return splitUrl(belowPrefix(request)).path;
}

/** The address as sent, below the prefix that the plugin is registered under. */
function belowPrefix(request: FastifyRequest): string {
  return request.url.slice(request.server.prefix.length);
}

/** What the first hook put there. */
function requestIdOf(reply: FastifyReply): string {
  return String(reply.getHeader('x-request-id') ?? reply.request.id);
}

function isOpen(request: FastifyRequest): boolean {
  return isPreflight(request) || (request.routeOptions.config as { open?: boolean }).open === true;
}

/** The caller's id for the call where it is a sensible one; otherwise the server's. */
function chosenId(request: FastifyRequest): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : request.id;
}

/** A Binary may be wanted in any format at all; what is no FHIR has one format. */
function hasOwnFormat({ at, method }: Call, { ownFormat }: Route): boolean {
  if (ownFormat === true) return true;
  return at.type === 'Binary' && (method === 'GET' || method === 'HEAD');
}
