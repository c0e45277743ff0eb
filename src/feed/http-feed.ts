import type { FastifyInstance, FastifyRequest } from 'fastify';
import { limits } from '../limits.ts';

/** A request's body. */
export interface HttpFrame {
  readonly bytes: Uint8Array;
  /** `host:port` of the client. */
  readonly peer: string;
  /** Of the address. */
  readonly feed: string;
}

export interface HttpFeedOptions {
  /** The answer, also to a batch (batch-frame.ts). Rejects only where nothing was taken; the client then gets the fault. */
  readonly onFrame: (frame: HttpFrame) => Promise<Uint8Array | undefined>;
  /** Throws an OutcomeError where the caller may not send to that feed. */
  readonly authorize: (request: FastifyRequest, feed: string) => Promise<unknown>;
}

const er7 = 'x-application/hl7-v2+er7';
const mediaTypes = [er7, 'application/hl7-v2+er7', 'application/hl7-v2', 'text/plain'];

/**
 * `POST /hl7/{feed}`: a message in ER7 in, its acknowledgement out. The status is 200 whatever MSA-1
 * says; others mean that nothing was taken.
 */
export function httpFeed(
  app: FastifyInstance,
  options: HttpFeedOptions,
  done: (error?: Error) => void,
): void {
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser(
    mediaTypes,
    { parseAs: 'buffer', bodyLimit: limits.frameBytesMax },
    (_request, body, parsed) => parsed(null, body),
  );
  app.post<{ Params: { feed: string }; Body: Buffer | undefined }>(
    '/hl7/:feed',
    async (request, reply) => {
      const { feed } = request.params;
      await options.authorize(request, feed);
      const peer = `${request.ip}:${String(request.socket.remotePort ?? 0)}`;
      const bytes = request.body ?? Buffer.alloc(0);
      const answer = await options.onFrame({ bytes, feed, peer });
      return await reply.type(er7).send(Buffer.from(answer ?? []));
    },
  );
  done();
}
