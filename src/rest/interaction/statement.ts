import { createHash } from 'node:crypto';
import { customSearchParameters } from '../../fhir/search-registry.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { parseEtags } from '../etag.ts';

/** What the server says of itself: made once per set of search parameters, which a site may bring later. */
interface Statement {
  readonly custom: object;
  readonly body: string;
  /** The same text; one object, so that it is packed once. */
  readonly bytes: Buffer;
  readonly etag: string;
}

const made = new WeakMap<RestContext, Map<string, Statement>>();

/** The text and ETag of a statement of the given name; `make` is asked where it is new. */
export function statement(context: RestContext, name: string, make: () => string): Statement {
  const known = made.get(context) ?? new Map<string, Statement>();
  made.set(context, known);
  const custom = customSearchParameters();
  const found = known.get(name);
  if (found?.custom === custom) return found;
  const body = make();
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 22);
  const fresh = { custom, body, bytes: Buffer.from(body), etag: `W/"${hash}"` };
  known.set(name, fresh);
  return fresh;
}

/** 304 where the caller has the statement already; undefined where it must be sent. */
export function statementKnown(call: Call, { etag }: Statement): Answer | undefined {
  const tags = parseEtags(call.headers['if-none-match'] ?? '"none"');
  return tags.includes('*') || tags.includes(etag.slice(3, -1)) ? { status: 304, etag } : undefined;
}
