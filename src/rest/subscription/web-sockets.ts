import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { RawData, WebSocket } from 'ws';
import { fail, OutcomeError } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import { endForGood } from '../../ops/last-words.ts';
import type { Principal } from '../../security/principal.ts';
import { notificationBundle } from '../../subscription/notification.ts';
import { authorize, checkId } from '../authorize.ts';
import type { Call, RestContext } from '../call.ts';
import { openBinding } from './binding-token.ts';
import type { Hub } from './hub.ts';
import { notificationOf, requireOwner, viewOf } from './subscription-view.ts';

export interface WebSocketsOptions {
  readonly context: RestContext;
  readonly hub: Hub;
  readonly authenticate: (request: {
    readonly method: string;
    readonly headers: IncomingHttpHeaders;
  }) => Promise<Principal | undefined>;
  /** The path at which they are opened. */
  readonly path: string;
}

/**
 * WebSockets of subscriptions. R4: `bind id` is answered `bound id`, and then each event is `ping id`. Backport:
 * `bind-with-token token` is answered with a handshake, and then come notification Bundles; it is for those who cannot
 * send a header, and needs no other token. What cannot be done is answered `error` and why.
 */
export class WebSockets {
  readonly #options: WebSocketsOptions;
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: limits.listenerMessageBytes,
    perMessageDeflate: false,
  });

  constructor(options: WebSocketsOptions) {
    this.#options = options;
  }

  /** For the `upgrade` event of the HTTP server. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (request.url?.split('?')[0] !== this.#options.path) {
      refuse(socket, '404 Not Found');
    } else if (this.#server.clients.size >= limits.listenersMax) {
      refuse(socket, '503 Service Unavailable');
    } else {
      this.#accept(request, socket, head).catch(() => refuse(socket, '400 Bad Request'));
    }
  };

  close(): void {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }

  async #accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // A browser sends the session cookie wherever the page comes from: only a token in the header counts.
    const headers = { ...request.headers, cookie: undefined };
    const principal = await this.#options.authenticate({ method: 'GET', headers });
    if (principal === undefined && request.headers.authorization !== undefined) {
      refuse(socket, '401 Unauthorized');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (client) => {
      new Conversation(this.#options, client, principal).begin();
    });
  }
}

function refuse(socket: Duplex, status: string): void {
  endForGood(socket, `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** One client's WebSocket. */
class Conversation {
  readonly #options: WebSocketsOptions;
  readonly #client: WebSocket;
  readonly #principal: Principal | undefined;
  readonly #requestId: string;
  readonly #bound = new Map<string, () => void>();
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #isAlive = true;

  constructor(options: WebSocketsOptions, client: WebSocket, principal: Principal | undefined) {
    this.#options = options;
    this.#client = client;
    this.#principal = principal;
    this.#requestId = options.context.newId();
  }

  begin(): void {
    const client = this.#client;
    const deadline = setTimeout(() => {
      if (this.#bound.size === 0) client.close(1008, 'Nothing was bound');
    }, limits.listenerBindMs);
    const ping = setInterval(() => this.#ping(), limits.listenerPingMs);
    client.on('pong', () => {
      this.#isAlive = true;
    });
    client.on('message', (data, isBinary) => this.#take(data, isBinary));
    client.on('error', () => undefined);
    client.once('close', () => {
      clearTimeout(deadline);
      clearInterval(ping);
      for (const leave of this.#bound.values()) leave();
      this.#bound.clear();
    });
  }

  /** One who does not answer any more is gone. */
  #ping(): void {
    if (!this.#isAlive) this.#client.terminate();
    this.#isAlive = false;
    this.#client.ping();
  }

  #take(data: RawData, isBinary: boolean): void {
    if (isBinary || this.#waiting >= limits.listenerBindingsMax) {
      this.#client.close(1008, 'Only bind and bind-with-token are understood');
      return;
    }
    this.#waiting += 1;
    const text = Buffer.isBuffer(data) ? data.toString() : '';
    this.#turn = this.#turn.then(async () => {
      await this.#answer(text.trim());
      this.#waiting -= 1;
    });
  }

  async #answer(text: string): Promise<void> {
    try {
      const [verb = '', what = ''] = text.split(/\s+/);
      if (verb === 'bind') await this.#bind(what, this.#principal, false);
      else if (verb === 'bind-with-token') await this.#bindWithToken(what);
      else fail('value', 'bind and bind-with-token are understood');
    } catch (error) {
      const { context } = this.#options;
      if (!(error instanceof OutcomeError)) context.log.error({ err: error }, 'A WebSocket failed');
      this.#send(
        `error ${error instanceof OutcomeError ? error.message : 'A fault of the server'}`,
      );
    }
  }

  async #bindWithToken(token: string): Promise<void> {
    const { ids, principal } = openBinding(this.#options.context, token);
    for (const id of ids) await this.#bind(id, principal, true);
  }

  async #bind(id: string, principal: Principal | undefined, inBundles: boolean): Promise<void> {
    const { context, hub } = this.#options;
    if (principal === undefined) fail('login', 'Send a token as Authorization, or bind-with-token');
    checkId(id);
    const at = { type: 'Subscription', id };
    authorize(principal, 'subscription-status', at);
    const view = await viewOf(context, callOf(principal, this.#requestId, at), id);
    requireOwner(principal, view);
    const isServed = view.status === 'active' && view.record !== undefined;
    if (!isServed) fail('not-found', 'The subscription is not active');
    if (this.#bound.size >= limits.listenerBindingsMax) fail('limit', 'Too many are bound already');
    this.#bound.get(id)?.();
    const told = view.record?.events ?? 0;
    const hello = notificationOf(context, view, { type: 'handshake' });
    this.#send(inBundles ? notificationBundle(hello) : `bound ${id}`);
    const onEvents = (_last: number, bundle: () => string): void => {
      if (inBundles) this.#send(bundle());
      else this.#send(`ping ${id}`);
    };
    const onEnd = (): void => {
      this.#bound.get(id)?.();
      this.#bound.delete(id);
      this.#send(`error Subscription ${id} has ended`);
    };
    const requestId = this.#requestId;
    this.#bound.set(id, hub.listen({ principal, requestId, view, onEvents, onEnd }, told));
  }

  #send(text: string): void {
    if (this.#client.bufferedAmount > limits.listenerWaitingBytes) this.#client.terminate();
    else if (this.#client.readyState === this.#client.OPEN) this.#client.send(text);
  }
}

function callOf(principal: Principal, requestId: string, at: Call['at']): Call {
  const path = `Subscription/${at.id ?? ''}`;
  return { principal, requestId, method: 'GET', path, at, params: [], headers: {} };
}
