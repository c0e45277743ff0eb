/** Content-Encoding of requests and answers: RFC 9110, 8.4 and 12.5.3. */
import type { FastifyInstance, FastifyReply, FastifyRequest, RequestPayload } from 'fastify';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import {
  brotliCompress,
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
  gzip,
  zstdCompress,
} from 'node:zlib';
import { fail } from '../fhir/issue.ts';
import { limits } from '../limits.ts';
import { qualityOf } from './negotiate.ts';

/** Takes and gives coded bodies on all routes of the instance. */
export function contentCodings(app: FastifyInstance): void {
  app.addHook('preParsing', (request, reply, payload, done) => {
    try {
      done(null, decodedPayload(request, reply, payload));
    } catch (error) {
      done(error as Error);
    }
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    const encoded = encodedAnswer(request, reply, payload);
    if (encoded === undefined) done(null, payload);
    else encoded.then((bytes) => done(null, bytes), done);
  });
}

const decoders: Readonly<Record<string, () => Duplex>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/**
 * The body of a request without its coding. Fastify counts what comes out, so that a small body that grows past
 * restBodyBytesMax is refused on the way. Throws `media-type` for a coding that is not known, or several.
 */
function decodedPayload(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: RequestPayload,
): RequestPayload {
  const coding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (coding === 'identity' || coding === '') return payload;
  const create = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
  if (create === undefined) {
    void reply.header('accept-encoding', 'gzip, br, zstd, deflate');
    fail('media-type', 'Content-Encoding may be gzip, br, zstd or deflate, one of them');
  }
  const decoder = create();
  // Where nobody reads the body, or no longer, nobody hears that it was broken; unheard it would end the process.
  decoder.on('error', () => undefined);
  let received = 0;
  payload.on('data', (chunk: Buffer) => (received += chunk.length));
  payload.once('error', (error) => decoder.destroy(error));
  // What was refused half way is not read to its end.
  reply.raw.once('close', () => decoder.destroy());
  const decoded: RequestPayload = payload.pipe(decoder);
  Object.defineProperty(decoded, 'receivedEncodedLength', { get: () => received });
  return decoded;
}

type Coding = 'br' | 'zstd' | 'gzip';

/** In the order in which they are taken where the caller has no preference. */
const codings: readonly Coding[] = ['br', 'zstd', 'gzip'];

const encoders: Readonly<Record<Coding, (bytes: Buffer) => Promise<Buffer>>> = {
  br: async (bytes) =>
    promisify(brotliCompress)(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 4,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  zstd: async (bytes) => promisify(zstdCompress)(bytes),
  gzip: async (bytes) => promisify(gzip)(bytes, { level: 5 }),
};

/** The coding that an Accept-Encoding header wants most of those that there are; undefined: none. */
export function codingFor(acceptEncoding: string | undefined): Coding | undefined {
  if (acceptEncoding === undefined) return undefined;
  const qualities = new Map(
    acceptEncoding.split(',').map((part) => {
      const [name = ''] = part.split(';');
      return [name.trim().toLowerCase().replace('x-gzip', 'gzip'), qualityOf(part)] as const;
    }),
  );
  const qualityFor = (name: string): number => qualities.get(name) ?? qualities.get('*') ?? 0;
  const plain = qualities.get('identity') ?? 0;
  let best: Coding | undefined;
  for (const coding of codings) {
    const quality = qualityFor(coding);
    if (quality > plain && quality > (best === undefined ? 0 : qualityFor(best))) best = coding;
  }
  return best;
}

/** What shrinks; streams are left to those who write them. */
const shrinks = /^(text\/(?!event-stream)|application\/([\w.+-]*(json|xml)|graphql[\w+-]*)\b)/;

/** The answer in the coding that the caller wants, where it is worth it; undefined where it stays as it is. */
function encodedAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<Buffer> | undefined {
  const isWhole = typeof payload === 'string' || Buffer.isBuffer(payload);
  if (!isWhole || payload.length < limits.compressBytesMin) return undefined;
  const coding = codingFor(request.headers['accept-encoding']);
  if (coding === undefined || reply.hasHeader('content-encoding')) return undefined;
  if (!shrinks.test(String(reply.getHeader('content-type')))) return undefined;
  void reply.header('content-encoding', coding).removeHeader('content-length');
  if (typeof payload === 'string') return encoders[coding](Buffer.from(payload));
  const known = packed.get(payload) ?? new Map<Coding, Promise<Buffer>>();
  packed.set(payload, known);
  const bytes = known.get(coding) ?? encoders[coding](payload);
  known.set(coding, bytes);
  return bytes;
}

/** What was packed before, as long as the bytes themselves are kept: a document that is the same for all. */
const packed = new WeakMap<Buffer, Map<Coding, Promise<Buffer>>>();
