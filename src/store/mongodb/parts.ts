import type { Binary, ClientSession, Collection } from 'mongodb';
import { fail } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import type { PartDocument } from './layout.ts';

/** A document takes 16 MB. What is longer than a part lies in documents of its own, in pieces. */
export interface Split<Value> {
  /** What stays in the document: the whole value, or nothing of it. */
  readonly value: Value;
  readonly parts?: number;
  readonly documents: readonly PartDocument[];
}

export function splitText(text: string, owner: string): Split<string> {
  // A UTF-16 unit is at most three bytes of UTF-8.
  if (text.length * 3 <= limits.mongoPartBytes) return { value: text, documents: [] };
  const { parts, documents } = splitBytes(Buffer.from(text), owner);
  return parts === undefined ? { value: text, documents } : { value: '', parts, documents };
}

export function splitBytes(bytes: Uint8Array, owner: string): Split<Uint8Array> {
  if (bytes.byteLength <= limits.mongoPartBytes) return { value: bytes, documents: [] };
  const documents: PartDocument[] = [];
  for (let at = 0; at < bytes.byteLength; at += limits.mongoPartBytes) {
    const piece = Buffer.from(bytes.subarray(at, at + limits.mongoPartBytes));
    documents.push({ _id: partId(owner, documents.length), bytes: piece });
  }
  return { value: new Uint8Array(), parts: documents.length, documents };
}

export function partIds(owner: string, parts: number): string[] {
  return Array.from({ length: parts }, (_, n) => partId(owner, n));
}

function partId(owner: string, n: number): string {
  return `${owner}:${n}`;
}

/** Reads what was split. */
export class Parts {
  readonly #collection: Collection<PartDocument>;

  constructor(collection: Collection<PartDocument>) {
    this.#collection = collection;
  }

  async text(
    whole: string,
    owner: string,
    parts: number | undefined,
    session?: ClientSession,
  ): Promise<string> {
    return parts === undefined ? whole : (await this.#gather(owner, parts, session)).toString();
  }

  async bytes(
    whole: Uint8Array,
    owner: string,
    parts: number | undefined,
    session?: ClientSession,
  ): Promise<Uint8Array> {
    return parts === undefined ? whole : this.#gather(owner, parts, session);
  }

  async #gather(owner: string, parts: number, session?: ClientSession): Promise<Buffer> {
    const found: Buffer[] = [];
    for (const _id of partIds(owner, parts)) {
      const part = await this.#collection.findOne(
        { _id },
        session === undefined ? {} : { session },
      );
      if (part === null) fail('transient', 'What is read was replaced meanwhile; try again');
      found.push(asBuffer(part.bytes));
    }
    return Buffer.concat(found);
  }
}

/** Binary fields come as the driver is set up to give them. */
function asBuffer(bytes: Binary | Uint8Array): Buffer {
  return Buffer.from(bytes instanceof Uint8Array ? bytes : bytes.buffer);
}
