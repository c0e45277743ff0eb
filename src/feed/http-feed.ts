import type { FastifyInstance, FastifyRequest } from 'fastify';
import { limits } from '../limits.ts';
import { answerAsXml, frameOfXml } from './xml-frame.ts';

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
  /** The charset that a feed reads everything in, where it says one. */
  readonly charsetOf: (feed: string) => string | undefined;
  /** Throws an OutcomeError where the caller may not send to that feed. */
  readonly authorize: (request: FastifyRequest, feed: string) => Promise<unknown>;
}

const er7 = 'x-application/hl7-v2+er7';
const xml = 'application/hl7-v2+xml';
const xmlTypes = [xml, 'application/xml', 'text/xml'];
const mediaTypes = [er7, 'application/hl7-v2+er7', 'application/hl7-v2', 'text/plain', ...xmlTypes];

/**
 * `POST /hl7/{feed}`: a message in ER7 or XML in, its acknowledgement out, in the same encoding. The status is 200 whatever
 * MSA-1 says; others mean that nothing was taken.
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
      const body = request.body ?? Buffer.alloc(0);
      const charset = options.charsetOf(feed);
      const isXml = xmlTypes.includes(mediaType(request));
      const bytes = isXml ? frameOfXml(body, charset) : body;
      const answer = await options.onFrame({ bytes, feed, peer });
      if (isXml)
        return await reply.type(`${xml}; charset=utf-8`).send(answerAsXml(answer, charset));
      return await reply.type(er7).send(Buffer.from(answer ?? []));
    },
  );
  done();
}

function mediaType({ headers }: FastifyRequest): string {
  return headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
