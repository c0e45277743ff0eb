import { PassThrough } from 'node:stream';
import { fail } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import { notificationBundle } from '../../subscription/notification.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { rangesOf } from '../negotiate.ts';
import type { Hub } from './hub.ts';
import { notificationOf, requireOwner, viewOf } from './subscription-view.ts';

/** Whether `Subscription/id/$events` is asked for as an event stream. */
export function wantsStream({ path, method, headers }: Call): boolean {
  return (
    method === 'GET' &&
    /^Subscription\/[^/]+\/\$events$/.test(path) &&
    rangesOf(headers['accept']).includes('text/event-stream')
  );
}

/** The open event streams; bounded, and ended with the server. */
export class EventStreams {
  readonly #context: RestContext;
  readonly #hub: Hub;
  readonly #open = new Set<PassThrough>();

  constructor(context: RestContext, hub: Hub) {
    this.#context = context;
    this.#hub = hub;
  }

  /**
   * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): a handshake, then each
   * notification as `data`, with the event number as `id`; `Last-Event-ID` goes on after it.
   */
  async open(call: Call): Promise<Answer> {
    const view = await viewOf(this.#context, call, call.at.id ?? '');
    requireOwner(call.principal, view);
    const isServed = view.status === 'active' && view.record !== undefined;
    if (!isServed) fail('not-found', 'The subscription is not active');
    if (this.#open.size >= limits.listenersMax) fail('throttled', 'Too many listen already');
    const stream = new PassThrough();
    this.#open.add(stream);
    const write = (event: string, id: number, data: string): void => {
      if (stream.readableLength > limits.listenerWaitingBytes) stream.destroy();
      else stream.write(`event: ${event}\nid: ${id}\ndata: ${data}\n\n`);
    };
    const told = lastEventId(call) ?? view.record?.events ?? 0;
    const hello = notificationOf(this.#context, view, { type: 'handshake', events: told });
    write('handshake', told, notificationBundle(hello));
    const { principal, requestId } = call;
    const onEvents = (last: number, bundle: () => string): void => {
      write('event-notification', last, bundle());
    };
    const onEnd = (): void => void stream.end();
    const listener = { principal, requestId, view, onEvents, onEnd };
    const leave = this.#hub.listen(listener, told);
    // Keeps proxies from taking the silence for an end.
    const beat = setInterval(() => stream.write(': all is well\n\n'), limits.listenerPingMs / 2);
    stream.once('close', () => {
      clearInterval(beat);
      leave();
      this.#open.delete(stream);
    });
    // Proxies would gather what must come at once.
    const headers = { 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
    return { status: 200, headers, stream: { contentType: 'text/event-stream', text: stream } };
  }

  close(): void {
    for (const stream of this.#open) stream.destroy();
  }
}

function lastEventId({ headers }: Call): number | undefined {
  const text = headers['last-event-id'];
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
