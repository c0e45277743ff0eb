import type { FastifyInstance, FastifyRequest } from 'fastify';
import { splitBatch } from '../hl7v2/batch.ts';
import { formatInstant } from '../hl7v2/datetime.ts';
import { encodeSegment, joinSegments, type FieldValue } from '../hl7v2/encode.ts';
import { defaultEncoding, readEncoding } from '../hl7v2/encoding.ts';
import { limits } from '../limits.ts';

/** One message of a request's body. */
export interface HttpFrame {
  readonly bytes: Uint8Array;
  /** `host:port` of the client. */
  readonly peer: string;
  /** Of the address. */
  readonly feed: string;
}

export interface HttpFeedOptions {
  /** The answer, without frame. Rejects only where nothing was taken; the client then gets the fault. */
  readonly onFrame: (frame: HttpFrame) => Promise<Uint8Array | undefined>;
  /** Throws an OutcomeError where the caller may not send to that feed. */
  readonly authorize: (request: FastifyRequest, feed: string) => Promise<unknown>;
  readonly now: () => Date;
}

const er7 = 'x-application/hl7-v2+er7';
const mediaTypes = [er7, 'application/hl7-v2+er7', 'application/hl7-v2', 'text/plain'];

/**
 * `POST /hl7/{feed}`: a message in ER7 in, its acknowledgement out. The status is 200 whatever MSA-1
 * says; others mean that nothing was taken. A batch (or several messages) is answered by a batch (or
 * several answers), in order, and one bad message does not stop the others.
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
      const answer = await answerBody(body, { feed, peer, ...options });
      return await reply.type(er7).send(answer);
    },
  );
  done();
}

type Answering = Pick<HttpFrame, 'feed' | 'peer'> & Pick<HttpFeedOptions, 'onFrame' | 'now'>;

async function answerBody(body: Buffer, answering: Answering): Promise<Buffer> {
  // Every byte is a character of latin1, so that splitting needs no charset and loses nothing.
  const { messages, header } = splitBatch(body.toString('latin1'));
  if (header === undefined && messages.length <= 1) {
    return Buffer.from((await answering.onFrame(frame(body, answering))) ?? []);
  }
  const answers: Uint8Array[] = [];
  for (let at = 0; at < messages.length; at += limits.mllpUnansweredMax) {
    const round = messages
      .slice(at, at + limits.mllpUnansweredMax)
      .map((text) => answering.onFrame(frame(Buffer.from(text, 'latin1'), answering)));
    answers.push(...(await Promise.all(round)).filter((answer) => answer !== undefined));
  }
  return header === undefined ? Buffer.concat(answers) : envelope(header, answers, answering.now());
}

function frame(bytes: Uint8Array, { feed, peer }: Answering): HttpFrame {
  return { bytes, feed, peer };
}

/** The answers between BHS and BTS, with sender and receiver swapped and BHS-12 naming the batch. */
function envelope(header: string, answers: readonly Uint8Array[], now: Date): Buffer {
  const encoding = readEncoding(header).encoding ?? defaultEncoding;
  const asked = header.split(encoding.field);
  const raw = (number: number): FieldValue => ({ raw: asked[number - 1] ?? '' });
  const none = Array.from({ length: 4 }, () => undefined);
  const fields = [raw(5), raw(6), raw(3), raw(4), formatInstant(now), ...none, raw(11)];
  const head = joinSegments([encodeSegment('BHS', fields, encoding)]);
  const tail = joinSegments([encodeSegment('BTS', [String(answers.length)], encoding)]);
  return Buffer.concat([Buffer.from(head, 'latin1'), ...answers, Buffer.from(tail, 'latin1')]);
}
